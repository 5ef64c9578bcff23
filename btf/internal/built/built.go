// Package built opens what tests build.
package built

import (
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// Spec opens what b built on top of base, which may be nil.
func Spec(t testing.TB, b *builder.Builder, base *btf.Spec) *btf.Spec {
	t.Helper()
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
