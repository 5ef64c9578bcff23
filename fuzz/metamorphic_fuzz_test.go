package fuzz

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/elfx"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// FuzzMetamorphic changes a sound blob in ways that must not change what it says: the order
// of bytes, an added layout section, other ids, an ELF file around it. And in ways that must
// make it unreadable: cutting off its end.
func FuzzMetamorphic(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if len(data) > corpus.SmallSize/4 {
			t.Skip("many passes over large inputs slow the engine down")
		}
		spec, err := oracle.Backends[seed%uint64(len(oracle.Backends))].Parse(data, nil)
		if err != nil {
			t.Skip("refusals are for FuzzParse")
		}
		defer spec.Close()
		if spec.Verify() != nil {
			t.Skip("what refers to nothing cannot be written again")
		}
		for id, typ := range spec.All() {
			if typ.IsOpaque() || id > 2000 {
				t.Skip("opaque records cannot be written again")
			}
		}
		if h := store.SectionOf(spec).Header(); h.UnknownTail || h.Layout.Len%4 != 0 {
			t.Skip("neither can headers with unknown fields")
		}
		want := rawDump(t, spec)
		checkSwap(t, spec, want)
		checkPermuted(t, spec, want, seed)
		checkWrapped(t, data)
		checkCut(t, spec)
	})
}

// rawDump prints all types of spec as bpftool does, except that an empty name is the same wherever
// it lies: copying may move it to offset 0, where bpftool takes it for none.
func rawDump(t *testing.T, spec *btf.Spec) string {
	t.Helper()
	var out strings.Builder
	if err := dump.Raw(&out, spec); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), "''", "'(anon)'")
}

// written opens what a Builder wrote. The backend needs no Close, and a Cleanup would run at once
// under engines that have no end of a test.
func written(t *testing.T, what string, b *builder.Builder) *btf.Spec {
	t.Helper()
	data, err := b.Bytes()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	spec, err := oracle.Backends[0].Parse(data, nil)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return spec
}

func checkSwap(t *testing.T, spec *btf.Spec, want string) {
	other := binary.ByteOrder(binary.BigEndian)
	if spec.ByteOrder() == other {
		other = binary.LittleEndian
	}
	for what, o := range map[string]builder.CopyOptions{
		"swapped":     {ByteOrder: other},
		"with layout": {Layout: builder.AddLayout},
		"both":        {ByteOrder: other, Layout: builder.AddLayout, RebuildStrings: true},
	} {
		changed := written(t, what, builder.From(spec, o))
		if o.ByteOrder != nil && changed.ByteOrder() != o.ByteOrder {
			t.Fatalf("%s: still %v", what, changed.ByteOrder())
		}
		if got := rawDump(t, changed); got != want {
			t.Fatalf("%s: got\n%s\nwant\n%s", what, got, want)
		}
	}
}

// checkPermuted gives every type another id and takes the same permutation back: the dump is
// what it was, and each type's own lines are those of its old id with ids renamed.
func checkPermuted(t *testing.T, spec *btf.Spec, want string, seed uint64) {
	_, end := spec.IDs()
	n := int(end) - 1
	perm := rand.New(rand.NewPCG(seed, 1)).Perm(n)
	forth, back := make([]btf.TypeID, n+1), make([]btf.TypeID, n+1)
	for i, j := range perm {
		forth[i+1], back[j+1] = btf.TypeID(j+1), btf.TypeID(i+1)
	}
	moved := permute(t, spec, forth, back)
	names := make(map[string]int)
	for id, typ := range moved.All() {
		old, _ := spec.TypeByID(back[id])
		if typ.Name() != old.Name() || typ.Kind() != old.Kind() || typ.Vlen() != old.Vlen() {
			t.Fatalf("%v became %v", old, typ)
		}
		names[typ.Name()]++
	}
	for name, count := range names {
		if ids, err := moved.IDsByName(name); name != "" && (err != nil || len(ids) != count) {
			t.Fatalf("%q has ids %v (%v), want %d", name, ids, err, count)
		}
	}
	if again := rawDump(t, permute(t, moved, back, forth)); again != want {
		t.Fatalf("there and back: got\n%s\nwant\n%s", again, want)
	}
}

// permute writes the types of spec anew, type id becoming forth[id].
func permute(t *testing.T, spec *btf.Spec, forth, back []btf.TypeID) *btf.Spec {
	b := builder.New(builder.Options{Limits: builder.LimitsFormat, ByteOrder: spec.ByteOrder()})
	for _, old := range back[1:] {
		typ, err := spec.TypeByID(old)
		if err != nil {
			t.Fatal(err)
		}
		b.Copy(typ, func(id btf.TypeID) btf.TypeID { return forth[id] })
	}
	return written(t, "permuted", b)
}

// checkWrapped puts the bytes into an ELF file and wants them back.
func checkWrapped(t *testing.T, data []byte) {
	d, err := elfx.ExtractBytes(context.Background(), wrapELF(data), nil)
	if err != nil || !bytes.Equal(d.BTF, data) {
		t.Fatalf("out of an ELF file: %v", err)
	}
}

// checkCut takes bytes off the end of a canonical blob.
func checkCut(t *testing.T, spec *btf.Spec) {
	data, err := builder.From(spec, builder.CopyOptions{}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if h := store.SectionOf(spec).Header(); h.Strings.Len == 0 || h.Layout.Len != 0 {
		return // without strings, what ends the blob need not be used
	}
	for n := 1; n <= len(data); n *= 2 {
		if cut, err := oracle.Backends[0].Parse(data[:len(data)-n], nil); err == nil {
			cut.Close()
			t.Fatalf("accepted without the last %d bytes", n)
		}
	}
}

// wrapELF returns a minimal 64-bit little-endian ELF file with a .BTF section.
func wrapELF(data []byte) []byte {
	const headerLen, sectionLen = 64, 64
	names := "\x00.BTF\x00.shstrtab\x00"
	le := binary.LittleEndian
	out := make([]byte, headerLen)
	copy(out, "\x7fELF\x02\x01\x01")
	le.PutUint16(out[16:], 1)          // ET_REL
	le.PutUint16(out[18:], 247)        // EM_BPF
	le.PutUint32(out[20:], 1)          // EV_CURRENT
	le.PutUint16(out[52:], headerLen)  // e_ehsize
	le.PutUint16(out[58:], sectionLen) // e_shentsize
	le.PutUint16(out[60:], 3)          // e_shnum
	le.PutUint16(out[62:], 2)          // e_shstrndx
	out = append(out, data...)
	out = append(out, names...)
	le.PutUint64(out[40:], uint64(len(out))) // e_shoff
	section := func(name, kind uint32, off, size int) {
		s := make([]byte, sectionLen)
		le.PutUint32(s, name)
		le.PutUint32(s[4:], kind)
		le.PutUint64(s[24:], uint64(off))
		le.PutUint64(s[32:], uint64(size))
		out = append(out, s...)
	}
	section(0, 0, 0, 0)
	section(1, 1, headerLen, len(data))            // SHT_PROGBITS
	section(6, 3, headerLen+len(data), len(names)) // SHT_STRTAB
	return out
}
