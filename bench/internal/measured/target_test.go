package measured_test

import (
	"errors"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/internal/measured"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/corpus/kernel"
)

// input is what tests of whole kernels read.
var input struct {
	path     string
	workload *workload.Workload
}

func TestMain(m *testing.M) {
	status, err := 1, prepare()
	if err == nil {
		status = m.Run()
	}
	if err := errors.Join(err, os.RemoveAll(filepath.Dir(input.path))); err != nil {
		log.Fatal(err)
	}
	os.Exit(status)
}

// prepare writes the embedded kernel to a file.
func prepare() error {
	dir, err := os.MkdirTemp("", "btfkit-measured-")
	if err != nil {
		return err
	}
	input.path = filepath.Join(dir, "vmlinux")
	data, err := kernel.Bytes()
	if err != nil {
		return err
	}
	spec, err := bench.Backends()[0].Parse(data, nil)
	if err != nil {
		return err
	}
	input.workload = workload.Generate(spec, 1)
	return errors.Join(spec.Close(), os.WriteFile(input.path, data, 0o600))
}

func target(backend btf.Backend) *measured.Target {
	return &measured.Target{Backend: backend, Path: input.path, Workload: input.workload}
}

// parse returns the row of that name.
func parse(t *testing.T, name string) row.Row {
	t.Helper()
	r, err := row.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every row runs on every backend, and all do the same work.
func TestRowsAgree(t *testing.T) {
	rows := slices.Concat(input.workload.Rows(false), input.workload.TaskRows(),
		input.workload.ParallelRows(2))
	for _, r := range append(rows, row.Row{Op: row.OpenCold}) {
		n := 3
		if r.Op == row.OpenCold {
			n = 1
		}
		sums := make(map[uint64][]string)
		for _, backend := range bench.Backends() {
			target := target(backend)
			s, err := target.Run(r, n)
			if err != nil {
				t.Fatal(err)
			}
			if s.N != n || s.Time <= 0 || s.Defined != (r.Goroutines == 0) {
				t.Errorf("%s on %s: sample %+v", r, backend.Name(), s)
			}
			sums[s.Sum] = append(sums[s.Sum], backend.Name())
			if err := target.Close(); err != nil {
				t.Error(err)
			}
		}
		if len(sums) != 1 {
			t.Errorf("%s: checksums differ: %v", r, sums)
		}
	}
}

// The checksums are those that bench/peers/README.md defines.
func TestChecksums(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernel")
	if err := os.WriteFile(path, btftest.Kernel(nil), 0o600); err != nil {
		t.Fatal(err)
	}
	spec, err := btftest.Plain.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	skb, err := spec.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		t.Fatal(err)
	}
	w := &workload.Workload{
		IDs: []btf.TypeID{skb.ID()}, Hits: []string{"sk_buff"}, Misses: []string{"absent"},
		Patterns: workload.Patterns([]string{"^sk_buff$"}),
	}
	size, _ := skb.Size()
	kindSize := uint64(btf.KindStruct) + uint64(size)
	ids, err := spec.IDsByName("sk_buff")
	if err != nil {
		t.Fatal(err)
	}
	var regex uint64
	for _, id := range ids {
		regex += 1 + uint64(id)
	}
	for name, want := range map[string]uint64{
		"Open":                         2,
		"OpenFirstName":                2 * uint64(skb.ID()),
		"TypeByID":                     2 * kindSize,
		"NameByID":                     2 * (7 + 's'),
		"IDsByName/hit":                2 * uint64(skb.ID()),
		"IDsByName/miss":               0,
		"TypesByName/hit":              2 * kindSize,
		"IDsByRegex/pattern=^sk_buff$": 2 * regex,
		"Iterate":                      2 * iterate(spec),
	} {
		target := &measured.Target{Backend: bench.Backends()[0], Path: path, Workload: w}
		s, err := target.Run(parse(t, name), 2)
		if err != nil {
			t.Fatal(err)
		}
		if s.Sum != want {
			t.Errorf("%s: checksum %d, want %d", name, s.Sum, want)
		}
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	}
}

func iterate(spec *btf.Spec) (sum uint64) {
	for _, t := range spec.All() {
		k := t.Kind()
		if k == btf.KindEnum64 {
			k = btf.KindEnum
		}
		sum += uint64(k)
		if t.Name() != "" {
			sum++
		}
	}
	return sum
}

// What the timed loops allocate is the library's: these rows must not allocate at all.
func TestLoopsDoNotAllocate(t *testing.T) {
	for _, backend := range bench.Backends() {
		target := target(backend)
		for _, name := range []string{"TypeByID", "IDsByName/hit", "IDsByName/miss"} {
			const n = 2000
			if _, err := target.Run(parse(t, name), n); err != nil {
				t.Fatal(err)
			}
			s, err := target.Run(parse(t, name), n)
			if err != nil {
				t.Fatal(err)
			}
			if s.Allocs > 50 { // the runtime's own, and buffers that a collection took
				t.Errorf("%s on %s: %d allocations in %d operations", name, backend.Name(), s.Allocs, n)
			}
		}
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTargetErrors(t *testing.T) {
	empty := &measured.Target{
		Backend: bench.Backends()[0], Path: input.path, Workload: new(workload.Workload),
	}
	defer empty.Close()
	used := target(bench.Backends()[0])
	defer used.Close()
	if _, err := used.Spec(); err != nil {
		t.Fatal(err)
	}
	missing := &measured.Target{
		Backend: bench.Backends()[0], Path: filepath.Join(t.TempDir(), "gone"),
		Workload: input.workload,
	}
	for _, c := range []struct {
		target *measured.Target
		name   string
		n      int
		want   string
	}{
		{used, "TypesByName/miss", 1, "TypesByName/miss: unknown row"},
		{used, "IDsByName/miss/goroutines=2", 1, "unknown row"},
		{used, "CollectionOpen/workers=1", 1, "unknown row"},
		{used, "Memory/stage=open", 1, "unknown row"},
		{used, "IDsByRegex/pattern=nope", 1, "no pattern with that label"},
		{used, "TypeByID", 0, "at least one operation"},
		{used, "OpenCold", 1, "a process that opened nothing"},
		{used, "SplitOpen", 1, "wants split BTF and its base"},
		{empty, "TypeByID", 1, "no entries"},
		{empty, "IDsByName/hit", 1, "no entries"},
		{empty, "OpenFirstName", 1, "no entries"},
		{empty, "TypeByID/goroutines=2", 1, "no entries"},
		{missing, "Open", 1, "gone"},
	} {
		_, err := c.target.Run(parse(t, c.name), c.n)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %d: error %v, want %q in it", c.name, c.n, err, c.want)
		}
	}
}
