//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris

package mmap

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/btfkit/btfkit/btf/btftest"
)

// TestPipe opens what cannot be mapped and can be read only once.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		skip(t, "files", "no named pipes: "+err.Error()+": set TMPDIR to a file system with them")
	}
	data := btftest.Kernel(nil)
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(path, data, 0) }()
	spec := mustOpen(t, path, Backend{})
	if err := <-written; err != nil {
		t.Error(err)
	}
	info := spec.Info()
	if info.DataBytes != int64(len(data)) || !strings.Contains(info.Why, "not a regular file") {
		t.Errorf("info %+v of %d bytes", info, len(data))
	}
}

// TestRefusedErrors reads a file whatever the system says to mapping it: nothing is mapped in some
// file systems (ENODEV), a kernel that unpacks its BTF at the first look may have to be asked again
// (EAGAIN), and the others mean no less.
func TestRefusedErrors(t *testing.T) {
	data := btftest.Kernel(nil)
	path := write(t, data)
	for errno := unix.Errno(1); errno < 134; errno++ {
		spec, err := Backend{}.openWith(func(*os.File, int) (*mapping, error) {
			return nil, os.NewSyscallError("mmap", errno)
		}, path, nil)
		if err != nil {
			t.Fatalf("%d: %v", errno, err)
		}
		info := spec.Info()
		if info.Mapped || info.DataBytes != int64(len(data)) ||
			!strings.Contains(info.Why, errno.Error()) {
			t.Errorf("%d: %+v", errno, info)
		}
		if fn, err := spec.TypeByName("tcp_sendmsg"); err != nil || fn.Name() != "tcp_sendmsg" {
			t.Errorf("%d: %v, error %v", errno, fn, err)
		}
		if err := spec.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestVmlinux maps the running kernel's BTF, which mmap-go cannot, and asks for what its
// bytes, read, say.
func TestVmlinux(t *testing.T) {
	path := vmlinux(t)
	spec := mustOpen(t, path, Backend{})
	info := spec.Info()
	t.Logf("%+v", info)
	if refused := !info.Mapped; refused != strings.Contains(info.Why, "mmap") {
		t.Errorf("info %+v", info)
	}
	read := mustOpen(t, path, Backend{Copy: true})
	if i := read.Info(); i.DataBytes != info.DataBytes {
		t.Errorf("%d bytes mapped, %d read", info.DataBytes, i.DataBytes)
	}
	for id, want := range read.All() {
		got, err := spec.TypeByID(id)
		if err != nil || got.Kind() != want.Kind() || got.Name() != want.Name() {
			t.Fatalf("type %d mapped: %v, error %v; read: %v", id, got, err, want)
		}
		if id%1000 == 1 && want.Name() != "" {
			ids, err := spec.IDsByName(want.Name())
			if err != nil || !slices.Contains(ids, id) {
				t.Errorf("name %s: %v, error %v; want %d", want.Name(), ids, err, id)
			}
		}
	}
}

// vmlinux returns the path of the running kernel's BTF.
func vmlinux(tb testing.TB) string {
	const path = "/sys/kernel/btf/vmlinux"
	if _, err := os.Stat(path); err != nil {
		skip(tb, "vmlinux", err.Error()+": run on Linux with CONFIG_DEBUG_INFO_BTF=y and /sys mounted")
	}
	return path
}

// skip skips a test that needs more than Go; it fails where BTFKIT_REQUIRE has what it needs.
func skip(tb testing.TB, need, why string) {
	tb.Helper()
	if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), need) {
		tb.Fatalf("BTFKIT_REQUIRE has %s, but %s", need, why)
	}
	tb.Skip(why)
}
