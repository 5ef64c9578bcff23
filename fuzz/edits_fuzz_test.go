package fuzz

import (
	"bytes"
	"sync"
	"testing"
	"unsafe"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus/kernel"
	"github.com/btfkit/btfkit/corpus/mutate"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/internal/inplace"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// FuzzEdits damages real BTF by a list of edits (see mutate.Damage), so that a few bytes of
// input reach any place of it. The first byte selects the image: a whole kernel, of which the
// structure is compared type by type, or a small blob, of which everything is.
func FuzzEdits(f *testing.F) {
	if err := warmPools(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) < 1+mutate.RecordSize {
			t.Skip("no edit")
		}
		image, list := input[0], input[1:]
		if image%4 == 0 {
			editKernel(t, list)
			return
		}
		b := smallImages(t)[int(image/4)%len(smallImages(t))]
		data, undo := mutate.Damage(b.image, nil, list)
		defer undo()
		in := &oracle.Input{Data: data, Measured: true}
		in.Vary(int(image))
		if err := in.Check(); err != nil {
			t.Fatalf("%s: %v", b.name, err)
		}
	})
}

type smallImage struct {
	name  string
	image []byte
}

var small struct {
	once   sync.Once
	images []smallImage
}

// smallImages returns copies of the small blobs that stand alone.
func smallImages(t blobs.TB) []smallImage {
	small.once.Do(func() {
		for _, b := range blobs.Small() {
			if b.Base == nil {
				small.images = append(small.images, smallImage{b.Name, bytes.Clone(b.Bytes(t))})
			}
		}
	})
	return small.images
}

var editedKernel = sync.OnceValues(func() ([]byte, error) {
	data, err := kernel.Bytes()
	return bytes.Clone(data), err
})

// editKernel edits the embedded kernel's 5.4 MB and compares what a walk over its records
// finds. The image is read where it is: what keeps a backend from doing so, that the bytes
// must not change while a Spec is open, holds between the edits and their undoing.
func editKernel(t *testing.T, list []byte) {
	image, err := editedKernel()
	if err != nil {
		t.Fatal(err)
	}
	data, undo := mutate.Damage(image, nil, list)
	defer undo()
	spec, err := inplace.Open(unsafe.String(unsafe.SliceData(data), len(data)), false)
	if err == nil {
		defer spec.Close()
	}
	types := 0
	wrong := btf.TypeID(0)
	fault := naive.Scan(data, func(id uint32, offset int64) {
		types++
		if err != nil || wrong != 0 {
			return
		}
		if store.RecordOf(store.SectionOf(spec).TypeAt(types-1)).Offset != offset {
			wrong = btf.TypeID(id)
		}
	})
	switch {
	case fault != nil:
		if err := oracle.CheckFault(err, fault); err != nil {
			t.Fatal(err)
		}
	case err != nil:
		t.Fatalf("nothing is wrong, but %v", err)
	case wrong != 0 || store.SectionOf(spec).Len() != types:
		t.Fatalf("%d types, want %d; the first at a wrong place is %d",
			store.SectionOf(spec).Len(), types, wrong)
	}
}
