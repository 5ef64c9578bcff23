package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	cilium "github.com/cilium/ebpf/btf"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

// errNotAsked says that the implementation has no opinion of a case.
var errNotAsked = errors.New("not asked")

// openKernel loads BTF into the running kernel, which answers nothing. It takes BTF in the
// machine's byte order, and split BTF from modules alone.
func openKernel(data, base []byte) (suite.Reader, error) {
	switch {
	case base != nil:
		return nil, fmt.Errorf("%w: the kernel takes no split BTF from users", errNotAsked)
	case hasForeignOrder(data):
		return nil, fmt.Errorf("%w: the kernel takes its own byte order alone", errNotAsked)
	}
	if err := mayLoad(); err != nil {
		return nil, err
	}
	return silent{}, load(data)
}

// mayLoad says whether, and why not, this process may load BTF that is sound.
func mayLoad() error {
	b := builder.New(builder.Options{ByteOrder: machineOrder()})
	b.Int("int", 4, btf.Int{Bits: 32, Encoding: btf.IntSigned})
	sound, err := b.Bytes()
	if err != nil {
		return err
	}
	if err := load(sound); err != nil {
		return fmt.Errorf("%w: this process may not load BTF into the kernel (%w): run as root "+
			"on Linux 4.18 or later", errNotAsked, err)
	}
	return nil
}

// machineOrder returns the byte order of this machine, by the name that package builder knows.
func machineOrder() binary.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// hasForeignOrder tells BTF whose magic number is that of the other byte order.
func hasForeignOrder(data []byte) bool {
	return len(data) >= 2 && machineOrder().Uint16(data) == 0x9feb
}

func load(data []byte) error {
	handle, err := cilium.NewHandleFromRawBTF(data)
	if err != nil {
		return err
	}
	return handle.Close()
}

// silent is a Reader that answers nothing.
type silent struct{}

func (silent) Answer(suite.Query) any { return nil }

// kernelVersion returns the release of the running kernel, and why it is not asked.
func kernelVersion() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "no Linux"
	}
	version := "Linux " + strings.TrimSpace(string(release))
	if err := mayLoad(); err != nil {
		version += ": " + err.Error()
	}
	return version
}
