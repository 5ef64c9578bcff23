package derived

import (
	"fmt"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/elements"
)

// TestElements asks an Index for every name of every element of kernels and modules, and the
// functions for some of them.
func TestElements(t *testing.T) {
	t.Parallel()
	asked := 0
	for _, name := range []string{"deb-6.12-cloud-amd64/nf_conntrack", "deb-7.2-amd64/xfs",
		"deb-7.2-arm64/vmlinux", "deb-7.2-s390x/vmlinux"} {
		b := open(t, name)
		index := elements.NewIndex(b.spec)
		enumerators, members := oracleElements(b.oracle)
		for name, want := range enumerators {
			if got := values(index.Enumerators(name)); !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", name, got, want)
			}
			if asked++; asked%1000 == 0 {
				if got := values(elements.EnumeratorsByName(b.spec, name)); !slices.Equal(got, want) {
					t.Fatalf("%s: %v, want %v", name, got, want)
				}
			}
		}
		for name, want := range members {
			if got := places(index.Members(name)); !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", name, got, want)
			}
			if asked++; asked%1000 == 0 {
				if got := places(elements.MembersByName(b.spec, name)); !slices.Equal(got, want) {
					t.Fatalf("%s: %v, want %v", name, got, want)
				}
			}
		}
		checkMatches(t, b, enumerators, members)
	}
	t.Logf("%d names", asked)
	if asked < 150_000 {
		t.Errorf("%d names", asked)
	}
}

// checkMatches compares what expressions select with what package regexp selects from the oracle.
func checkMatches(t *testing.T, b *blob, enumerators, members map[string][]element) {
	t.Helper()
	for _, expr := range []string{"^SKB_DROP_REASON_", "(?i)state$", "^(rx|tx)_[a-z]{3,5}$"} {
		m := btf.MustMatcher(expr)
		count := func(all map[string][]element) (n int) {
			for name, list := range all {
				if m.MatchString(name) {
					n += len(list)
				}
			}
			return n
		}
		n := len(values(elements.EnumeratorsByMatch(b.spec, m)))
		if want := count(enumerators); n != want {
			t.Errorf("%s: %d enumerators match %s, want %d", b.name, n, expr, want)
		}
		n = len(places(elements.MembersByMatch(b.spec, m)))
		if want := count(members); n != want || n == 0 && expr == "(?i)state$" {
			t.Errorf("%s: %d members match %s, want %d", b.name, n, expr, want)
		}
	}
}

// BenchmarkElements finds an element by name and all by expression, and builds an Index.
func BenchmarkElements(b *testing.B) {
	k := open(b, newest)
	index := elements.NewIndex(k.spec)
	enumerators, _ := oracleElements(k.oracle)
	var names []string
	for name := range enumerators {
		names = append(names, name)
	}
	b.Run("index/hit", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			for range index.Enumerators(names[i]) {
				break
			}
			if i++; i == len(names) {
				i = 0
			}
		}
	})
	b.Run("index/build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			elements.NewIndex(k.spec)
		}
	})
	for _, name := range []string{"SKB_CONSUMED", "no_such"} {
		b.Run(fmt.Sprint("enumerators/", name), func(b *testing.B) {
			for b.Loop() {
				for range elements.EnumeratorsByName(k.spec, name) {
				}
			}
		})
	}
	b.Run("members/name", func(b *testing.B) {
		for b.Loop() {
			for range elements.MembersByName(k.spec, "skc_dport") {
			}
		}
	})
	b.Run("enumerators/match", func(b *testing.B) {
		m := btf.MustMatcher("^SKB_DROP_REASON_")
		for b.Loop() {
			for range elements.EnumeratorsByMatch(k.spec, m) {
			}
		}
	})
}
