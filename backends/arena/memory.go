package arena

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"github.com/btfkit/btfkit/btf/store"
)

// A memory hands out zeroed blocks without pointers. Only one goroutine may take blocks at
// a time.
type memory struct {
	// offHeap says that blocks come from the system, to which free returns them, and why
	// what kept them from it. The first block settles both.
	offHeap   bool
	why       string
	mapMemory func(n int) ([]byte, block, error)
	blocks    []block
	// size is the sum of all blocks, in bytes. Info reads it at any time.
	size atomic.Int64
}

var _ store.Memory = (*memory)(nil)

// A block is memory from the system.
type block interface{ Unmap() error }

func newMemory(offHeap bool) *memory {
	return &memory{offHeap: offHeap, mapMemory: mapMemory}
}

// Bytes returns a block of n bytes.
func (m *memory) Bytes(n int) []byte { return words[byte](m, n) }

// Words8 returns a block of n 8-bit words.
func (m *memory) Words8(n int) []uint8 { return m.Bytes(n) }

// Words32 returns a block of n 32-bit words.
func (m *memory) Words32(n int) []uint32 { return words[uint32](m, n) }

// Words64 returns a block of n 64-bit words.
func (m *memory) Words64(n int) []uint64 { return words[uint64](m, n) }

func words[T byte | uint32 | uint64](m *memory, n int) []T {
	var word T
	size := n * int(unsafe.Sizeof(word))
	m.size.Add(int64(size))
	if m.offHeap && n > 0 {
		b, block, err := m.mapMemory(size)
		if err == nil {
			m.blocks = append(m.blocks, block)
			// Mappings start at pages, so they are aligned for words.
			return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
		}
		// The heap serves as well, and if this is the first block, the data, serves
		// for everything.
		if len(m.blocks) == 0 {
			m.offHeap, m.why = false, "memory outside the heap refused: "+err.Error()
		}
	}
	return make([]T, n)
}

// free returns to the system what came from there. Nothing may point to it any longer.
func (m *memory) free() error {
	var err error
	for _, b := range m.blocks {
		err = errors.Join(err, b.Unmap())
	}
	m.blocks = nil
	m.size.Store(0)
	return err
}

// text returns data as a string without copying it. Strings must not change: nobody writes
// to data afterwards, which the caller gives up. On the heap, the string keeps it alive;
// outside, the core takes care that no string outlives Close.
func text(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }
