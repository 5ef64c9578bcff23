package btf_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
	"github.com/btfkit/btfkit/btf/store"
)

func typeByID(t *testing.T, spec *btf.Spec, id btf.TypeID) btf.Type {
	t.Helper()
	ty, err := spec.TypeByID(id)
	if err != nil {
		t.Fatal(err)
	}
	return ty
}

// TestBoundedNames reads parts of names and compares them as strcmp does.
func TestBoundedNames(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Typedef("bcd", 0)
	s := store.SectionOf(built.Spec(t, b, nil))
	off := s.NameOffset(0)
	for n, want := range []string{"", "b", "bc", "bcd", "bcd", "bcd"} {
		if got := s.NamePrefix(off, n); got != want {
			t.Errorf("first %d bytes: %q, want %q", n, got, want)
		}
	}
	if got := s.NamePrefix(0, 3); got != "" {
		t.Errorf("first bytes of the empty name: %q", got)
	}
	for _, other := range strings.Fields("- a b bc bcc bcd bcda bce bd c bcdefg") {
		other = strings.TrimPrefix(other, "-")
		if got, want := s.CompareName(off, other), strings.Compare("bcd", other); got != want {
			t.Errorf("bcd against %q: %d, want %d", other, got, want)
		}
		if got, want := s.CompareName(0, other), strings.Compare("", other); got != want {
			t.Errorf("the empty name against %q: %d, want %d", other, got, want)
		}
		if got, want := s.CompareName(1<<20, other), strings.Compare("", other); got != want {
			t.Errorf("a missing name against %q: %d, want %d", other, got, want)
		}
		if got, want := s.NameEquals(off, other), other == "bcd"; got != want {
			t.Errorf("bcd equals %q: %v", other, got)
		}
	}
	if s.NameEquals(0, "\x00bcd") || s.NameEquals(off, "bcd\x00") {
		t.Error("what has a NUL in it is no name")
	}
}

// TestAppendName appends the names of elements of each kind to what is there.
func TestAppendName(t *testing.T) {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range kernel.All() {
		check := func(e interface {
			Name() string
			AppendName([]byte) []byte
		}) {
			if got := string(e.AppendName([]byte("x."))); got != "x."+e.Name() {
				t.Errorf("%v: %T %s appended: %s", typ, e, e.Name(), got)
			}
		}
		for _, m := range typ.Members() {
			check(m)
		}
		for _, e := range typ.Enumerators() {
			check(e)
		}
		for _, p := range typ.Params() {
			check(p)
		}
	}
}

// TestZeroElements asks elements of nothing.
func TestZeroElements(t *testing.T) {
	for _, e := range []interface {
		Name() string
		NameIs(string) bool
		AppendName([]byte) []byte
	}{btf.Member{}, btf.Enumerator{}, btf.Param{}} {
		if e.Name() != "" || !e.NameIs("") || e.NameIs("x") || e.AppendName(nil) != nil {
			t.Errorf("%T has the name %q", e, e.Name())
		}
	}
	if !(btf.Member{}).Target().IsVoid() {
		t.Error("a member of nothing has a target")
	}
	if (btf.Param{}).IsVariadic() {
		t.Error("a parameter of nothing is variadic")
	}
}

// TestBits finds bitfields in both forms.
func TestBits(t *testing.T) {
	b := builder.New(builder.Options{})
	plain := b.Int("int", 4, btf.Int{Bits: 32})
	narrow := b.Int("int", 4, btf.Int{Bits: 3})
	moved := b.Int("int", 4, btf.Int{Offset: 5, Bits: 27})
	whole := b.Int("int", 4, btf.Int{Offset: 5, Bits: 32})
	old := b.Struct("old", 16, builder.Member{Name: "a", Type: plain},
		builder.Member{Name: "b", Type: b.Typedef("t", b.Const(narrow)), BitOffset: 32},
		builder.Member{Name: "c", Type: moved, BitOffset: 32},
		builder.Member{Name: "d", Type: whole, BitOffset: 64},
		builder.Member{Name: "e", Type: b.Ptr(narrow), BitOffset: 64})
	flagged := b.Struct("new", 8, builder.Member{Name: "a", Type: plain},
		builder.Member{Name: "b", Type: plain, BitOffset: 33, BitfieldSize: 7})
	spec := built.Spec(t, b, nil)
	for _, c := range []struct {
		id   btf.TypeID
		want string
	}{
		{old, "a 0 0 false, b 32 3 true, c 37 27 true, d 69 32 true, e 0 0 false, "},
		{flagged, "a 0 0 false, b 33 7 true, "},
	} {
		got := ""
		for _, m := range typeByID(t, spec, c.id).Members() {
			off, size, ok := m.Bits()
			got += fmt.Sprintln(m.Name(), off, size, ok)
		}
		if got = strings.ReplaceAll(got, "\n", ", "); got != c.want {
			t.Errorf("bitfields %s\nwant %s", got, c.want)
		}
	}
}

// TestKindEdges asks for what depends on exactly which kind or flag a record has.
func TestKindEdges(t *testing.T) {
	b := builder.New(builder.Options{})
	long := b.Int("long", 8, btf.Int{Encoding: btf.IntSigned, Bits: 64})
	char := b.Int("char", 1, btf.Int{Encoding: btf.IntChar, Bits: 8})
	wide := b.Enum64("wide", 8, true, builder.Enumerator{Name: "W", Value: -1})
	proto := b.FuncProto(0, builder.Param{Type: 0}, builder.Param{Name: "x", Type: 0},
		builder.Param{Type: long}, builder.Param{})
	spec := built.Spec(t, b, nil)
	if !typeByID(t, spec, long).IsSigned() || typeByID(t, spec, char).IsSigned() ||
		!typeByID(t, spec, wide).IsSigned() {
		t.Error("long and wide are signed, char is not")
	}
	if typeByID(t, spec, wide).IsOpaque() {
		t.Error("ENUM64 is the last kind that is known")
	}
	variadic := ""
	for _, p := range typeByID(t, spec, proto).Params() {
		variadic += fmt.Sprint(p.IsVariadic(), " ")
	}
	if variadic != "false false false true " {
		t.Errorf("variadic: %s", variadic)
	}
	for _, params := range [][]builder.Param{{{Name: "x"}}, {{Type: long}}} {
		b := builder.New(builder.Options{})
		b.Int("long", 8, btf.Int{Bits: 64})
		fn := b.FuncProto(0, params...)
		for _, p := range typeByID(t, built.Spec(t, b, nil), fn).Params() {
			if p.IsVariadic() {
				t.Errorf("the ellipsis has neither name nor type, unlike %v", params)
			}
		}
	}
}

// TestTypeString follows what has no name of its own to what has, but not for ever.
func TestTypeString(t *testing.T) {
	b := builder.New(builder.Options{})
	char := b.Int("char", 1, btf.Int{Encoding: btf.IntSigned, Bits: 8})
	skb := b.Struct("sk_buff", 0)
	member := b.Struct(strings.Repeat("long", 50), 0)
	typedef := b.Typedef("skb_t", skb)
	loop := b.Ptr(b.NextID())
	chain := typedef
	for range 7 {
		chain = b.Ptr(chain)
	}
	for id, want := range map[btf.TypeID]string{
		char:                                  "INT char",
		b.Ptr(skb):                            "PTR to STRUCT sk_buff",
		b.Ptr(0):                              "PTR to void",
		b.Ptr(b.Const(skb)):                   "PTR to CONST of STRUCT sk_buff",
		b.Ptr(b.TypeTag("rcu", skb)):          "PTR to TYPE_TAG rcu of STRUCT sk_buff",
		b.Volatile(b.Restrict(char)):          "VOLATILE of RESTRICT of INT char",
		b.Array(char, char, 16):               "ARRAY of 16 INT char",
		b.Array(b.Array(char, char, 2), 1, 3): "ARRAY of 3 ARRAY of 2 INT char",
		typedef:                               "TYPEDEF skb_t",
		b.Ptr(b.FuncProto(0)):                 "PTR to FUNC_PROTO",
		b.Ptr(b.Struct("", 0)):                "PTR to STRUCT",
		member:                                "STRUCT " + strings.Repeat("long", 25) + "...",
		loop:                                  strings.Repeat("PTR to ", 9) + "...",
		b.Ptr(chain):                          strings.Repeat("PTR to ", 8) + "TYPEDEF skb_t",
		b.Ptr(b.NextID() - 1):                 strings.Repeat("PTR to ", 9) + "...",
	} {
		want = fmt.Sprintf("[%d] %s", id, want)
		if got := typeByID(t, built.Spec(t, b, nil), id).String(); got != want {
			t.Errorf("%s instead of %s", got, want)
		}
	}
	if got := (btf.Type{}).String(); got != "void" {
		t.Errorf("%s instead of void", got)
	}
}

// TestStrings holds the texts that tests elsewhere do not.
func TestStrings(t *testing.T) {
	cause := errors.New("cause")
	for want, got := range map[string]fmt.Stringer{
		"(none)": btf.IntEncoding(0), "SIGNED": btf.IntSigned,
		"CHAR": btf.IntChar, "BOOL": btf.IntBool, "UNKN": btf.IntEncoding(3), "(unknown)": btf.Linkage(3),
		"ENUM64": btf.KindEnum64, "KIND(20)": btf.Kind(20),
	} {
		if got.String() != want {
			t.Errorf("%v instead of %s", got, want)
		}
	}
	for want, err := range map[string]error{
		"btf: types+0x4 (type 7, offset 0x1c): cause": &btf.FormatError{Part: "types", Start: 24,
			Offset: 28, ID: 7, Err: cause},
		"btf: header+0x2 (offset 0x2): cause": &btf.FormatError{Part: "header", Offset: 2, Err: cause},
	} {
		if err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestHeaderEdges parses headers that end exactly where something else begins.
func TestHeaderEdges(t *testing.T) {
	header := func(length, typeOff, typeLen, strOff, strLen uint32, tail ...byte) []byte {
		out := []byte{0x9f, 0xeb, 1, 0}
		for _, v := range []uint32{length, typeOff, typeLen, strOff, strLen} {
			out = binary.LittleEndian.AppendUint32(out, v)
		}
		return append(out, tail...)
	}
	typedef := []byte{1, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0}
	strs := []byte("\x00tag\x00...")[:8]
	strs[5], strs[6], strs[7] = 0, 0, 0
	layout := []byte{0, 0, 0, 0, 4, 0, 0, 0} // at the header's end, 4 bytes
	accept := map[string][]byte{
		"strings before types":  header(24, 8, 12, 0, 8, append(strs, typedef...)...),
		"types before strings":  header(24, 0, 12, 12, 8, append(typedef, strs...)...),
		"a header and no more":  header(24, 0, 0, 0, 0),
		"a long header of zero": header(32, 0, 0, 0, 0, make([]byte, 8)...),
	}
	for name, data := range accept {
		if _, err := btf.Parse(data, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	refuse := map[string][]byte{
		"strings that overlap types by a byte": header(24, 7, 12, 0, 8, append(strs, typedef...)...),
		"types that overlap strings by a byte": header(24, 0, 12, 11, 8, append(typedef, strs...)...),
		"a layout behind the end":              header(32, 0, 0, 0, 0, layout...),
		"a header cut by a byte":               header(24, 0, 0, 0, 0)[:23],
		"a header longer than the input":       header(25, 0, 0, 0, 0),
	}
	for name, data := range refuse {
		if _, err := btf.Parse(data, nil); !errors.Is(err, btf.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for tail, want := range map[byte]bool{0: false, 1: true} {
		spec, err := btf.Parse(header(36, 0, 0, 0, 0, append(make([]byte, 11), tail)...), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := store.SectionOf(spec).Header().UnknownTail; got != want {
			t.Errorf("last byte of the header %d: unknown tail %v", tail, got)
		}
	}
	mixed := header(40, 0, 0, 0, 0, append(append(make([]byte, 8), 1), make([]byte, 7)...)...)
	if spec, err := btf.Parse(mixed, nil); err != nil || !store.SectionOf(spec).Header().UnknownTail {
		t.Errorf("a byte that is not zero amid the header's end: %v", err)
	}
}

// TestPointerSize looks for the first long of a size that a pointer can have.
func TestPointerSize(t *testing.T) {
	for _, c := range []struct {
		sizes []uint32
		want  int
	}{
		{nil, 8}, {[]uint32{4}, 4}, {[]uint32{8, 4}, 8}, {[]uint32{16, 4}, 4}, {[]uint32{2, 4, 8}, 4},
		{[]uint32{2, 16}, 8},
	} {
		b := builder.New(builder.Options{})
		for _, size := range c.sizes {
			b.Int("long", size, btf.Int{Bits: uint8(size * 8)})
		}
		if got := built.Spec(t, b, nil).PointerSize(); got != c.want {
			t.Errorf("longs of %d bytes: pointers of %d, want %d", c.sizes, got, c.want)
		}
	}
}

// TestVerifyContainment finds types that hold themselves, whatever lies between.
func TestVerifyContainment(t *testing.T) {
	for _, c := range []struct {
		name string
		hold builder.RawType // of type 2, the struct
		ok   bool
	}{
		{"array", builder.RawType{Kind: btf.KindArray, Trailer: []uint32{2, 1, 1}}, false},
		{"typedef", builder.RawType{Kind: btf.KindTypedef, NameOffset: 1, SizeOrType: 2}, false},
		{"const", builder.RawType{Kind: btf.KindConst, SizeOrType: 2}, false},
		{"pointer", builder.RawType{Kind: btf.KindPtr, SizeOrType: 2}, true},
	} {
		b := builder.New(builder.Options{})
		b.Int("int", 4, btf.Int{Bits: 32})
		b.Struct("self", 4, builder.Member{Name: "m", Type: 3})
		b.Raw(c.hold)
		if err := built.Spec(t, b, nil).Verify(); (err == nil) != c.ok {
			t.Errorf("a struct that holds itself through %s: %v", c.name, err)
		}
	}
}

// TestVoid asks of void what records answer.
func TestVoid(t *testing.T) {
	var void btf.Type
	if !void.NameIs("") || void.NameIs("x") || void.Name() != "" || void.NameOffset() != 0 ||
		store.RecordOf(void) != (store.Record{}) {
		t.Error("void has a name")
	}
	b := builder.New(builder.Options{})
	id := b.Typedef("t", 0)
	if off := typeByID(t, built.Spec(t, b, nil), id).NameOffset(); off != 1 {
		t.Errorf("name offset %d, want 1", off)
	}
}

// TestFaults reads errors of which other tests see the class alone.
func TestFaults(t *testing.T) {
	split := "(this looks like split BTF, which needs its base)"
	raw := func(strs string, words ...uint32) []byte {
		out := []byte{0x9f, 0xeb, 1, 0}
		n := uint32(len(words) * 4)
		for _, w := range append([]uint32{24, 0, n, n, uint32(len(strs))}, words...) {
			out = binary.LittleEndian.AppendUint32(out, w)
		}
		return append(out, strs...)
	}
	for _, c := range []struct {
		data []byte
		want string
		hint bool
	}{
		{raw("\x00", 0, 0x01000000, 4), "INT exceeds section", false},
		{raw("\x00", 0, 0x04000002, 4, 0, 0, 0), "STRUCT with vlen 2 exceeds section", false},
		{raw("\x00", 1, 0x07000000, 0), "name offset 0x1 beyond", false},
		{raw("", 1, 0x07000000, 0), "name offset 0x1 beyond", true},
		{raw("a\x00"), "first string not empty", true},
	} {
		_, err := btf.Parse(c.data, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(err.Error(), split) != c.hint {
			t.Errorf("%v, want %s, and a hint at a base %v", err, c.want, c.hint)
		}
	}
}

// TestNothingBelow splits from a base without types and strings: offset 0 is the empty name all the
// same, so that the split's own strings must begin with it.
func TestNothingBelow(t *testing.T) {
	header := "\x9f\xeb\x01\x00\x18\x00\x00\x00"
	base := parse(t, []byte(header+strings.Repeat("\x00", 16)), nil)
	fwd := "\x00\x00\x00\x00\x0c\x00\x00\x00\x0c\x00\x00\x00\x02\x00\x00\x00" + // bounds
		"\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00"
	if ty := typeByID(t, parse(t, []byte(header+fwd+"\x00\x00"), base), 1); ty.Name() != "" {
		t.Errorf("name offset 0 is %q", ty.Name())
	}
	_, err := btf.Parse([]byte(header+fwd+"a\x00"), base)
	if !errors.Is(err, btf.ErrCorrupt) || !strings.Contains(err.Error(), "first string not empty") {
		t.Errorf("a split that begins with a name: %v", err)
	}
}

// TestLongLayout opens a layout section with entries for more kinds than there can be.
func TestLongLayout(t *testing.T) {
	data := []byte{0x9f, 0xeb, 1, 0}
	for _, w := range []uint32{32, 0, 0, 0, 0, 0, 130 * 4} {
		data = binary.LittleEndian.AppendUint32(data, w)
	}
	if _, err := btf.Parse(append(data, make([]byte, 130*4)...), nil); err != nil {
		t.Error(err)
	}
}

func parse(t testing.TB, data []byte, base *btf.Spec) *btf.Spec {
	t.Helper()
	spec, err := btf.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { spec.Close() })
	return spec
}

// TestBreakElements ends ranges over elements and types where their loop does.
func TestBreakElements(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Int("int", 4, btf.Int{Bits: 32})
	b.Struct("s", 8, builder.Member{Name: "a", Type: 1},
		builder.Member{Name: "b", Type: 1, BitOffset: 32})
	b.Enum("e", 4, false, builder.Enumerator{Name: "a"}, builder.Enumerator{Name: "b", Value: 1})
	b.FuncProto(0, builder.Param{Name: "a", Type: 1}, builder.Param{Name: "b", Type: 1})
	b.Var("v", 1, btf.LinkageExtern)
	b.Datasec(".data", 8, builder.VarSecinfo{Type: 5, Size: 4},
		builder.VarSecinfo{Type: 5, Offset: 4, Size: 4})
	b.Fwd("fs", btf.KindStruct)
	b.Fwd("fu", btf.KindUnion)
	spec := built.Spec(t, b, nil)
	var seen []string
	for i, m := range typeByID(t, spec, 2).Members() {
		seen = append(seen, fmt.Sprint(i, m.Name()))
		break
	}
	for i, e := range typeByID(t, spec, 3).Enumerators() {
		seen = append(seen, fmt.Sprint(i, e.Name()))
		break
	}
	for i, p := range typeByID(t, spec, 4).Params() {
		seen = append(seen, fmt.Sprint(i, p.Name()))
		break
	}
	for i, v := range typeByID(t, spec, 6).VarSecinfos() {
		seen = append(seen, fmt.Sprint(i, v.Target().Name()))
		break
	}
	for fwd := range spec.TypesByKind(btf.KindFwd) {
		seen = append(seen, fwd.Name())
		break
	}
	if got := strings.Join(seen, " "); got != "0a 0a 0a 0v fs" {
		t.Errorf("before the breaks: %s", got)
	}
	for id, want := range map[btf.TypeID]btf.Kind{
		7: btf.KindStruct, 8: btf.KindUnion, 2: btf.KindVoid,
	} {
		if got := typeByID(t, spec, id).FwdKind(); got != want {
			t.Errorf("type %d: FwdKind %v, want %v", id, got, want)
		}
	}
	if l, ok := typeByID(t, spec, 5).Linkage(); !ok || l.String() != "extern" {
		t.Errorf("linkage %v, %v", l, ok)
	}
	if _, err := spec.TypeByID(9); !errors.Is(err, btf.ErrNotFound) ||
		err.Error() != "btf: no type 9: ids are 0 to 8" {
		t.Errorf("type 9: %v", err)
	}
}

// TestLastRecord asks a type for its size that is nothing but a header, at the end of the types.
func TestLastRecord(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := builder.New(builder.Options{ByteOrder: order})
		b.Struct("empty", 3)
		last := b.Float("double", 8)
		spec := built.Spec(t, b, nil)
		for id, want := range map[btf.TypeID]uint32{1: 3, last: 8} {
			if size, ok := typeByID(t, spec, id).Size(); size != want || !ok {
				t.Errorf("%v: type %d has size %d, %v; want %d", order, id, size, ok, want)
			}
		}
	}
}
