package btf_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/nameindex"
)

// packedBackend hands the matcher names, where the plain one leaves it to read the headers.
type packedBackend struct {
	data  string
	names btf.Names
}

func (p *packedBackend) Bytes() string                { return p.data }
func (p *packedBackend) Index(s *btf.Section) error   { p.names = nameindex.Pack(s); return nil }
func (p *packedBackend) Names(*btf.Section) btf.Names { return p.names }
func (p *packedBackend) Info() btf.Info               { return btf.Info{Backend: "packed"} }
func (p *packedBackend) Close() error                 { return nil }
func (p *packedBackend) AppendIDs(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	return s.AppendIDsScanning(dst, name)
}

// TestMatchBlocks matches names in numbers around those that are asked at once: 64 bits
// of a bitmap, and the names of some 1,000 headers.
func TestMatchBlocks(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 128, 1023, 1024, 1025, 3000} {
		for _, nameless := range []int{0, 2, 3} { // every one of so many
			b := btf.NewBuilder(btf.BuilderOptions{})
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
			packed, err := btf.Open(&packedBackend{data: string(data)}, btf.Options{})
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
	m, re := btf.MustCompile(expr), regexp.MustCompile(expr)
	var want []btf.ID
	for id, ty := range spec.All() {
		if name := ty.Name(); (name != "" || ty.IsAnonymous()) && re.MatchString(name) {
			want = append(want, id)
		}
	}
	if got, err := spec.IDsByMatch(m); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s among %d types: %d ids, %v; want %d", expr, spec.Section().Len(), len(got),
			err, len(want))
	}
}
