package btf_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
)

// otherKernel returns the types of the kernel, under names that have other lengths: as many ids
// and more bytes of strings, so that a module of the one opens on the other.
func otherKernel(t *testing.T, kernel *btf.Spec) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{})
	_, end := kernel.IDs()
	for id := btf.TypeID(1); id < end; id++ {
		b.Typedef(strings.Repeat("x", int(id)%40+20)+string(rune('a'+id%26)), 0)
	}
	return build(t, b, nil)
}

// TestCheckBase tells the kernel that a module was built for from another one, where all of its
// references exist, too.
func TestCheckBase(t *testing.T) {
	kernel := parse(t, btftest.Kernel(nil), nil)
	data := btftest.Module(kernel, nil)
	if err := parse(t, data, kernel).CheckBase(); err != nil {
		t.Errorf("on its own kernel: %v", err)
	}
	if err := kernel.CheckBase(); err != nil {
		t.Errorf("without a base: %v", err)
	}
	foreign := parse(t, data, otherKernel(t, kernel))
	if err := foreign.Verify(); err != nil {
		t.Fatalf("references are wrong on another kernel, so that this shows nothing: %v", err)
	}
	err := foreign.CheckBase()
	var format *btf.FormatError
	if !errors.Is(err, btf.ErrCorrupt) || !errors.As(err, &format) ||
		!strings.Contains(err.Error(), "another kernel") {
		t.Errorf("on another kernel: %v", err)
	}
	corrupt := parse(t, btftest.Corrupt(nil), nil)
	if err := corrupt.CheckBase(); !errors.Is(err, btf.ErrCorrupt) {
		t.Errorf("of corrupt references: %v", err)
	}
	kernel.Close()
	if err := kernel.CheckBase(); err != btf.ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

// TestIsModifier names the kinds that only qualify another.
func TestIsModifier(t *testing.T) {
	var got []string
	for k := range btf.Kind(128) {
		if k.IsModifier() {
			got = append(got, k.String())
		}
	}
	if s := strings.Join(got, " "); s != "VOLATILE CONST RESTRICT TYPE_TAG" {
		t.Errorf("modifiers: %s", s)
	}
}
