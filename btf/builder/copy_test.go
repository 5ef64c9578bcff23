package builder_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
	"github.com/btfkit/btfkit/btf/store"
)

// The running kernel's BTF comes out as it went in, and again after two swaps.
func TestBuilderFromKernel(t *testing.T) {
	data, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		const remedy = "run on Linux with CONFIG_DEBUG_INFO_BTF=y and /sys mounted"
		if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "vmlinux") {
			t.Fatalf("BTFKIT_REQUIRE has vmlinux, but %v: %s", err, remedy)
		}
		t.Skipf("%v: %s", err, remedy)
	}
	if err := btftest.RoundTrip(data, nil); err != nil {
		t.Error(err)
	}
	same, err := builder.From(parse(t, data, nil), builder.CopyOptions{}).Bytes()
	if err != nil || !bytes.Equal(same, data) {
		t.Errorf("copy of %d bytes has %d, %v", len(data), len(same), err)
	}
}

// reverse adds the types of spec to b in reverse order.
func reverse(spec *btf.Spec, b *builder.Builder) {
	first, end := spec.Own().IDs()
	first = max(first, 1)
	for id := end - 1; id >= first; id-- {
		ty, _ := spec.TypeByID(id)
		b.Copy(ty, func(id btf.TypeID) btf.TypeID {
			if id < first {
				return id
			}
			return end - 1 - (id - first)
		})
	}
}

// Reversing the order of the types twice gives the same bytes, except that the strings
// are in another order.
func TestBuilderCopyMapsIDs(t *testing.T) {
	b := builder.New(builder.Options{})
	list := b.NextID()
	b.Struct("list", 16, builder.Member{Name: "next", Type: list + 1},
		builder.Member{Name: "names", Type: list + 2, BitOffset: 64})
	b.Ptr(list)
	b.Array(list+3, list+8, 8)
	b.Int("char", 1, btf.Int{Bits: 8})
	b.FuncProto(list+3, builder.Param{Name: "list", Type: list + 1})
	b.Func("walk", list+4, btf.LinkageGlobal)
	b.Var("lists", list, btf.LinkageStatic)
	b.Datasec(".data", 16, builder.VarSecinfo{Type: list + 6, Size: 16})
	b.Int("index", 4, btf.Int{Bits: 32})
	spec := built.Spec(t, b, nil)

	b = builder.New(builder.Options{})
	reverse(spec, b)
	reversed := built.Spec(t, b, nil)
	if err := reversed.Verify(); err != nil {
		t.Error(err)
	}
	walk, err := reversed.TypeByName("walk")
	if err != nil || walk.ID() != 4 {
		t.Fatalf("walk: %v, %v", walk, err)
	}
	proto := walk.Target()
	p, _ := proto.Param(0)
	ptr := p.Target()
	if s := ptr.Target(); s.ID() != 9 || !s.NameIs("list") {
		t.Errorf("walk's parameter points at %v", s)
	}

	names, _ := mustType(t, reversed, 9).Member(1)
	array := names.Target()
	elem := array.Target()
	if index := array.IndexType(); !index.NameIs("index") || !elem.NameIs("char") {
		t.Errorf("%v of %v, indexed by %v", array, elem, index)
	}

	b = builder.New(builder.Options{})
	reverse(reversed, b)
	rebuilt := built.Spec(t, b, nil)
	again, err := builder.From(rebuilt, builder.CopyOptions{RebuildStrings: true}).Bytes()
	want, _ := builder.From(spec, builder.CopyOptions{RebuildStrings: true}).Bytes()
	if err != nil || !bytes.Equal(again, want) {
		t.Errorf("reversed twice, %v:\n%x\nwant\n%x", err, again, want)
	}
}

// New strings hold what is used, each string once, in the order of use.
func TestBuilderRebuildStrings(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Intern("unused")
	late := b.Intern("late_name")
	b.Fwd("early", btf.KindStruct)
	b.Raw(builder.RawType{NameOffset: late, Kind: btf.KindFwd})
	b.Raw(builder.RawType{NameOffset: late + 5, Kind: btf.KindFwd})
	spec := built.Spec(t, b, nil)
	rebuilt := built.Spec(t, builder.From(spec, builder.CopyOptions{RebuildStrings: true}), nil)
	want := "\x00early\x00late_name\x00name\x00"
	if strs, _ := store.SectionOf(rebuilt).Strings(); strs != want {
		t.Errorf("strings %q; want %q", strs, want)
	}
	if _, err := rebuilt.TypeByName("name", btf.KindFwd); err != nil {
		t.Error(err)
	}
}

// A section may be copied and added to; what is there is found again.
func TestBuilderExtend(t *testing.T) {
	b := builder.New(builder.Options{ByteOrder: binary.BigEndian})
	b.Fwd("old", btf.KindStruct)
	b = builder.From(built.Spec(t, b, nil), builder.CopyOptions{})
	b.Ptr(1)
	b.Typedef("old", 2)
	b.Typedef("new", 2)
	spec := built.Spec(t, b, nil)
	if strs, _ := store.SectionOf(spec).Strings(); strs != "\x00old\x00new\x00" {
		t.Errorf("strings %q", strs)
	}
	if ids, _ := spec.IDsByName("old"); len(ids) != 2 || spec.ByteOrder() != binary.BigEndian {
		t.Errorf("ids of old %v, %v", ids, spec.ByteOrder())
	}
}

// What this package does not understand is not written again.
func TestBuilderFromUnknown(t *testing.T) {
	b := builder.New(builder.Options{Layout: true})
	b.DefineKind(20, 8, 4)
	b.Fwd("f", btf.KindStruct)
	known, _ := b.Bytes()
	b.Raw(builder.RawType{Kind: 20, NameOffset: b.Intern("loc"), Vlen: 1,
		Trailer: []uint32{1, 2, 3}})
	opaque, _ := b.Bytes()
	// A header of 40 bytes, with a byte that is not zero behind the known ones.
	tail := append(known[:32:32], 0, 0, 0, 0, 0, 0, 0, 1)
	tail = append(tail, known[32:]...)
	tail[4] = 40
	// A member's name and a type's target that do not exist.
	b = builder.New(builder.Options{})
	b.Raw(builder.RawType{Kind: btf.KindStruct, Vlen: 1, NameOffset: b.Intern("s"),
		Trailer: []uint32{3, 0, 0}})
	name, _ := b.Bytes()
	b = builder.New(builder.Options{})
	b.Raw(builder.RawType{Kind: btf.KindPtr, SizeOrType: 2})
	target, _ := b.Bytes()

	for _, test := range []struct {
		name string
		data []byte
		want string
		is   error
	}{
		{"layout", known, "", nil},
		{"opaque", opaque, `btf: type 2 KIND(20) "loc": copy of a record of kind 20: ` +
			`btf: unsupported input`, btf.ErrUnsupported},
		{"header", tail, "btf: header with unknown fields: btf: unsupported input",
			btf.ErrUnsupported},
		{"name", name, `btf: type 1 STRUCT "s": member 0: ` +
			`name offset 0x3 beyond the strings' end 0x3: btf: corrupt input`, btf.ErrCorrupt},
		{"target", target, "btf: type 1 PTR: reference to type 2, but the last one is 1", nil},
	} {
		spec := parse(t, test.data, nil)
		data, err := builder.From(spec, builder.CopyOptions{}).Bytes()
		switch {
		case test.want == "" && (err != nil || !bytes.Equal(data, test.data)):
			t.Errorf("%s: %x, %v; want %x", test.name, data, err, test.data)
		case test.want != "" && (err == nil || err.Error() != test.want):
			t.Errorf("%s: %v; want %s", test.name, err, test.want)
		case test.is != nil && !errors.Is(err, test.is):
			t.Errorf("%s: %v is not %v", test.name, err, test.is)
		}
	}
}

func TestBuilderFromLayout(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Fwd("f", btf.KindStruct)
	plain, _ := b.Bytes()
	spec := parse(t, plain, nil)
	added := builder.From(spec, builder.CopyOptions{Layout: builder.AddLayout})
	with := built.Spec(t, added, nil)
	if h := store.SectionOf(with).Header(); h.Len != 32 || h.Layout.Len != 80 {
		t.Errorf("added: %+v", h)
	}
	swapped := built.Spec(t, builder.From(with, builder.CopyOptions{ByteOrder: binary.BigEndian}), nil)
	if h := store.SectionOf(swapped).Header(); h.Layout.Len != 80 {
		t.Errorf("swapped: %+v", h)
	}
	dropped, err := builder.From(swapped,
		builder.CopyOptions{ByteOrder: binary.LittleEndian, Layout: builder.DropLayout}).Bytes()
	if err != nil || !bytes.Equal(dropped, plain) {
		t.Errorf("dropped: %x, %v; want %x", dropped, err, plain)
	}

	// The u16 of flags in each entry is swapped; a ragged section is refused.
	data, _ := added.Bytes()
	data[32+12+2] = 7
	spec = parse(t, data, nil)
	flags := built.Spec(t, builder.From(spec, builder.CopyOptions{ByteOrder: binary.BigEndian}), nil)
	if big, _ := builder.From(flags, builder.CopyOptions{}).Bytes(); big[32+12+3] != 7 {
		t.Errorf("flags of kind 0: % x", big[32+12:][:4])
	}
	back, err := builder.From(flags, builder.CopyOptions{ByteOrder: binary.LittleEndian}).Bytes()
	if err != nil || !bytes.Equal(back, data) {
		t.Errorf("swapped twice: %x, %v; want %x", back, err, data)
	}
	data[28]--
	_, err = builder.From(parse(t, data, nil), builder.CopyOptions{}).Bytes()
	if !errors.Is(err, btf.ErrUnsupported) || !strings.Contains(err.Error(), "79 bytes") {
		t.Errorf("ragged layout: %v", err)
	}
}

// A layout section that ends before the last known kind, or has more than these, can be
// added to.
func TestBuilderDefinesMoreKinds(t *testing.T) {
	b := builder.New(builder.Options{Layout: true})
	data, _ := b.Bytes()
	want := bytes.Clone(data[32:112])
	data[28] = 40 // entries for kinds 0 to 9
	b = builder.From(parse(t, data, nil), builder.CopyOptions{})
	b.DefineKind(20, 4, 0)
	b.Raw(builder.RawType{Kind: btf.KindFuncProto, Vlen: 1, Trailer: []uint32{0, 0}})
	b.Raw(builder.RawType{Kind: 20, Trailer: []uint32{0}})
	spec := built.Spec(t, b, nil)
	got, _ := b.Bytes()
	off := store.SectionOf(spec).Header().Layout.Off
	if want = append(want, 4, 0, 0, 0); !bytes.Equal(got[off:off+84], want) {
		t.Errorf("layout % x; want % x", got[off:off+84], want)
	}

	b = builder.New(builder.Options{Layout: true})
	b.DefineKind(20, 8, 0)
	b = builder.From(built.Spec(t, b, nil), builder.CopyOptions{})
	b.DefineKind(21, 4, 0)
	b.Raw(builder.RawType{Kind: 20, Trailer: []uint32{1, 2}})
	b.Raw(builder.RawType{Kind: 21, Trailer: []uint32{3}})
	if ty := mustType(t, built.Spec(t, b, nil), 2); ty.Kind() != 21 {
		t.Errorf("type 2 is %v", ty)
	}
}

func TestBuilderCopyVoid(t *testing.T) {
	b := builder.New(builder.Options{})
	if id := b.Copy(btf.Type{}, nil); id != 0 || !errors.Is(b.Err(), btf.ErrUnsupported) {
		t.Errorf("id %d, %v", id, b.Err())
	}
}

// Of equal strings, which no tool writes, the first is used.
func TestBuilderTwinStrings(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Fwd("ab", btf.KindStruct)
	b.Fwd("cd", btf.KindStruct)
	data, _ := b.Bytes()
	copy(data[len(data)-3:], "ab")
	b = builder.From(parse(t, data, nil), builder.CopyOptions{})
	if off := b.Intern("ab"); off != 1 {
		t.Errorf("offset %d", off)
	}
}

// volatileStore is a mapping in the eyes of the core: its bytes are gone after Close.
type volatileStore struct {
	data []byte
	store.Section
}

func (v *volatileStore) Bytes() string {
	return unsafe.String(unsafe.SliceData(v.data), len(v.data))
}
func (v *volatileStore) Index(s store.Section) error { v.Section = s; return nil }
func (v *volatileStore) Names() store.Names          { return store.Names{} }
func (v *volatileStore) Info() btf.Info              { return btf.Info{Mapped: true} }
func (v *volatileStore) Close() error                { clear(v.data); return nil }
func (v *volatileStore) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	return v.AppendIDsScanning(dst, name)
}

// A base may be unmapped while a Builder still needs its strings.
func TestBuilderOnUnmappedBase(t *testing.T) {
	base, err := store.Open(&volatileStore{data: btftest.Kernel(nil)}, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := builder.New(builder.Options{Base: base})
	want := b.Intern("sk_buff")
	if err := base.Close(); err != nil {
		t.Fatal(err)
	}
	if got := b.Intern("sk_buff"); got != want {
		t.Errorf("offset %d, then %d", want, got)
	}
}

// A Builder needs nothing of what it was given types of, once that is closed.
func TestBuilderOutlivesSource(t *testing.T) {
	data := btftest.Kernel(nil)
	spec, err := store.Open(&volatileStore{data: slices.Clone(data)}, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	copied := builder.New(builder.Options{})
	copyAll(copied, spec)
	rebuilt := builder.From(spec, builder.CopyOptions{RebuildStrings: true})
	if err := spec.Close(); err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string]*builder.Builder{"copied": copied, "rebuilt": rebuilt} {
		again := built.Spec(t, b, nil)
		before, _ := store.SectionOf(again).Strings()
		copyAll(b, again)
		after, _ := store.SectionOf(built.Spec(t, b, nil)).Strings()
		if after != before {
			t.Errorf("%s: %d bytes of strings that were there became %d", what, len(before), len(after))
		}
	}
}

// copyAll copies all types of spec, references unchanged.
func copyAll(b *builder.Builder, spec *btf.Spec) {
	for _, t := range spec.All() {
		if !t.IsVoid() {
			b.Copy(t, nil)
		}
	}
}

// TestOverlappingStrings writes strings that overlap whole as long as they are in proportion, or
// few, and refuses to turn 1 MB of input into gigabytes.
func TestOverlappingStrings(t *testing.T) {
	// tails returns BTF whose only string is n bytes long, with types for its first tails.
	tails := func(n, types int) []byte {
		b := builder.New(builder.Options{Limits: builder.LimitsFormat})
		off := b.Intern(strings.Repeat("a", n))
		for i := range types {
			b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: off + uint32(i)})
		}
		data, _ := b.Bytes()
		return data
	}
	for _, c := range []struct {
		name string
		data []byte
		ok   bool
	}{
		{"a string of a megabyte, four times", tails(1<<20, 4), true},
		{"five times", tails(1<<20, 5), false},
		{"a megabyte of tails", btftest.Overlap(1400), true},
		{"more", btftest.Overlap(1500), false},
		{"gigabytes", btftest.Overlap(80_000), false},
	} {
		spec := parse(t, c.data, nil)
		copied := builder.New(builder.Options{Limits: builder.LimitsFormat})
		copyAll(copied, spec)
		for what, b := range map[string]*builder.Builder{"Copy": copied,
			"From": builder.From(spec, builder.CopyOptions{RebuildStrings: true})} {
			data, err := b.Bytes()
			if (err == nil) != c.ok || err != nil && !errors.Is(err, btf.ErrUnsupported) {
				t.Errorf("%s, %s: %d bytes, %v", c.name, what, len(data), err)
			}
		}
	}
}

// Any number of types may share a long string: it is read and written once.
func TestSharedLongString(t *testing.T) {
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	off := b.Intern(strings.Repeat("a", 1<<20))
	for range 1000 {
		b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: off})
	}
	spec := built.Spec(t, b, nil)
	copied := builder.New(builder.Options{Limits: builder.LimitsFormat})
	copyAll(copied, spec)
	data, err := copied.Bytes()
	want, _ := b.Bytes()
	if err != nil || !bytes.Equal(data, want) {
		t.Errorf("%d bytes, %v; want %d", len(data), err, len(want))
	}
}
