package elfx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// pseudoFile returns the path of a regular file that says that it is empty, and is not: the
// environment of a process, which may be any bytes that end with NUL.
func pseudoFile(t *testing.T, data []byte) string {
	t.Helper()
	tool, err := exec.LookPath("sleep")
	if err != nil {
		skipFiles(t, "%v: install coreutils", err)
	}
	env := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	p, err := os.StartProcess(tool, []string{tool, "60"}, &os.ProcAttr{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		p.Wait()
	})
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
		skipFiles(t, "no such file here: %d bytes, errors %v and %v: run on Linux with /proc mounted",
			len(got), err, statErr)
	}
	return path
}

// TestPipes has named pipes that nobody writes to where files are expected.
func TestPipes(t *testing.T) {
	const r = "lib/modules/6.0.0/"
	dir := emptyTree(t, r+"extra/foo.ko", r+"foo.ko")
	pipes := []string{r + "modules.dep", r + "pipe.ko", "vmlinuz"}
	for _, name := range pipes {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			skipFiles(t, "no named pipes here: %v: set TMPDIR to a file system with them", err)
		}
	}
	symlink(t, dir, "linked.ko", r+"pipe.ko")
	within(t, func() {
		wantTree(t, dir, map[string]string{"foo": r + "extra/foo.ko"}, append(pipes, "linked.ko")...)
		c, err := Dir(t.Context(), dir, "", heapOptions)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if bad := problems(c); c.Len() != 0 || len(bad) != 2 || bad["vmlinuz"] == nil ||
			bad["linked.ko"] == nil {
			t.Errorf("%d modules, problems %v", c.Len(), bad)
		}
	})
}

// TestOpenFilePseudo reads raw BTF of a file that says that its size is 0, within the limits.
func TestOpenFilePseudo(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	path := pseudoFile(t, kernel)
	size := int64(len(kernel))
	for _, limit := range []int64{size, size - 1} {
		spec, err := OpenFile(context.Background(), path, nil, heap, &Options{MaxSize: limit})
		if limit < size {
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("limit %d: error %v", limit, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := spec.TypeByName("tcp_sendmsg", btf.KindFunc); err != nil {
			t.Error(err)
		}
		spec.Close()
	}
}
