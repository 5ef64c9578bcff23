package fuzz

import (
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// FuzzParse opens any bytes in all backends: the same verdict and answers as the oracle's,
// within the limits of time and memory.
func FuzzParse(f *testing.F) {
	if err := warmPools(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > corpus.SmallSize {
			t.Skip("large inputs slow the engine down; FuzzEdits has them")
		}
		in := &oracle.Input{Data: data, Measured: true}
		in.VaryByData()
		if err := in.Check(); err != nil {
			t.Fatal(err)
		}
		// Behind the end, where coverage is not counted any more: cilium/ebpf's hashes differ from
		// execution to execution.
		t.Cleanup(func() {
			if err := oracle.CheckCilium(data, false); err != nil {
				t.Error(err)
			}
		})
	})
}

// FuzzSplit opens any bytes over any other: a base in each backend, a split in the same, and
// the split in all over one base. The base answers the same alone and through the split.
func FuzzSplit(f *testing.F) {
	if err := warmPools(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, base, own []byte) {
		if len(base)+len(own) > corpus.SmallSize {
			t.Skip("large inputs slow the engine down")
		}
		below, fault := oracle.Parse(base, nil)
		if fault != nil {
			t.Skip("a base that cannot be opened is for FuzzParse")
		}
		bases := make([]*btf.Spec, len(oracle.Backends))
		for i, b := range oracle.Backends {
			spec, err := b.Parse(base, nil)
			if err != nil {
				t.Fatalf("%s: the base: %v", b.Name(), err)
			}
			defer spec.Close()
			bases[i] = spec
		}
		in := &oracle.Input{Data: own, Bases: bases, Base: below, Measured: true}
		in.VaryByData()
		if err := in.Check(); err != nil {
			t.Fatal(err)
		}
		for i := range bases { // all over one
			bases[i] = bases[in.Deep]
		}
		if err := in.Check(); err != nil {
			t.Fatalf("over %s: %v", oracle.Backends[in.Deep].Name(), err)
		}
		checkBaseThrough(t, bases[0], own)
	})
}

// checkBaseThrough wants the ids of base to answer the same through a split.
func checkBaseThrough(t *testing.T, base *btf.Spec, own []byte) {
	split, err := oracle.Backends[0].Parse(own, base)
	if err != nil {
		return
	}
	defer split.Close()
	for id, want := range base.All() {
		if got, err := split.TypeByID(id); err != nil || got != want {
			t.Fatalf("type %d through the split is %v (%v), in the base %v", id, got, err, want)
		}
	}
}
