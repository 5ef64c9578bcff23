package corpus_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/corpus/internal/describe"
)

// TestRoundTrip decodes and encodes every blob in all ways that must not change what it says.
func TestRoundTrip(t *testing.T) {
	for _, b := range corpus.All() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			spec, err := describe.Open(b)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := b.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if opaque(spec) {
				refuse(t, spec)
				return
			}
			plain := encode(t, spec, builder.CopyOptions{})
			if isCommitted(b) && !bytes.Equal(plain, raw) {
				t.Error("encoded again: other bytes")
			}
			swap := builder.CopyOptions{ByteOrder: other(spec.ByteOrder())}
			swapped := decode(t, spec, encode(t, spec, swap))
			compare(t, "swapped", spec, swapped)
			back := encode(t, swapped, builder.CopyOptions{ByteOrder: spec.ByteOrder()})
			if !bytes.Equal(back, plain) {
				t.Error("swapping bytes twice gives others")
			}
			for name, o := range map[string]builder.CopyOptions{
				"encoded":        {},
				"strings anew":   {RebuildStrings: true},
				"layout added":   {Layout: builder.AddLayout},
				"layout dropped": {Layout: builder.DropLayout},
			} {
				compare(t, name, spec, decode(t, spec, encode(t, spec, o)))
			}
		})
	}
}

// opaque reports whether spec has kinds that the core does not know.
func opaque(spec *btf.Spec) bool {
	for _, typ := range spec.Own().All() {
		if typ.IsOpaque() {
			return true
		}
	}
	return false
}

// refuse checks that what is not understood is not written again.
func refuse(t *testing.T, spec *btf.Spec) {
	t.Helper()
	_, err := builder.From(spec, builder.CopyOptions{}).Bytes()
	if !errors.Is(err, btf.ErrUnsupported) {
		t.Errorf("encoding unknown kinds: %v, want ErrUnsupported", err)
	}
}

func other(o binary.ByteOrder) binary.ByteOrder {
	if o.String() == binary.LittleEndian.String() {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func encode(t *testing.T, spec *btf.Spec, o builder.CopyOptions) []byte {
	t.Helper()
	raw, err := builder.From(spec, o).Bytes()
	if err != nil {
		t.Fatalf("%+v: %v", o, err)
	}
	return raw
}

// decode opens raw on the base of like.
func decode(t *testing.T, like *btf.Spec, raw []byte) *btf.Spec {
	t.Helper()
	spec, err := cache.Parse(raw, like.Base())
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// compare holds every own type of got against that of want.
func compare(t *testing.T, what string, want, got *btf.Spec) {
	t.Helper()
	w, g := store.SectionOf(want), store.SectionOf(got)
	if w.Len() != g.Len() || w.FirstID() != g.FirstID() {
		t.Fatalf("%s: %d types from %d on, want %d from %d on",
			what, g.Len(), g.FirstID(), w.Len(), w.FirstID())
	}
	var a, b []byte
	for i := range w.Len() {
		a, b = appendModel(a[:0], w.TypeAt(i)), appendModel(b[:0], g.TypeAt(i))
		if !bytes.Equal(a, b) {
			t.Fatalf("%s: %v is\n%q\nwant\n%q", what, w.TypeAt(i), b, a)
		}
	}
}

// appendModel appends all that a type says, in no byte order and with names instead of offsets.
func appendModel(dst []byte, t btf.Type) []byte {
	dst = append(t.AppendName(dst), 0, byte(t.Kind()), bit(t.KindFlag()))
	size, hasSize := t.Size()
	dst = appendWords(append(dst, bit(hasSize)),
		uint32(t.Vlen()), uint32(t.TargetID()), size)
	switch t.Kind() {
	case btf.KindInt:
		v, _ := t.Int()
		dst = append(dst, byte(v.Encoding), v.Offset, v.Bits)
	case btf.KindArray:
		n, _ := t.ArrayLen()
		index := t.IndexType()
		dst = appendWords(dst, n, uint32(index.ID()))
	case btf.KindFuncProto:
		ret := t.Return()
		dst = appendWords(dst, uint32(ret.ID()))
	case btf.KindDeclTag:
		n, _ := t.ComponentIndex()
		dst = appendWords(dst, uint32(n))
	case btf.KindFunc, btf.KindVar:
		l, _ := t.Linkage()
		dst = appendWords(dst, uint32(l))
	}
	return appendElements(dst, t)
}

func appendElements(dst []byte, t btf.Type) []byte {
	for _, m := range t.Members() {
		dst = append(m.AppendName(dst), 0)
		dst = appendWords(dst, uint32(m.TargetID()), m.BitOffset(), m.BitfieldSize())
	}
	for _, v := range t.Enumerators() {
		dst = append(v.AppendName(dst), 0, bit(t.IsSigned()))
		dst = appendWords(dst, uint32(v.Uint64()), uint32(v.Uint64()>>32))
	}
	for _, p := range t.Params() {
		dst = append(p.AppendName(dst), 0)
		dst = appendWords(dst, uint32(p.TargetID()))
	}
	for _, v := range t.VarSecinfos() {
		dst = appendWords(dst, uint32(v.TargetID()), v.Offset(), v.Size())
	}
	return dst
}

func appendWords(dst []byte, words ...uint32) []byte {
	for _, w := range words {
		dst = binary.LittleEndian.AppendUint32(dst, w)
	}
	return dst
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
