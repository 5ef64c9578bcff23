package bpfload_test

import (
	"encoding/binary"
	"syscall"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/corpus/internal/bpfload"
)

// TestKernelLoadsBuilt asks the running kernel's verifier about what a Builder writes.
func TestKernelLoadsBuilt(t *testing.T) {
	bpfload.Require(t)
	big := btftest.Tour(builder.Options{ByteOrder: binary.BigEndian})
	spec, err := btf.Parse(big, nil)
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := builder.From(spec, builder.CopyOptions{ByteOrder: binary.LittleEndian}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		data []byte
		want error
	}{
		{"tour", btftest.Tour(builder.Options{}), nil},
		{"kernel", btftest.Kernel(nil), nil},
		{"swapped to the machine's order", swapped, nil},
		{"foreign byte order", big, syscall.EINVAL},
		{"corrupt", btftest.Corrupt(nil), syscall.EINVAL},
	} {
		if err := bpfload.Load(test.data); err != test.want {
			t.Errorf("%s: %v; want %v", test.name, err, test.want)
		}
	}
}
