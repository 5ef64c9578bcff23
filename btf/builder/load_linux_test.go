package builder_test

import (
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
)

// The running kernel's verifier takes what a Builder writes. Loading BTF needs CAP_BPF and
// touches the machine, so that it is asked for with BTFKIT_REQUIRE=kernel.
func TestKernelLoadsBTF(t *testing.T) {
	if !slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "kernel") {
		t.Skip("to load BTF into the running kernel, run as root with BTFKIT_REQUIRE=kernel")
	}
	number, ok := map[string]uintptr{"386": 357, "amd64": 321, "arm": 386, "arm64": 280,
		"ppc64le": 361, "riscv64": 280, "s390x": 351}[runtime.GOARCH]
	if !ok {
		t.Fatalf("the number of bpf(2) on %s is not known here", runtime.GOARCH)
	}
	other := binary.ByteOrder(binary.BigEndian)
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		other = binary.LittleEndian
	}
	tour := btftest.Tour(builder.Options{ByteOrder: binary.NativeEndian})
	swapped := parse(t, btftest.Tour(builder.Options{ByteOrder: other}), nil)
	native, err := builder.From(swapped, builder.CopyOptions{ByteOrder: binary.NativeEndian}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		data []byte
		want error
	}{
		{"tour", tour, nil},
		{"kernel", btftest.Kernel(binary.NativeEndian), nil},
		{"swapped to the machine's order", native, nil},
		{"foreign byte order", btftest.Tour(builder.Options{ByteOrder: other}), syscall.EINVAL},
		{"corrupt", btftest.Corrupt(binary.NativeEndian), syscall.EINVAL},
	} {
		fd, log, err := loadBTF(number, test.data)
		if err != test.want {
			t.Errorf("%s: %v; want %v\n%s", test.name, err, test.want, log)
		}
		if err == nil {
			syscall.Close(fd)
		}
	}
}

// loadBTF calls bpf(BPF_BTF_LOAD); see union bpf_attr of include/uapi/linux/bpf.h.
func loadBTF(number uintptr, data []byte) (fd int, log string, err error) {
	const btfLoad = 18
	buf := make([]byte, 64<<10)
	attr := struct {
		btf, logBuf             uint64
		size, logSize, logLevel uint32
		_                       uint32
	}{size: uint32(len(data)), logSize: uint32(len(buf)), logLevel: 1}
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&data[0])
	pin.Pin(&buf[0])
	attr.btf = uint64(uintptr(unsafe.Pointer(&data[0])))
	attr.logBuf = uint64(uintptr(unsafe.Pointer(&buf[0])))
	r, _, errno := syscall.Syscall(number, btfLoad, uintptr(unsafe.Pointer(&attr)),
		unsafe.Sizeof(attr))
	log, _, _ = strings.Cut(string(buf), "\x00")
	if errno != 0 {
		return -1, log, errno
	}
	return int(r), log, nil
}
