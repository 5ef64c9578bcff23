package btftest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

var errorRules = []rule{
	{name: "faults", rule: "Input that is not BTF is refused with a *FormatError that has the " +
		"class, the section, the offset in the input and the type.",
		check: checkFaults},
	{name: "faults far in", rule: "A fault in any record of a long section is found where it is.",
		check: checkFarFaults, once: true},
	{name: "truncated", rule: "No proper prefix of a section is accepted.",
		check: checkTruncated},
	{name: "zero bytes", rule: "A file of no bytes is an error, unlike an empty module.",
		check: checkZeroBytes, split: true},
	{name: "no base", rule: "A split section opened without its base is refused with a hint that " +
		"it needs one.",
		check: checkNoBase, split: true},
	{name: "paths", rule: "Errors of Open name the path; a missing file is fs.ErrNotExist, and a " +
		"directory is an error.",
		check: checkPaths, once: true},
	{name: "failed split", rule: "A split that is refused does not keep its base open.",
		check: checkFailedSplit, split: true},
	{name: "flipped bits", rule: "Whatever one bit of the input is, it is opened or refused with a " +
		"*FormatError, as any other backend does, and nothing that can be asked panics.",
		check: checkFlippedBits},
}

// A fault is a change to simple that makes it corrupt.
type fault struct {
	name   string
	damage func(data []byte, o binary.ByteOrder) []byte
	class  error
	part   string
	offset int64
	id     btf.TypeID
}

// simple returns an INT at 24, a STRUCT with one member at 40, and strings at 64.
func simple(order binary.ByteOrder) []byte {
	b := builder.New(builder.Options{ByteOrder: order})
	b.Int("int", 4, btf.Int{Bits: 32})
	b.Struct("s", 4, builder.Member{Name: "m", Type: 1})
	return must(b)
}

// put returns a damage that sets a word, u16 or byte.
func put(off int, value uint32) func([]byte, binary.ByteOrder) []byte {
	return func(data []byte, o binary.ByteOrder) []byte {
		o.PutUint32(data[off:], value)
		return data
	}
}

func putByte(off int, value byte) func([]byte, binary.ByteOrder) []byte {
	return func(data []byte, _ binary.ByteOrder) []byte {
		data[off] = value
		return data
	}
}

func cutTo(n int) func([]byte, binary.ByteOrder) []byte {
	return func(data []byte, _ binary.ByteOrder) []byte { return data[:n] }
}

var faults = []fault{
	{"no bytes", cutTo(0), btf.ErrCorrupt, "header", 0, 0},
	{"23 bytes", cutTo(23), btf.ErrCorrupt, "header", 0, 0},
	{"magic", putByte(0, 0x7f), btf.ErrCorrupt, "header", 0, 0},
	{"version", putByte(2, 2), btf.ErrUnsupported, "header", 2, 0},
	{"flags", putByte(3, 1), btf.ErrUnsupported, "header", 3, 0},
	{"header of 0", put(4, 0), btf.ErrCorrupt, "header", 4, 0},
	{"header of 20", put(4, 20), btf.ErrCorrupt, "header", 4, 0},
	{"header beyond", put(4, 1<<31), btf.ErrCorrupt, "header", 4, 0},
	{"types beyond", put(8, 1000), btf.ErrCorrupt, "header", 8, 0},
	{"types wrap", put(8, 1<<32-20), btf.ErrCorrupt, "header", 8, 0},
	{"strings beyond", put(20, 1000), btf.ErrCorrupt, "header", 16, 0},
	{"overlap", put(16, 36), btf.ErrCorrupt, "header", 8, 0},
	{"strings not ended", putByte(72, 'x'), btf.ErrCorrupt, "strings", 72, 0},
	{"strings not started", putByte(64, 'x'), btf.ErrCorrupt, "strings", 64, 0},
	{"half a record header", put(12, 24), btf.ErrCorrupt, "types", 40, 2},
	{"kind 0", put(44, 1), btf.ErrCorrupt, "types", 44, 2},
	{"kind 20", put(44, 20<<24), btf.ErrUnsupported, "types", 44, 2},
	{"kind 127", put(28, 127<<24), btf.ErrUnsupported, "types", 28, 1},
	{"vlen", put(44, 4<<24|2), btf.ErrCorrupt, "types", 44, 2},
	{"greatest vlen", put(44, 4<<24|0xffffff), btf.ErrCorrupt, "types", 44, 2},
	{"name", put(40, 9), btf.ErrCorrupt, "types", 40, 2},
	{"greatest name", put(24, 1<<32-1), btf.ErrCorrupt, "types", 24, 1},
	{"trailer cut", put(12, 36), btf.ErrCorrupt, "types", 44, 2},
}

func checkFaults(t *testing.T, s setup) {
	if n := len(simple(s.ownOrder)); n != 73 {
		t.Fatalf("%d bytes", n)
	}
	for _, f := range faults {
		data := f.damage(simple(s.ownOrder), s.ownOrder)
		_, err := s.tryOpen(t, s.own, data, nil)
		var format *btf.FormatError
		if !errors.As(err, &format) {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		if !errors.Is(err, f.class) || format.Part != f.part ||
			format.Offset != f.offset || format.ID != f.id {
			t.Errorf("%s: %v at %s %d, type %d; want %v at %s %d, type %d", f.name, err,
				format.Part, format.Offset, format.ID, f.class, f.part, f.offset, f.id)
		}
	}
	// The same faults in a split section: offsets are still those in its own bytes.
	kernel := s.kernel(t)
	data := Module(kernel, s.ownOrder)
	put(28, 0)(data, s.ownOrder)
	_, err := s.tryOpen(t, s.own, data, kernel)
	var format *btf.FormatError
	if !errors.As(err, &format) || format.Offset != 28 || format.ID != kernelLen+1 {
		t.Errorf("kind 0 in a split section: %v", err)
	}
}

func checkFarFaults(t *testing.T, s setup) {
	const n, size = 20_000, 12
	b := builder.New(builder.Options{})
	for range n {
		b.Fwd("same", btf.KindStruct)
	}
	data := must(b)
	at := binary.LittleEndian
	for i := 0; i < n; i += 397 {
		for word, bad := range map[int]uint32{0: 6, 4: 0, 8: 1<<32 - 1} {
			off := 24 + i*size + word
			good := at.Uint32(data[off:])
			at.PutUint32(data[off:], bad)
			spec, err := s.own.Parse(data, nil)
			at.PutUint32(data[off:], good)
			var format *btf.FormatError
			switch {
			case word == 8 && err == nil: // a FWD has no type, and nobody looks
				spec.Close()
			case word == 8 || !errors.As(err, &format) || format.Offset != int64(off) ||
				format.ID != btf.TypeID(i+1):
				t.Fatalf("word %d of record %d: %v", word/4, i, err)
			}
		}
	}
}

func checkTruncated(t *testing.T, s setup) {
	data := Tour(builder.Options{ByteOrder: s.ownOrder})
	for n := range len(data) {
		_, err := s.own.Parse(data[:n], nil)
		var format *btf.FormatError
		if !errors.As(err, &format) || format.Offset > int64(n) {
			t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		}
	}
}

func checkZeroBytes(t *testing.T, s setup) {
	kernel := s.kernel(t)
	for _, base := range []*btf.Spec{nil, kernel} {
		_, err := s.tryOpen(t, s.own, nil, base)
		wantErr(t, "no bytes", err, btf.ErrCorrupt)
	}
}

func checkNoBase(t *testing.T, s setup) {
	_, err := s.tryOpen(t, s.own, Module(s.kernel(t), s.ownOrder), nil)
	wantErr(t, "module alone", err, btf.ErrCorrupt)
	if err != nil && !strings.Contains(err.Error(), "base") {
		t.Errorf("no hint in %q", err)
	}
}

func checkPaths(t *testing.T, s setup) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	_, err := s.own.Open(missing, nil)
	wantErr(t, "missing file", err, fs.ErrNotExist)
	if err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing file: no path in %v", err)
	}
	if _, err := s.own.Open(dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("directory: %v", err)
	}
	corrupt := s.write(t, []byte("no BTF, but long enough for its header"))
	_, err = s.own.Open(corrupt, nil)
	wantErr(t, "corrupt file", err, btf.ErrCorrupt)
	if err == nil || strings.Count(err.Error(), corrupt) != 1 {
		t.Errorf("corrupt file: no path in %v, or twice", err)
	}
}

func checkFailedSplit(t *testing.T, s setup) {
	kernel := s.kernel(t)
	int_ := mustName(t, kernel, "int", btf.KindInt)
	for _, f := range faults {
		data := f.damage(simple(s.ownOrder), s.ownOrder)
		// With a base, strings need not start with NUL.
		if spec, err := s.tryOpen(t, s.own, data, kernel); err == nil {
			spec.Close()
		}
	}
	if err := kernel.Close(); err != nil {
		t.Error(err)
	}
	if int_.Kind() != btf.KindVoid {
		t.Errorf("%v answers although all is closed", int_)
	}
}

func checkFlippedBits(t *testing.T, s setup) {
	data := simple(s.ownOrder)
	for bit := range 8 * len(data) {
		damaged := bytes.Clone(data)
		damaged[bit/8] ^= 1 << (bit % 8)
		plain, want := btf.Parse(damaged, nil)
		spec, got := s.own.Parse(damaged, nil)
		if (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
			t.Fatalf("bit %d: %v; the plain backend says %v", bit, got, want)
		}
		if got != nil {
			continue
		}
		for id, ty := range spec.All() {
			touch(t, ty)
			if other := mustID(t, plain, id); other.String() != ty.String() {
				t.Fatalf("bit %d: %v; the plain backend says %v", bit, ty, other)
			}
			ids, err := spec.IDsByName(ty.Name())
			want, _ := plain.IDsByName(ty.Name())
			wantIDs(t, ty.Name(), ids, err, want)
		}
		spec.Close()
	}
}
