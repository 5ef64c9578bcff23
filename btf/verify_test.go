package btf_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
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
	return built.Spec(t, b, nil)
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

// TestVerifyFunc wants a FUNC to have a FUNC_PROTO.
func TestVerifyFunc(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Int("int", 4, btf.Int{Bits: 32})
	proto := b.FuncProto(1)
	base := built.Spec(t, b, nil)
	for target, ok := range map[btf.TypeID]bool{proto: true, 0: false, 1: false, 3: false, 4: true,
		5: false} {
		b := builder.New(builder.Options{Base: base})
		b.Typedef("t", proto)
		b.FuncProto(0)
		b.Func("f", target, btf.LinkageStatic) // type 5, at offset 24 of the types
		spec := built.Spec(t, b, base)
		err := spec.Verify()
		var format *btf.FormatError
		switch {
		case ok && err != nil:
			t.Errorf("FUNC of type %d: %v", target, err)
		case !ok && (!errors.As(err, &format) || !errors.Is(err, btf.ErrCorrupt) || format.ID != 5 ||
			format.Offset-format.Start != 24+8):
			t.Errorf("FUNC of type %d: %v", target, err)
		}
	}
}

// TestVerifyLayout wants a layout section at a multiple of four bytes, and by itself.
func TestVerifyLayout(t *testing.T) {
	good := btftest.Tour(builder.Options{Layout: true})
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(good[at:]) }
	types, strs, strLen := word(12), word(16), word(20) // types are at 0
	if word(24) != types || word(28) != strs-types {
		t.Fatalf("layout at %d with %d bytes", word(24), word(28))
	}
	for _, c := range []struct {
		name      string
		off, size uint32
		field     int64 // at fault; 0 for none
	}{
		{"as written", types, strs - types, 0},
		{"one entry", strs - 4, 4, 0},
		{"none, nowhere", 3, 0, 0},
		{"behind the strings", (strs + strLen + 3) &^ 3, 8, 0},
		{"one byte less", types, strs - types - 1, 28},
		{"two bytes", types, 2, 28},
		{"at an odd place", types + 1, 4, 24},
		{"two bytes on", types + 2, 4, 24},
		{"last word of the types", types - 4, 4, 24},
		{"all types", 0, types, 24},
		{"first bytes of the strings", types, strs - types + 4, 24},
		{"last bytes of the strings", (strs + strLen - 1) &^ 3, 4, 24},
		{"inside the strings", strs + 4, 4, 24},
	} {
		data := append(slices.Clone(good), make([]byte, 16)...)
		binary.LittleEndian.PutUint32(data[24:], c.off)
		binary.LittleEndian.PutUint32(data[28:], c.size)
		spec := parse(t, data, nil)
		for what, err := range map[string]error{"Verify": spec.Verify(), "CheckBase": spec.CheckBase()} {
			var format *btf.FormatError
			switch {
			case c.field == 0 && err != nil:
				t.Errorf("%s, %s: %v", c.name, what, err)
			case c.field != 0 && (!errors.As(err, &format) || !errors.Is(err, btf.ErrCorrupt) ||
				format.Part != "header" || format.Offset != c.field || format.ID != 0):
				t.Errorf("%s, %s: %v; want the fault at %d", c.name, what, err, c.field)
			}
		}
	}
}

// TestVerifyCycles refuses a type that refers to nothing but itself, of each kind that can.
func TestVerifyCycles(t *testing.T) {
	for _, k := range []btf.Kind{btf.KindPtr, btf.KindTypedef, btf.KindConst, btf.KindVolatile,
		btf.KindRestrict, btf.KindTypeTag, btf.KindArray} {
		b := builder.New(builder.Options{Limits: builder.LimitsFormat})
		b.Int("int", 4, btf.Int{Bits: 32})
		r := builder.RawType{Kind: k, SizeOrType: 2}
		if k == btf.KindArray {
			r.SizeOrType, r.Trailer = 0, []uint32{2, 1, 1}
		}
		if k == btf.KindTypedef || k == btf.KindTypeTag {
			r.NameOffset = b.Intern("name")
		}
		b.Raw(r)
		if err := built.Spec(t, b, nil).Verify(); err == nil {
			t.Errorf("%v of itself", k)
		}
	}
}

// TestVerifyElements says which word of which element is wrong.
func TestVerifyElements(t *testing.T) {
	for word, says := range []string{"member 1: name offset", "member 1 refers to missing type 99"} {
		b := builder.New(builder.Options{Limits: builder.LimitsFormat})
		i := uint32(b.Int("int", 4, btf.Int{Bits: 32}))
		trailer := []uint32{0, i, 0, 0, i, 0}
		trailer[3+word] = 99
		b.Raw(builder.RawType{Kind: btf.KindStruct, Vlen: 2, SizeOrType: 4, Trailer: trailer})
		err := built.Spec(t, b, nil).Verify()
		at := uint64(16 + 12 + 4*(3+word)) // behind an INT and the STRUCT's header
		var format *btf.FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), says) ||
			uint64(format.Offset-format.Start) != at {
			t.Errorf("word %d: %v, want %q at %#x", word, err, says, at)
		}
	}
}
