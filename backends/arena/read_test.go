package arena

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf/btftest"
)

// TestReadInPlace reads a file with one allocation of its size.
func TestReadInPlace(t *testing.T) {
	want := btftest.Chain(100_000)
	path := write(t, want)
	m := newMemory(false)
	got, err := readFile(path, m)
	if err != nil || !bytes.Equal(got, want) || cap(got) != len(want) {
		t.Fatalf("%d bytes of %d, capacity %d, error %v", len(got), len(want), cap(got), err)
	}
	if n := m.size.Load(); n != int64(len(want)) {
		t.Errorf("%d bytes taken for %d", n, len(want))
	}
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := readFile(path, newMemory(false)); err != nil {
				b.Fatal(err)
			}
		}
	})
	if n := result.AllocedBytesPerOp(); n > int64(len(want))*21/20 {
		t.Errorf("reading %d bytes allocates %d", len(want), n)
	}
}

// TestReadHuge opens a file that claims a terabyte: memory goes by its header.
func TestReadHuge(t *testing.T) {
	data := btftest.Kernel(nil)
	for _, test := range []struct {
		name string
		data []byte
		ok   bool
	}{{"blob", data, true}, {"no header", make([]byte, 100), false}} {
		path := write(t, test.data)
		if err := os.Truncate(path, 1<<40); err != nil {
			skip(t, "files", fmt.Sprintf("no sparse files here (%v): set TMPDIR to a file system "+
				"that has them", err))
		}
		m := newMemory(false)
		got, err := readFile(path, m)
		if err != nil || len(got) > 8<<10 || !bytes.HasPrefix(got, test.data) {
			t.Errorf("%s: %d bytes read, error %v", test.name, len(got), err)
		}
		spec, err := Open(path, nil)
		if (err == nil) != test.ok {
			t.Errorf("%s: error %v", test.name, err)
		}
		if err == nil {
			spec.Close()
		}
	}
}

// TestReadWrongSize reads files whose size says nothing: those of /proc are all empty.
func TestReadWrongSize(t *testing.T) {
	const path = "/proc/self/status"
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		skip(t, "files", fmt.Sprintf("no file with a wrong size (%v): run on Linux with /proc "+
			"mounted", err))
	}
	got, err := readFile(path, newMemory(true))
	if err != nil || !bytes.Contains(got, []byte("VmRSS")) {
		t.Errorf("%q, error %v", got, err)
	}
}

// TestVmlinux reads the running kernel's BTF in both modes, and asks for what the other
// bytes say.
func TestVmlinux(t *testing.T) {
	path := vmlinux(t)
	want, err := btftest.Plain.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range modes {
		spec, err := Backend{OffHeap: mode.offHeap}.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", spec.Info())
		for id, w := range want.All() {
			got, err := spec.TypeByID(id)
			if err != nil || got.Kind() != w.Kind() || !got.NameIs(w.Name()) {
				t.Fatalf("%s: type %d is %v, error %v; want %v", mode.name, id, got, err, w)
			}
			if w.Name() == "" || id%7 != 0 {
				continue
			}
			if ids, err := spec.IDsByName(w.Name()); err != nil || !slices.Contains(ids, id) {
				t.Fatalf("%s: name %s: %v, error %v; want %d", mode.name, w.Name(), ids, err, id)
			}
		}
		if err := spec.Close(); err != nil {
			t.Error(err)
		}
	}
}

// vmlinux returns the path of the running kernel's BTF.
func vmlinux(tb testing.TB) string {
	const path = "/sys/kernel/btf/vmlinux"
	if _, err := os.Stat(path); err != nil {
		skip(tb, "vmlinux", err.Error()+": run on Linux with CONFIG_DEBUG_INFO_BTF=y and /sys mounted")
	}
	return path
}

// skip skips a test that needs more than Go; it fails where BTFKIT_REQUIRE has what it needs.
func skip(tb testing.TB, need, why string) {
	tb.Helper()
	if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), need) {
		tb.Fatalf("BTFKIT_REQUIRE has %s, but %s", need, why)
	}
	tb.Skip(why)
}
