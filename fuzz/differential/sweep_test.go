package differential

import (
	"bytes"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus/mutate"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/internal/inplace"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// TestSweep mutates every small blob, field by field (see corpus/mutate), and reads each
// result in all backends.
func TestSweep(t *testing.T) {
	// A mutation costs what its blob's size costs: bytesEach bounds what large ones take. Synthetic
	// blobs have fewer each, since several of them have the same shape.
	const perBlob, perSynthetic, bytesEach, atLeast = 6000, 2000, 6 << 20, 150_000
	start := time.Now()
	var total atomic.Int64
	var found atomic.Bool // one disagreement is enough to look at
	t.Run("blobs", func(t *testing.T) {
		for _, b := range blobs.Small() {
			t.Run(b.Name, func(t *testing.T) {
				t.Parallel()
				limit := perBlob
				if b.IsSynthetic() {
					limit = perSynthetic
				}
				total.Add(int64(sweep(t, b, min(limit, bytesEach/len(b.Bytes(t))), &found)))
			})
		}
	})
	t.Logf("%d mutations in %d backends, %v", total.Load(), len(oracle.Backends),
		time.Since(start).Round(time.Millisecond))
	if total.Load() < atLeast && !found.Load() {
		t.Errorf("%d mutations are fewer than %d: raise perBlob", total.Load(), atLeast)
	}
}

// sweep applies about limit mutations of b and returns how many they were.
func sweep(t *testing.T, b *blobs.Blob, limit int, found *atomic.Bool) (n int) {
	o := &mutate.Options{Max: limit, Seed: 1}
	var bases []*btf.Spec
	base := b.OracleBase(t)
	if base != nil {
		for _, backend := range oracle.Backends {
			bases = append(bases, b.OpenBase(t, backend))
		}
		o.BaseTypes, o.BaseStrings = base.End()-1, base.StrStart+uint32(len(base.Strings))
	}
	v := oracle.Verdicts{}
	for edit, data := range mutate.Sweep(bytes.Clone(b.Bytes(t)), o) {
		in := &oracle.Input{Data: data, Bases: bases, Base: base, Verdicts: v}
		in.Vary(n)
		if err := in.Check(); err != nil {
			found.Store(true)
			t.Fatalf("%v: %v", edit, err)
		}
		if n++; found.Load() {
			break
		}
	}
	return n
}

// TestTruncations cuts a real kernel's BTF at every byte. All cuts are refused. All are made
// in one shared buffer by a backend that copies nothing; a few are given to the others.
func TestTruncations(t *testing.T) {
	const workers = 4
	kernel := blobs.Find(t, "deb-7.2-amd64/vmlinux").Bytes(t)
	text := string(kernel)
	var accepted atomic.Int64
	t.Run("cuts", func(t *testing.T) {
		for w := range workers {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for n := w; n < len(text); n += workers {
					if spec, err := inplace.Open(text[:n], false); err == nil {
						spec.Close()
						accepted.Add(1)
					}
				}
			})
		}
	})
	if n := accepted.Load(); n != 0 {
		t.Errorf("%d truncations accepted", n)
	}
	cuts := []int{0, 1, 2, 3, 23, 24, 25, len(kernel) - 1, len(kernel) - 2}
	for n := 1000; n < len(kernel); n += 500_000 {
		cuts = append(cuts, n)
	}
	for _, n := range slices.Sorted(slices.Values(cuts)) {
		if err := (&oracle.Input{Data: kernel[:n]}).Check(); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
