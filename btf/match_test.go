package btf_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/btf/store/nameindex"
)

// packedStore hands the matcher names, where the plain one leaves it to read the headers.
type packedStore struct {
	store.Section
	data  string
	names store.Names
}

func (p *packedStore) Bytes() string { return p.data }
func (p *packedStore) Index(s store.Section) error {
	p.Section, p.names = s, nameindex.Pack(s)
	return nil
}

func (p *packedStore) Names() store.Names { return p.names }
func (p *packedStore) Info() btf.Info     { return btf.Info{Backend: "packed"} }
func (p *packedStore) Close() error       { return nil }
func (p *packedStore) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	return p.AppendIDsScanning(dst, name)
}

// TestMatchBlocks matches names in numbers around those that are asked at once: 64 bits
// of a bitmap, and the names of some 1,000 headers.
func TestMatchBlocks(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 128, 1023, 1024, 1025, 3000} {
		for _, nameless := range []int{0, 2, 3} { // every one of so many
			b := builder.New(builder.Options{})
			for i := range n {
				if nameless != 0 && i%nameless == 0 {
					b.Ptr(0)
				}
				b.Typedef(fmt.Sprintf("t%d", i), 0)
			}
			data, err := b.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			packed, err := store.Open(&packedStore{data: string(data)}, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range []*btf.Spec{parse(t, data, nil), packed} {
				for _, expr := range []string{"^t", "[13579]$", "^t[0-9]*7", "^$"} {
					checkMatches(t, spec, expr)
				}
			}
		}
	}
}

func checkMatches(t *testing.T, spec *btf.Spec, expr string) {
	t.Helper()
	m, re := btf.MustMatcher(expr), regexp.MustCompile(expr)
	var want []btf.TypeID
	for id, ty := range spec.All() {
		if name := ty.Name(); (name != "" || ty.IsAnonymous()) && re.MatchString(name) {
			want = append(want, id)
		}
	}
	if got, err := spec.IDsByMatch(m); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s among %d types: %d ids, %v; want %d", expr, store.SectionOf(spec).Len(), len(got),
			err, len(want))
	}
}
