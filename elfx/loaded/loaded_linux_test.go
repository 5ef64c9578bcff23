package loaded_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/elfx/loaded"
)

// skip skips the test for lack of a right, or fails it where BTFKIT_REQUIRE lists bpf.
func skip(t *testing.T, err error) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "bpf") {
		t.Fatalf("%v, and BTFKIT_REQUIRE asks for it: run as root", err)
	}
	t.Skipf("%v: run as root, on Linux 5.11 or later", err)
}

// bpf calls bpf(2) and returns a descriptor, which the test closes.
func bpf(t *testing.T, command int, attr []uint64) int {
	t.Helper()
	fd, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(unsafe.Pointer(&attr[0])),
		uintptr(8*len(attr)))
	if errno != 0 {
		skip(t, errno)
	}
	t.Cleanup(func() { unix.Close(int(fd)) })
	return int(fd)
}

func pointer[T any](pin *runtime.Pinner, p *T) uint64 {
	pin.Pin(p)
	return uint64(uintptr(unsafe.Pointer(p)))
}

// TestKernelLoaded loads BTF, and a program with it, and finds both again.
func TestKernelLoaded(t *testing.T) {
	var pin runtime.Pinner
	defer pin.Unpin()
	b := builder.New(builder.Options{})
	b.Func("prog", b.FuncProto(b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})),
		btf.LinkageGlobal)
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	object := bpf(t, unix.BPF_BTF_LOAD, []uint64{pointer(&pin, &data[0]), 0, uint64(len(data)), 0})
	all, err := loaded.List()
	if err != nil {
		t.Fatal(err)
	}
	var own *loaded.Info
	for i, info := range all {
		if got, _, err := loaded.Read(info.ID); err == nil && bytes.Equal(got, data) {
			own = &all[i]
		}
		if i > 0 && info.ID <= all[i-1].ID {
			t.Errorf("id %d behind %d", info.ID, all[i-1].ID)
		}
	}
	if own == nil || own.IsKernel || own.Name != "" || own.Size != len(data) {
		t.Fatalf("%+v among %d, want one of %d bytes", own, len(all), len(data))
	}
	spec, err := loaded.Open(own.ID, btftest.Plain)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spec.TypeByName("prog", btf.KindFunc); err != nil {
		t.Error(err)
	}
	// r0 = 0; exit: of type socket filter, with a func_info that says what it is.
	code := []uint64{0xb7, 0x95}
	license, infos := []byte("GPL\x00"), []uint32{0, 3}
	attr := make([]uint64, 16) // union bpf_attr of BPF_PROG_LOAD
	attr[0], attr[1], attr[2] = 1|2<<32, pointer(&pin, &code[0]), pointer(&pin, &license[0])
	attr[9] = uint64(object) | 8<<32                 // prog_btf_fd, func_info_rec_size
	attr[10], attr[11] = pointer(&pin, &infos[0]), 1 // func_info, func_info_cnt
	program := bpf(t, unix.BPF_PROG_LOAD, attr)
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", program))
	if err != nil {
		t.Fatal(err)
	}
	var id uint32
	_, text, _ = bytes.Cut(text, []byte("prog_id:"))
	if _, err := fmt.Sscan(string(text), &id); err != nil {
		t.Fatal(err)
	}
	if got, err := loaded.OfProgram(id); err != nil || got != own.ID {
		t.Errorf("program %d has BTF %d, %v; want %d", id, got, err, own.ID)
	}
	const none = 1<<31 - 1
	_, errRead := loaded.Open(none, btftest.Plain)
	if _, err := loaded.OfProgram(none); !errors.Is(err, loaded.ErrNotLoaded) ||
		!errors.Is(errRead, loaded.ErrNotLoaded) {
		t.Errorf("what is not there: %v; %v", err, errRead)
	}
}

// TestKernelOwn finds the kernel's own BTF, which is that of its file, and opens a module's on it.
func TestKernelOwn(t *testing.T) {
	all, err := loaded.List()
	if errors.Is(err, fs.ErrPermission) {
		if !strings.Contains(err.Error(), "CAP_SYS_ADMIN") {
			t.Error(err)
		}
		skip(t, err)
	}
	want, fileErr := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil || fileErr != nil {
		skip(t, errors.Join(err, fileErr))
	}
	for _, info := range all {
		if !info.IsKernel {
			continue
		}
		spec, err := loaded.Open(info.ID, btftest.Plain)
		if err != nil {
			t.Fatal(err)
		}
		if data, _, err := loaded.Read(info.ID); info.Name == "vmlinux" && !bytes.Equal(data, want) {
			t.Errorf("%d bytes, not the file's %d: %v", len(data), len(want), err)
		}
		if (spec.Base() == nil) != (info.Name == "vmlinux") {
			t.Errorf("%s: base %v", info.Name, spec.Base())
		}
		if err := spec.Own().Close(); err != nil {
			t.Error(err)
		}
	}
}

func Example() {
	all, err := loaded.List()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, info := range all {
		fmt.Println(info.ID, info.Name, info.Size)
	}
}
