package mmap

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

// maps says that this system maps files.
var maps = slices.Contains([]string{"android", "darwin", "dragonfly", "freebsd", "ios", "linux",
	"netbsd", "openbsd", "solaris", "illumos", "windows"}, runtime.GOOS)

func TestSuite(t *testing.T) {
	btftest.TestBackend(t, Backend{})
}

func TestSuiteCopy(t *testing.T) {
	btftest.TestBackend(t, Backend{Copy: true})
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

// mustOpen opens a file and closes it at the end of the test.
func mustOpen(t *testing.T, path string, b Backend) *btf.Spec {
	t.Helper()
	spec, err := b.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { spec.Close() })
	return spec
}

func TestInfo(t *testing.T) {
	data := btftest.Kernel(nil)
	path := write(t, data)
	spec := mustOpen(t, path, Backend{})
	info := spec.Info()
	if info.Backend != "mmap" || info.DataBytes != int64(len(data)) {
		t.Errorf("info %+v of %d bytes", info, len(data))
	}
	if mapped := info.Mapped; mapped != maps || mapped != (info.Why == "") {
		t.Errorf("info %+v on %s", info, runtime.GOOS)
	}
	open := info.IndexBytes
	for range scansPerIndex { // they prepare nothing
		if ids, err := spec.IDsByName("no such name"); len(ids) != 0 || err != nil {
			t.Errorf("ids %v, error %v", ids, err)
		}
		if got := spec.Info().IndexBytes; got != open {
			t.Errorf("%d bytes at once to find types by name", got-open)
		}
	}
	for range 2 {
		if ids, err := spec.IDsByName("no such name"); len(ids) != 0 || err != nil {
			t.Errorf("ids %v, error %v", ids, err)
		}
	}
	types := 0
	for _, ty := range spec.All() {
		if ty.NameOffset() != 0 {
			types++
		}
	}
	want := int64(types+types/bucketLen+2) * 4
	if got := spec.Info().IndexBytes - open; got != want {
		t.Errorf("%d bytes to find %d types by name, want %d", got, types, want)
	}
	parsed, err := Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if info := parsed.Info(); info.Mapped || info.Why == "" {
		t.Errorf("info of parsed bytes %+v", info)
	}
}

// TestMemory counts what it hands out.
func TestMemory(t *testing.T) {
	b := new(blob)
	b.Words8(3)
	b.Words32(5)
	b.Words64(7)
	if b.idTable != 3+4*5+8*7 {
		t.Errorf("%d bytes", b.idTable)
	}
}

func TestName(t *testing.T) {
	for want, b := range map[string]Backend{"mmap": {}, "mmap-copy": {Copy: true},
		"mmap-least": {LeastMemory: true}, "mmap-copy-least": {Copy: true, LeastMemory: true}} {
		if got := b.Name(); got != want {
			t.Errorf("%+v is called %s, not %s", b, got, want)
		}
	}
}

// TestRefused injects an error into mapping, which must only make a difference to where
// the bytes are.
func TestRefused(t *testing.T) {
	path := write(t, btftest.Kernel(nil))
	refused := errors.New("injected")
	calls := 0
	spec, err := Backend{}.openWith(func(f *os.File, size int) (*mapping, error) {
		calls++
		return nil, refused
	}, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Close()
	info := spec.Info()
	if calls != 1 || info.Mapped || !strings.Contains(info.Why, "injected") {
		t.Errorf("after %d calls: %+v", calls, info)
	}
	mapped := mustOpen(t, path, Backend{})
	for id, want := range mapped.All() {
		got, err := spec.TypeByID(id)
		if err != nil || got.String() != want.String() {
			t.Errorf("type %d is %v, error %v; mapped, it is %v", id, got, err, want)
		}
	}
}

// TestMapCalled hands out memory of the test's own and sees it given back, once, when the
// last Spec that needs it is closed, or when the bytes are refused.
func TestMapCalled(t *testing.T) {
	for _, test := range []struct {
		name string
		data []byte
		ok   bool
	}{{"good", btftest.Kernel(nil), true}, {"bad", []byte("not BTF at all"), false}} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.data)
			unmapped := 0
			spec, err := Backend{}.openWith(func(f *os.File, size int) (*mapping, error) {
				if size != len(test.data) || f.Name() != path {
					t.Errorf("%d bytes of %s, want %d of %s", size, f.Name(), len(test.data), path)
				}
				return &mapping{test.data, func() error { unmapped++; return nil }}, nil
			}, path, nil)
			if (err == nil) != test.ok {
				t.Fatal(err)
			}
			if spec == nil {
				if unmapped != 1 {
					t.Errorf("unmapped %d times after the error %v", unmapped, err)
				}
				return
			}
			module, err := Parse(btftest.Module(spec, nil), spec)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range []*btf.Spec{spec, spec, module, module} {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				if want := i / 2; unmapped != want {
					t.Errorf("unmapped %d times after close %d, want %d", unmapped, i, want)
				}
			}
		})
	}
}

// TestUnmapError passes on what unmapping says.
func TestUnmapError(t *testing.T) {
	data := btftest.Kernel(nil)
	stuck := errors.New("stuck")
	spec, err := Backend{}.openWith(func(*os.File, int) (*mapping, error) {
		return &mapping{data, func() error { return stuck }}, nil
	}, write(t, data), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Close(); !errors.Is(err, stuck) {
		t.Errorf("close: %v, want %v", err, stuck)
	}
	if err := spec.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// TestCopy truncates a file that is open, and reads on.
func TestCopy(t *testing.T) {
	path := write(t, btftest.Kernel(nil))
	spec := mustOpen(t, path, Backend{Copy: true})
	if info := spec.Info(); info.Mapped || info.Why == "" {
		t.Errorf("info %+v", info)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	want, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, typ := range spec.All() {
		if w, _ := want.TypeByID(id); typ.String() != w.String() {
			t.Errorf("type %v, want %v", typ, w)
		}
	}
}

// TestClose asks after Close for whatever was handed out before.
func TestClose(t *testing.T) {
	spec := mustOpen(t, write(t, btftest.Kernel(nil)), Backend{})
	var types []btf.Type
	var names, want []string
	for _, typ := range spec.All() {
		types = append(types, typ)
		names = append(names, typ.Name())
		want = append(want, string(typ.AppendName(nil)))
	}
	for range 2 {
		if err := spec.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(names, want) {
		t.Error("names changed by Close")
	}
	for _, typ := range types {
		if k, n := typ.Kind(), typ.Name(); k != btf.KindVoid || n != "" || typ.NameIs("int") {
			t.Fatalf("a type after Close: %v %q", k, n)
		}
	}
	if _, err := spec.IDsByName("int"); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("by name: %v", err)
	}
	if _, err := spec.TypeByID(1); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("by id: %v", err)
	}
	if info := spec.Info(); info != (btf.Info{}) {
		t.Errorf("info %+v", info)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	if _, err := Open(missing, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("directory: %v", err)
	}
	var format *btf.FormatError
	empty := write(t, nil)
	_, err := Open(empty, nil)
	if !errors.As(err, &format) || format.Class != btf.ErrCorrupt ||
		!strings.Contains(err.Error(), empty) {
		t.Errorf("empty file: %v", err)
	}
}
