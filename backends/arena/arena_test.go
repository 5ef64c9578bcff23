package arena

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
)

// maps says that this system gives memory outside the Go heap.
var maps = slices.Contains([]string{"android", "darwin", "dragonfly", "freebsd", "ios", "linux",
	"netbsd", "openbsd", "solaris", "illumos", "windows"}, runtime.GOOS)

// modes are the options that change where memory is.
var modes = []struct {
	name    string
	offHeap bool
}{{"heap", false}, {"off-heap", true}}

func TestSuite(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			btftest.TestBackend(t, Backend{OffHeap: mode.offHeap})
		})
	}
}

// write puts data into a file of its own.
func write(t *testing.T, data []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "btf")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// mustOpen writes data to a file, opens it, and closes it at the end of the test.
func mustOpen(t *testing.T, data []byte, b Backend) *btf.Spec {
	t.Helper()
	spec, err := b.Open(write(t, data), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { spec.Close() })
	return spec
}

// TestInfo accounts for every byte.
func TestInfo(t *testing.T) {
	data := btftest.Kernel(nil)
	for _, mode := range modes {
		spec := mustOpen(t, data, Backend{OffHeap: mode.offHeap})
		info := spec.Info()
		if info.Backend != "arena" || info.DataBytes != int64(len(data)) {
			t.Errorf("%s: info %+v of %d bytes", mode.name, info, len(data))
		}
		if mapped := info.Mapped; mapped != (mode.offHeap && maps) ||
			mode.offHeap && mapped != (info.Why == "") {
			t.Errorf("%s on %s: info %+v", mode.name, runtime.GOOS, info)
		}
		named := 0
		for _, typ := range spec.All() {
			if typ.Name() != "" {
				named++
			}
		}
		types := store.SectionOf(spec).Len()
		least, most := types+14*named, 4*types+16*named+256
		if n := int(info.IndexBytes); n < least || n > most {
			t.Errorf("%s: %d bytes of index for %d types and %d names, want %d to %d",
				mode.name, n, types, named, least, most)
		}
		m := btf.MustMatcher("_")
		if _, err := spec.AppendIDsByMatch(nil, m); err != nil {
			t.Fatal(err)
		}
		want := info.IndexBytes + int64(4*named+(types+63)/64*8)
		if n := spec.Info().IndexBytes; n != want {
			t.Errorf("%s: %d bytes of index after a match, want %d", mode.name, n, want)
		}
	}
}

// TestRefused injects an error into taking memory from the system, from a certain block
// on, which must only make a difference to where the memory is.
func TestRefused(t *testing.T) {
	data := btftest.Kernel(nil)
	want, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	for given := range 3 {
		mapped := &fakeMaps{left: given}
		m := &memory{offHeap: true, mapMemory: mapped.get}
		own := m.Bytes(len(data))
		copy(own, data)
		spec, err := open(own, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		info := spec.Info()
		if refused := strings.Contains(info.Why, "injected"); refused != (given == 0) ||
			info.Mapped == refused {
			t.Errorf("after %d blocks: %+v", given, info)
		}
		for id, w := range want.All() {
			ids, err := spec.IDsByName(w.Name())
			if got, _ := spec.TypeByID(id); got.String() != w.String() || err != nil {
				t.Errorf("after %d blocks: type %v, want %v; error %v", given, got, w, err)
			}
			if w.Name() != "" && !slices.Contains(ids, id) {
				t.Errorf("after %d blocks: %q has types %v, want %d", given, w.Name(), ids, id)
			}
		}
		if err := spec.Close(); err != nil || mapped.open != 0 {
			t.Errorf("after %d blocks: close: %v, %d still open", given, err, mapped.open)
		}
	}
}

// fakeMaps gives blocks as long as any are left.
type fakeMaps struct{ left, open int }

func (f *fakeMaps) get(n int) ([]byte, block, error) {
	if f.left == 0 {
		return nil, nil, errors.New("injected")
	}
	f.left--
	f.open++
	return make([]byte, n+8), f, nil
}

func (f *fakeMaps) Unmap() error { f.open--; return nil }

// TestBlocksReturned opens and closes, in order and with an error, and sees all memory
// given back once the last Spec that needs it is closed.
func TestBlocksReturned(t *testing.T) {
	mapped := &fakeMaps{left: 100}
	m := &memory{offHeap: true, mapMemory: mapped.get}
	data := btftest.Kernel(nil)
	own := m.Bytes(len(data))
	copy(own, data)
	spec, err := open(own, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	module, err := Parse(btftest.Module(spec, nil), spec)
	if err != nil {
		t.Fatal(err)
	}
	held := mapped.open
	if held < 3 {
		t.Errorf("%d blocks for data and indexes", held)
	}
	for i, c := range []*btf.Spec{spec, spec, module, module} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if want := held * (1 - i/2); mapped.open != want {
			t.Errorf("%d blocks open after close %d, want %d", mapped.open, i, want)
		}
	}
	m = &memory{offHeap: true, mapMemory: mapped.get}
	m.Bytes(1)
	if err := errors.Join(m.free(), m.free()); err != nil || mapped.open != 0 || m.size.Load() != 0 {
		t.Errorf("given back twice: %v, %d blocks open", err, mapped.open)
	}
	own = m.Bytes(len(data))
	copy(own, data[:len(data)/2])
	if _, err := open(own, m, nil); !errors.Is(err, btf.ErrCorrupt) || mapped.open != 0 {
		t.Errorf("bad data: %v, %d blocks open", err, mapped.open)
	}
}

// TestNamesOutliveClose keeps names across Close in both modes.
func TestNamesOutliveClose(t *testing.T) {
	for _, mode := range modes {
		spec := mustOpen(t, btftest.Kernel(nil), Backend{OffHeap: mode.offHeap})
		var names, want []string
		for _, typ := range spec.All() {
			names = append(names, typ.Name())
			want = append(want, string(typ.AppendName(nil)))
		}
		if err := errors.Join(spec.Close(), spec.Close()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: names changed by Close", mode.name)
		}
		if _, err := spec.IDsByName("int"); !errors.Is(err, btf.ErrClosed) {
			t.Errorf("%s: by name: %v", mode.name, err)
		}
	}
}

// TestParseCopies changes the input afterwards.
func TestParseCopies(t *testing.T) {
	data := btftest.Kernel(nil)
	spec, err := Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if typ, err := spec.TypeByName("int"); err != nil || typ.Name() != "int" {
		t.Errorf("type %v, error %v", typ, err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "missing"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("directory: %v", err)
	}
	empty := write(t, nil)
	for _, mode := range modes {
		_, err := Backend{OffHeap: mode.offHeap}.Open(empty, nil)
		var format *btf.FormatError
		if !errors.As(err, &format) || format.Class != btf.ErrCorrupt ||
			!strings.Contains(err.Error(), empty) {
			t.Errorf("empty file, %s: %v", mode.name, err)
		}
	}
}

// TestConcurrentFirstQueries makes many goroutines the first to ask.
func TestConcurrentFirstQueries(t *testing.T) {
	for _, mode := range modes {
		spec := mustOpen(t, btftest.Kernel(nil), Backend{OffHeap: mode.offHeap})
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
				got, err := spec.AppendIDsByMatch(nil, m)
				if err != nil || len(want) == 0 || !slices.Equal(got, want) {
					t.Errorf("%s: matches %v, error %v; want %v", mode.name, got, err, want)
				}
				spec.Info()
			})
		}
		close(start)
		group.Wait()
	}
}

func TestNoAllocation(t *testing.T) {
	for _, mode := range modes {
		spec := mustOpen(t, btftest.Names(nil), Backend{OffHeap: mode.offHeap})
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
		// The first anonymous name is a query of its own kind.
		if allocs != 0 {
			t.Errorf("%s: %v allocations a query", mode.name, allocs)
		}
	}
}
