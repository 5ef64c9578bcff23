package btftest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
)

// hostile returns a blob of btftest.Hostile.
func hostile(b *testing.B, name string, n int) []byte {
	b.Helper()
	all := btftest.Hostile(n)
	i := slices.IndexFunc(all, func(blob *btftest.Blob) bool { return blob.Name == name })
	return all[i].Data
}

func parse(b *testing.B, data []byte) *btf.Spec {
	b.Helper()
	spec, err := btf.Parse(data, nil)
	if err != nil {
		b.Fatal(err)
	}
	return spec
}

// copyAll copies every type into a new Builder.
func copyAll(b *testing.B, spec *btf.Spec) {
	b.Helper()
	out := builder.New(builder.Options{Limits: builder.LimitsFormat})
	for _, t := range spec.All() {
		if !t.IsVoid() {
			out.Copy(t, nil)
		}
	}
	if _, err := out.Bytes(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkHostile asks what could be quadratic of n, 2n and 4n types that were made for that.
// TestSteps holds all of it in bounds; this shows it. elfx has the like for Relocate.
func BenchmarkHostile(b *testing.B) {
	const n = 2500
	for _, n := range []int{n, 2 * n, 4 * n} {
		size := fmt.Sprintf("/n=%d", n)
		shared, chain := hostile(b, "shared-name", n), hostile(b, "qualified", n)
		name := strings.Repeat("a", 12*n) // of all types in shared
		b.Run("query=IDsByName"+size, func(b *testing.B) {
			spec := parse(b, shared)
			for b.Loop() {
				if ids, err := spec.IDsByName(name); err != nil || len(ids) != 2*n+2 {
					b.Fatal(len(ids), err)
				}
			}
		})
		b.Run("query=PointerSize"+size, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer() // only the first call of a Spec works
				spec := parse(b, shared)
				b.StartTimer()
				spec.PointerSize()
			}
		})
		b.Run("query=Sizeof"+size, func(b *testing.B) {
			t, err := parse(b, chain).TypeByID(1)
			for b.Loop() {
				if bytes, ok := t.Sizeof(); bytes != 4 || !ok {
					b.Fatal(bytes, ok, err)
				}
			}
		})
		b.Run("query=Copy"+size, func(b *testing.B) {
			spec := parse(b, shared)
			for b.Loop() {
				copyAll(b, spec)
			}
		})
	}
}
