package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
)

func TestSuite(t *testing.T) {
	btftest.TestBackend(t, Backend{})
}

func parse(t *testing.T, data []byte) *btf.Spec {
	t.Helper()
	spec, err := Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// TestInfo accounts for the memory, to which the first match adds.
func TestInfo(t *testing.T) {
	data := btftest.Kernel(nil)
	spec := parse(t, data)
	info := spec.Info()
	if info.Backend != "cache" || info.Mapped || info.Why != "" ||
		info.DataBytes != int64(len(data)) {
		t.Errorf("info %+v of %d bytes", info, len(data))
	}
	named, text := 0, 0
	for _, typ := range spec.All() {
		if n := len(typ.Name()); n > 0 {
			named++
			text += n + 1
		}
	}
	types := store.SectionOf(spec).Len()
	if n := int(info.IndexBytes); n < types+14*named || n > 4*types+18*named+256 {
		t.Errorf("%d bytes of index for %d types and %d names", n, types, named)
	}
	if _, err := spec.IDsByMatch(btf.MustMatcher("_")); err != nil {
		t.Fatal(err)
	}
	want := info.IndexBytes + int64(text+4*named+(types+63)/64*8)
	if n := spec.Info().IndexBytes; n != want {
		t.Errorf("%d bytes of index after a match, want %d", n, want)
	}
}

// TestMemory counts what it hands out.
func TestMemory(t *testing.T) {
	b := new(blob)
	b.Words8(3)
	b.Words32(5)
	b.Words64(7)
	if n := b.size.Load(); n != 3+4*5+8*7 {
		t.Errorf("%d bytes", n)
	}
}

func TestParseCopies(t *testing.T) {
	data := btftest.Kernel(nil)
	spec := parse(t, data)
	clear(data)
	if typ, err := spec.TypeByName("int"); err != nil || typ.Name() != "int" {
		t.Errorf("type %v, error %v", typ, err)
	}
}

func TestClose(t *testing.T) {
	spec := parse(t, btftest.Kernel(nil))
	typ, err := spec.TypeByName("sk_buff")
	if err != nil {
		t.Fatal(err)
	}
	name := typ.Name()
	if err := errors.Join(spec.Close(), spec.Close()); err != nil {
		t.Fatal(err)
	}
	if name != "sk_buff" || typ.Name() != "" || typ.Kind() != btf.KindVoid {
		t.Errorf("after Close: name %q, type %v", name, typ)
	}
	if _, err := spec.IDsByName(name); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "missing"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var format *btf.FormatError
	if _, err := Open(empty, nil); !errors.As(err, &format) || format.Class != btf.ErrCorrupt ||
		!strings.Contains(err.Error(), empty) {
		t.Errorf("empty file: %v", err)
	}
}

// TestConcurrentFirstMatches makes many goroutines the first to match.
func TestConcurrentFirstMatches(t *testing.T) {
	spec := parse(t, btftest.Kernel(nil))
	m := btf.MustMatcher("^t")
	var want []btf.TypeID
	for id, typ := range spec.All() {
		if strings.HasPrefix(typ.Name(), "t") {
			want = append(want, id)
		}
	}
	var group sync.WaitGroup
	start := make(chan struct{})
	for range 16 {
		group.Go(func() {
			<-start
			got, err := spec.IDsByMatch(m)
			if err != nil || len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("matches %v, error %v; want %v", got, err, want)
			}
			spec.Info()
		})
	}
	close(start)
	group.Wait()
}

func TestNoAllocation(t *testing.T) {
	spec := parse(t, btftest.Names(nil))
	var names []string
	for _, typ := range spec.All() {
		names = append(names, typ.Name(), typ.Name()+"?")
	}
	dst := make([]btf.TypeID, 0, 64)
	i := 0
	allocs := testing.AllocsPerRun(len(names), func() {
		dst, _ = spec.AppendIDsByName(dst[:0], names[i%len(names)])
		typ, _ := spec.TypeByID(btf.TypeID(i % len(names)))
		typ.Kind()
		i++
	})
	if allocs != 0 {
		t.Errorf("%v allocations a query", allocs)
	}
}
