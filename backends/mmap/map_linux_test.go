package mmap

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf/btftest"
)

// TestSizeZero reads a file that says that it is empty, and is not, as files of pseudo file systems
// do: here the environment of a process, which may be any bytes that end with NUL.
func TestSizeZero(t *testing.T) {
	tool, err := exec.LookPath("sleep")
	if err != nil {
		skip(t, "files", err.Error()+": install coreutils")
	}
	data := btftest.Kernel(nil)
	env := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	p, err := os.StartProcess(tool, []string{tool, "60"}, &os.ProcAttr{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Wait()
	defer p.Kill()
	path := fmt.Sprintf("/proc/%d/environ", p.Pid)
	var got []byte
	for range 1000 { // the process has none when it is new
		if got, err = os.ReadFile(path); err != nil || len(got) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if st, statErr := os.Stat(path); err != nil || statErr != nil || st.Size() != 0 ||
		!bytes.Equal(got, data) {
		skip(t, "files", fmt.Sprintf("no such file here: %d bytes, errors %v and %v: run on Linux "+
			"with /proc mounted", len(got), err, statErr))
	}
	info := mustOpen(t, path, Backend{}).Info()
	if info.Mapped || info.DataBytes != int64(len(data)) || !strings.Contains(info.Why, "size 0") {
		t.Errorf("info %+v of %d bytes", info, len(data))
	}
}
