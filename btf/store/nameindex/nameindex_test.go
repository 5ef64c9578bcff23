package nameindex_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/btf/store/nameindex"
)

// queries returns each name of a section, with what makes it another: the tail, the head,
// a byte more, a NUL.
func queries(s store.Section) []string {
	list := []string{"a\x00b", "\x00", "zzz"}
	for i := range s.Len() {
		if name := s.NameBytes(s.NameOffset(i)); name != "" {
			list = append(list, name, name[1:], name[:len(name)-1], name+"_", name+"\x00",
				name+"\x00"+name)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(q string) bool { return q == "" })
}

func open(t *testing.T, data []byte) store.Section {
	t.Helper()
	spec, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return store.SectionOf(spec)
}

// counting is a Memory that counts what it hands out.
type counting struct{ bytes int64 }

func (c *counting) Words8(n int) []uint8 { c.bytes += int64(n); return make([]uint8, n) }

func (c *counting) Words32(n int) []uint32 { c.bytes += int64(n) * 4; return make([]uint32, n) }
func (c *counting) Words64(n int) []uint64 { c.bytes += int64(n) * 8; return make([]uint64, n) }

// TestAppend compares the table with reading every record, on all shapes of BTF.
func TestAppend(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		s := store.SectionOf(spec)
		var m counting
		index := nameindex.Build(s, &m)
		for _, name := range queries(s) {
			want := s.AppendIDsScanning([]btf.TypeID{77}, name)
			if got := index.Append([]btf.TypeID{77}, s, name); !slices.Equal(got, want) {
				t.Errorf("%s: %q has types %v, want %v", blob.Name, name, got, want)
			}
		}
		// Names that are much longer in all than the strings have no table.
		length := int64(0)
		for i := range s.Len() {
			length += int64(len(s.NameBytes(s.NameOffset(i))))
		}
		scan := length > s.NameBudget()
		if n := index.Bytes(); n != m.bytes && !scan || scan && n != 0 {
			t.Errorf("%s: %d bytes taken, %d told", blob.Name, m.bytes, n)
		}
	}
}

// many returns BTF with n types, of names that are each used by the given number of types.
func many(t *testing.T, n, same int) store.Section {
	t.Helper()
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	for i := range n {
		b.Fwd(fmt.Sprintf("name_%d", i%(n/same)), btf.KindStruct)
	}
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return open(t, data)
}

// TestMany fills tables to their stated load, where searches are long, with groups as
// large and as many as there can be.
func TestMany(t *testing.T) {
	const n = 6000
	for _, same := range []int{1, 2, 3, n} {
		s := many(t, n, same)
		index := nameindex.Build(s, nil)
		for i := range n / same {
			var want []btf.TypeID
			for id := i; id < n; id += n / same {
				want = append(want, btf.TypeID(id+1))
			}
			name := fmt.Sprintf("name_%d", i)
			if got := index.Append(nil, s, name); !slices.Equal(got, want) {
				t.Fatalf("%d types of a name: %s has types %v, want %v", same, name, got, want)
			}
		}
		for i := range n {
			name := fmt.Sprintf("none_%d", i)
			if got := index.Append(nil, s, name); got != nil {
				t.Fatalf("%d types of a name: %s has types %v, want none", same, name, got)
			}
		}
		if bytes := index.Bytes(); bytes < 14*n || bytes > 20*n+20 {
			t.Errorf("%d types of a name: %d names take %d bytes", same, n, bytes)
		}
	}
}

// TestOverlap refuses a table to names that are together much longer than the input.
func TestOverlap(t *testing.T) {
	s := open(t, btftest.Overlap(3000))
	index := nameindex.Build(s, nil)
	if n := index.Bytes(); n != 0 {
		t.Errorf("a table of %d bytes", n)
	}
	want := []btf.TypeID{2000}
	if got := index.Append(nil, s, strings.Repeat("x", 2000)); !slices.Equal(got, want) {
		t.Errorf("types %v, want %v", got, want)
	}
	for what, names := range map[string]store.Names{
		"packed": nameindex.Pack(s), "offsets": nameindex.Offsets(s, nil)} {
		if what == "packed" && names.Named != nil {
			t.Errorf("%s: %d names in %d bytes", what, len(names.Offsets), len(names.Text))
		}
	}
}

func TestZeroIndex(t *testing.T) {
	var index nameindex.Index
	s := open(t, btftest.Kernel(nil))
	if got := index.Append(nil, s, "int"); got != nil || index.Bytes() != 0 {
		t.Errorf("types %v, %d bytes", got, index.Bytes())
	}
}

// TestNames reads the names back from both forms.
func TestNames(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		s := store.SectionOf(spec)
		var m counting
		offsets := nameindex.Offsets(s, &m)
		if (offsets.Named == nil) != (blob.Base != nil) {
			t.Errorf("%s: offsets for a bitmap of %d words", blob.Name, len(offsets.Named))
		}
		if want := int64(4*len(offsets.Offsets) + 8*len(offsets.Named)); m.bytes != want {
			t.Errorf("%s: %d bytes taken, %d used", blob.Name, m.bytes, want)
		}
		if want := (s.Len() + 63) / 64; offsets.Named != nil && len(offsets.Named) != want {
			t.Errorf("%s: a bitmap of %d words, want %d", blob.Name, len(offsets.Named), want)
		}
		checkNames(t, blob.Name+", offsets", s, offsets)
		checkNames(t, blob.Name+", packed", s, nameindex.Pack(s))
	}
}

func checkNames(t *testing.T, what string, s store.Section, names store.Names) {
	if names.Named == nil {
		return
	}
	k := 0
	for i := range s.Len() {
		want := s.NameBytes(s.NameOffset(i))
		if named := names.Named[i/64]>>(i%64)&1 != 0; named != (want != "") {
			t.Fatalf("%s: type %d has the name %q, says %v", what, i, want, named)
		}
		if want == "" {
			continue
		}
		got, _, ok := strings.Cut(names.Text[names.Offsets[k]:], "\x00")
		if got != want || !ok {
			t.Fatalf("%s: type %d has the name %q, says %q", what, i, want, got)
		}
		k++
	}
	if k != len(names.Offsets) {
		t.Errorf("%s: %d offsets for %d names", what, len(names.Offsets), k)
	}
}
