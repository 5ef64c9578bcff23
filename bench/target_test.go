package bench_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

// Every row runs on every backend, and all do the same work.
func TestRowsAgree(t *testing.T) {
	rows := append(bench.Rows(input.workload, false, true, 2), "OpenCold")
	for _, row := range rows {
		n := 3
		if row == "OpenCold" {
			n = 1
		}
		sums := make(map[uint64][]string)
		for _, backend := range bench.Backends() {
			target := target(backend)
			s, err := target.Run(row, n)
			if err != nil {
				t.Fatal(err)
			}
			if s.N != n || s.Time <= 0 || s.Defined != bench.InProtocol(row) {
				t.Errorf("%s on %s: sample %+v", row, backend.Name(), s)
			}
			sums[s.Sum] = append(sums[s.Sum], backend.Name())
			if err := target.Close(); err != nil {
				t.Error(err)
			}
		}
		if len(sums) != 1 {
			t.Errorf("%s: checksums differ: %v", row, sums)
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
	w := &bench.Workload{
		IDs: []btf.TypeID{skb.ID()}, Hits: []string{"sk_buff"}, Misses: []string{"absent"},
		Patterns: bench.Patterns([]string{"^sk_buff$"}),
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
	for row, want := range map[string]uint64{
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
		target := &bench.Target{Backend: bench.Backends()[0], Path: path, Workload: w}
		s, err := target.Run(row, 2)
		if err != nil {
			t.Fatal(err)
		}
		if s.Sum != want {
			t.Errorf("%s: checksum %d, want %d", row, s.Sum, want)
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
		for _, row := range []string{"TypeByID", "IDsByName/hit", "IDsByName/miss"} {
			const n = 2000
			if _, err := target.Run(row, n); err != nil {
				t.Fatal(err)
			}
			s, err := target.Run(row, n)
			if err != nil {
				t.Fatal(err)
			}
			if s.Allocs > 50 { // the runtime's own, and buffers that a collection took
				t.Errorf("%s on %s: %d allocations in %d operations", row, backend.Name(), s.Allocs, n)
			}
		}
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTargetErrors(t *testing.T) {
	empty := &bench.Target{
		Backend: bench.Backends()[0], Path: input.source.Path, Workload: new(bench.Workload),
	}
	defer empty.Close()
	used := target(bench.Backends()[0])
	defer used.Close()
	if _, err := used.Spec(); err != nil {
		t.Fatal(err)
	}
	missing := &bench.Target{
		Backend: bench.Backends()[0], Path: filepath.Join(t.TempDir(), "gone"),
		Workload: input.workload,
	}
	for _, c := range []struct {
		target *bench.Target
		row    string
		n      int
		want   string
	}{
		{used, "Bogus", 1, "Bogus: unknown row"},
		{used, "Bogus/pattern=^tcp_", 1, "unknown row"},
		{used, "IDsByRegex/pattern=nope", 1, "no pattern with that label"},
		{used, "TypeByID", 0, "at least one operation"},
		{used, "OpenCold", 1, "a process that opened nothing"},
		{used, "SplitOpen", 1, "wants split BTF and its base"},
		{used, "TypeByID/goroutines=x", 1, `count of goroutines "x"`},
		{empty, "TypeByID", 1, "no entries"},
		{empty, "IDsByName/hit", 1, "no entries"},
		{empty, "OpenFirstName", 1, "no entries"},
		{missing, "Open", 1, "gone"},
	} {
		_, err := c.target.Run(c.row, c.n)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %d: error %v, want %q in it", c.row, c.n, err, c.want)
		}
	}
}

func TestSelect(t *testing.T) {
	names := func(option string) string {
		backends, err := bench.Select(option)
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, b := range backends {
			list = append(list, b.Name())
		}
		return strings.Join(list, " ")
	}
	for option, want := range map[string]string{
		"default":    bench.Default,
		"all":        "cache mmap arena",
		"arena,mmap": "arena mmap",
		"nope":       `backend "nope": unknown, one of default, all, cache, mmap, arena`,
		"":           `backend "": unknown, one of default, all, cache, mmap, arena`,
	} {
		if got := names(option); got != want {
			t.Errorf("%q: %s, want %s", option, got, want)
		}
	}
}
