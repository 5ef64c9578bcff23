package elfx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
)

// pseudoFile returns the path of a regular file that says that it is empty, and is not: the
// environment of a process, which may be any bytes that end with NUL.
func pseudoFile(t *testing.T, data []byte) string {
	t.Helper()
	tool, err := exec.LookPath("cat")
	if err != nil {
		t.Skip(err)
	}
	wait, stop, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer wait.Close()
	env := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	p, err := os.StartProcess(tool, []string{tool}, &os.ProcAttr{Env: env, Files: []*os.File{wait}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop.Close()
		p.Wait()
	})
	path := fmt.Sprintf("/proc/%d/environ", p.Pid)
	got, err := os.ReadFile(path)
	if st, statErr := os.Stat(path); err != nil || statErr != nil || st.Size() != 0 ||
		!bytes.Equal(got, data) {
		t.Skipf("no such file here: %d bytes, errors %v and %v", len(got), err, statErr)
	}
	return path
}

// TestOpenFilePseudo reads raw BTF of a file that says that its size is 0, within the limits.
func TestOpenFilePseudo(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	path := pseudoFile(t, kernel)
	size := int64(len(kernel))
	for _, limit := range []int64{size, size - 1} {
		spec, err := OpenFile(context.Background(), path, nil, heap, &Limits{MaxSize: limit})
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
