package btftest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// Plain is a backend without any index, as the core has it by itself: bytes on the heap, read
// whole, and lookups by name that read every record. Other backends are compared with it.
var Plain btf.Backend = plain{}

type plain struct{}

func (plain) Name() string { return "plain" }

func (plain) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	data, err := store.ReadFile(path)
	if err != nil {
		return nil, err
	}
	spec, err := btf.Parse([]byte(data), base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return spec, nil
}

func (plain) Parse(data []byte, base *btf.Spec) (*btf.Spec, error) { return btf.Parse(data, base) }

// TestBackend checks that a backend keeps the rules that package btf promises to its
// users, on files and on bytes, in both byte orders and mixed ones. Rules about split BTF
// are checked on a base in each of bases; in own, if there are none. All other rules are
// checked only if own is among them: whoever combines backends that have passed alone names
// the others. A failing rule is logged with the sentence that it checks.
func TestBackend(t *testing.T, own btf.Backend, bases ...btf.Backend) {
	if len(bases) == 0 {
		bases = []btf.Backend{own}
	}
	for _, base := range bases {
		other := base.Name() != own.Name()
		for _, way := range ways {
			s := setup{way: way, own: own, base: base, dir: t.TempDir()}
			t.Run("base="+base.Name()+"/"+way.name, func(t *testing.T) {
				for _, r := range rules() {
					if other && !r.split || r.once && way != ways[0] {
						continue // nothing new
					}
					t.Run(r.name, func(t *testing.T) {
						t.Log("the rule:", r.rule)
						r.check(t, s)
					})
				}
			})
		}
	}
}

// A rule is one promise.
type rule struct {
	name  string
	rule  string
	check func(*testing.T, setup)
	split bool // it is about split BTF, so that the base's backend matters
	once  bool // the way BTF is opened does not matter
}

func rules() []rule {
	return slices.Concat(idRules, nameRules, matchRules, viewRules, openRules, errorRules,
		closeRules, costRules)
}

// A way is how BTF is opened, and in which byte orders.
type way struct {
	name                string
	file                bool
	baseOrder, ownOrder binary.ByteOrder
}

var ways = []way{
	{"file", true, binary.LittleEndian, binary.LittleEndian},
	{"bytes", false, binary.LittleEndian, binary.LittleEndian},
	{"file-big-endian", true, binary.BigEndian, binary.BigEndian},
	{"bytes-on-big-endian", false, binary.BigEndian, binary.LittleEndian},
	{"bytes-big-endian-split", false, binary.LittleEndian, binary.BigEndian},
}

// A setup opens BTF for a rule. What it opens is closed at the end of the test.
type setup struct {
	way
	own, base btf.Backend
	dir       string // for files
}

// blobs is Blobs, made once. Nobody may change them.
var blobs = sync.OnceValue(Blobs)

// blobs returns the blobs. Where the base is in another backend, it leaves out those that have no
// base: the backend under test reads them when it is alone.
func (s setup) blobs() []*Blob {
	all := slices.Clone(blobs())
	if s.base.Name() != s.own.Name() {
		all = slices.DeleteFunc(all, func(b *Blob) bool { return b.Base == nil })
	}
	return all
}

// tryOpen opens data in b.
func (s setup) tryOpen(t *testing.T, b btf.Backend, data []byte, base *btf.Spec) (
	*btf.Spec, error) {
	t.Helper()
	var spec *btf.Spec
	var err error
	if s.file {
		spec, err = b.Open(s.write(t, data), base)
	} else {
		spec, err = b.Parse(data, base)
	}
	if err == nil {
		t.Cleanup(func() {
			if err := spec.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		})
	} else if spec != nil {
		t.Errorf("a Spec beside the error %v", err)
	}
	return spec, err
}

// write writes data to a file of its own.
func (s setup) write(t *testing.T, data []byte) (path string) {
	t.Helper()
	f, err := os.CreateTemp(s.dir, "btf")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// open opens data in the backend under test.
func (s setup) open(t *testing.T, data []byte, base *btf.Spec) *btf.Spec {
	t.Helper()
	return s.openIn(t, s.own, data, base)
}

func (s setup) openIn(t *testing.T, b btf.Backend, data []byte, base *btf.Spec) *btf.Spec {
	t.Helper()
	spec, err := s.tryOpen(t, b, data, base)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// kernel opens Kernel in the base's backend.
func (s setup) kernel(t *testing.T) *btf.Spec {
	t.Helper()
	return s.openIn(t, s.base, Kernel(s.baseOrder), nil)
}

// module opens Module in the backend under test, on kernel.
func (s setup) module(t *testing.T, kernel *btf.Spec) *btf.Spec {
	t.Helper()
	return s.open(t, Module(kernel, s.ownOrder), kernel)
}

// blob opens a blob of Blobs, its bases in the base's backend.
func (s setup) blob(t *testing.T, b *Blob) *btf.Spec {
	t.Helper()
	var base *btf.Spec
	if b.Base != nil {
		bases := s
		bases.own = s.base
		base = bases.blob(t, b.Base)
	}
	return s.open(t, b.Data, base)
}

// mustID returns the type with the id.
func mustID(t *testing.T, spec *btf.Spec, id btf.TypeID) btf.Type {
	t.Helper()
	ty, err := spec.TypeByID(id)
	if err != nil || ty.ID() != id {
		t.Fatalf("type %d: %v, %v", id, ty, err)
	}
	return ty
}

// mustName returns the type with the name and kind.
func mustName(t *testing.T, spec *btf.Spec, name string, kind btf.Kind) btf.Type {
	t.Helper()
	ty, err := spec.TypeByName(name, kind)
	if err != nil {
		t.Fatalf("%v %s: %v", kind, name, err)
	}
	return ty
}

// wantIDs checks the answer to a query that allows no error.
func wantIDs(t *testing.T, what string, got []btf.TypeID, err error, want []btf.TypeID) {
	t.Helper()
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %v, %v; want %v", what, got, err, want)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v; want %v", what, err, want)
	}
}

// hangs is far beyond what anything here takes, on any machine, unless it hangs or is
// quadratic.
const hangs = time.Minute

// within fails if f does not return before it must be hanging.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(hangs):
		t.Fatalf("%s: no answer within %v", what, hangs)
	}
}
