package elfx

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
)

// TestMachine opens what a system shows of its kernel, else what its files hold.
func TestMachine(t *testing.T) {
	kernel, module := kernelAndModule(t)
	root := writeTree(t, map[string][]byte{
		"sys/kernel/btf/vmlinux":            kernel,
		"sys/kernel/btf/shown":              module,
		"proc/sys/kernel/osrelease":         []byte("7.2\n"),
		"boot/vmlinuz-7.2":                  bzImageOf(zstdBytes(t, nil, inELF(t, kernel))),
		"lib/modules/7.2/kernel/on-disk.ko": inELF(t, module),
	})
	check := func(want ...string) {
		t.Helper()
		c, err := Machine(context.Background(), root, heapOptions)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := names(c); !slices.Equal(got, want) {
			t.Errorf("modules %q, want %q", got, want)
		}
		if _, err := c.TypeByName("toy_xmit", btf.KindFunc); err != nil {
			t.Errorf("a module's function: %v", err)
		}
	}
	check("shown")
	if err := os.RemoveAll(filepath.Join(root, "sys")); err != nil {
		t.Fatal(err)
	}
	check("on-disk")
	if err := os.RemoveAll(filepath.Join(root, "proc")); err != nil {
		t.Fatal(err)
	}
	if _, err := Machine(context.Background(), root, heapOptions); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("neither: %v", err)
	}
}
