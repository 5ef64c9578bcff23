package fuzz

import (
	"testing"

	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// FuzzBuilder writes a graph of types and reads it back: the same graph, by the accessors and
// by the oracle, in all backends, and again after copying, byte swaps and new strings.
func FuzzBuilder(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			t.Skip("gofuzz takes 8 bytes for each scalar: this is enough for a few dozen types")
		}
		g := newGraph(data)
		blob, err := g.build()
		if err != nil {
			t.Fatalf("%+v: %v", g, err)
		}
		spec, err := oracle.Backends[0].Parse(blob, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer spec.Close()
		if err := g.check(spec); err != nil {
			t.Fatal(err)
		}
		in := &oracle.Input{Data: blob}
		in.VaryByData()
		if err := in.Check(); err != nil {
			t.Fatal(err)
		}
		if err := btftest.RoundTrip(blob, nil); err != nil {
			t.Fatal(err)
		}
	})
}
