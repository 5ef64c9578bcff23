package main

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/fuzz/internal/require"
)

// TestKernelNotAsked wants no opinion where the kernel has none, whoever asks.
func TestKernelNotAsked(t *testing.T) {
	foreign := binary.ByteOrder(binary.BigEndian)
	if machineOrder() == foreign {
		foreign = binary.LittleEndian
	}
	native := btftest.Tour(builder.Options{ByteOrder: machineOrder()})
	other := btftest.Tour(builder.Options{ByteOrder: foreign})
	for _, files := range [][2][]byte{{other, nil}, {native, native}} {
		if _, err := openKernel(files[0], files[1]); !errors.Is(err, errNotAsked) {
			t.Errorf("%v", err)
		}
	}
	if version := kernelVersion(); version == "" {
		t.Error("no version")
	}
}

// TestKernelVerdict asks the running kernel about BTF that is sound, and about some that is not.
func TestKernelVerdict(t *testing.T) {
	if err := mayLoad(); err != nil {
		if require.Asked("bpf") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	sound := btftest.Tour(builder.Options{ByteOrder: machineOrder()})
	r, err := openKernel(sound, nil)
	if err != nil || r == nil {
		t.Errorf("sound BTF: %v", err)
	}
	_, err = openKernel(sound[:len(sound)-1], nil)
	if err == nil || errors.Is(err, errNotAsked) {
		t.Errorf("BTF that was cut: %v", err)
	}
}
