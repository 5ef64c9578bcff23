package cache_test

import (
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

var backend = btftest.Backend{
	Name: "cache",
	Open: func(path string, base *btf.Spec) (*btf.Spec, error) {
		return cache.Open(path, &cache.Options{Base: base})
	},
	Parse: func(data []byte, base *btf.Spec) (*btf.Spec, error) {
		return cache.Parse(data, &cache.Options{Base: base})
	},
}

func TestBackend(t *testing.T) { btftest.TestBackend(t, backend, backend, btftest.Plain) }
