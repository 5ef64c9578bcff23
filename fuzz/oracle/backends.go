package oracle

import (
	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
)

// Backends lists all backends, each with every option that changes where bytes live.
var Backends = []btf.Backend{
	cache.Backend{}, mmap.Backend{}, arena.Backend{}, arena.Backend{OffHeap: true},
}

// isVariant reports whether a backend differs from the one before it only in where memory comes
// from; where time is short it has fewer turns.
func isVariant(b btf.Backend) bool { return b == btf.Backend(arena.Backend{OffHeap: true}) }
