//go:build unix

package differential

import (
	"bytes"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/btfkit/btfkit/corpus/mutate"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/internal/inplace"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// guarded is memory whose last byte lies before a page that cannot be read, so that reading
// one byte too many kills the process.
type guarded struct{ pages []byte }

func newGuarded(t *testing.T, size int) *guarded {
	page := unix.Getpagesize()
	n := (size + page - 1) / page * page
	pages, err := unix.Mmap(-1, 0, n+page, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(pages) })
	if err := unix.Mprotect(pages[n:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return &guarded{pages[:n]}
}

// put copies data to the end of the readable memory.
func (g *guarded) put(data []byte) string {
	at := g.pages[len(g.pages)-len(data):]
	copy(at, data)
	return unsafe.String(unsafe.SliceData(at), len(at))
}

// TestGuardPage reads blobs, whole and damaged, that end where memory ends. What reads a byte
// beyond the input, as reading words or searching for NULs is prone to, dies.
func TestGuardPage(t *testing.T) {
	for _, b := range blobs.Small() {
		if b.Base != nil {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, b.Size)
			image, v := bytes.Clone(b.Bytes(t)), oracle.Verdicts{}
			if err := readGuarded(g.put(image), v); err != nil {
				t.Error(err)
			}
			o := &mutate.Options{Max: 300, Seed: 2}
			if b.IsSynthetic() {
				o.Max = 100
			}
			for edit, data := range mutate.Sweep(image, o) {
				if err := readGuarded(g.put(data), v); err != nil {
					t.Errorf("%v: %v", edit, err)
				}
			}
		})
	}
}

// readGuarded opens text where it lies and asks for everything.
func readGuarded(text string, v oracle.Verdicts) error {
	want, fault := oracle.Parse([]byte(text), nil)
	spec, err := inplace.Open(text, true)
	if fault != nil {
		return oracle.CheckFault(err, fault)
	}
	if err != nil {
		return err
	}
	defer spec.Close()
	if err := oracle.CheckSpec(want, spec); err != nil {
		return err
	}
	if err := oracle.CheckNames(spec, want, oracle.QueryNames(want, 20)); err != nil {
		return err
	}
	return oracle.CheckPatterns(want, v, spec)
}
