package fuzz

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"unsafe"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus/kernel"
	"github.com/btfkit/btfkit/corpus/mutate"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// FuzzEdits damages real BTF by a list of edits (see mutate.Decode), so that a few bytes of
// input reach any place of it. The first byte selects the image: a whole kernel, of which the
// structure is compared type by type, or a small blob, of which everything is.
func FuzzEdits(f *testing.F) {
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
		data, undo := applyEdits(b.image, list)
		defer undo()
		in := &Input{Data: data, Turn: int(image), Measured: true}
		if err := in.Check(); err != nil {
			t.Fatalf("%s: %v", b.name, err)
		}
	})
}

// applyEdits edits image in place.
func applyEdits(image, list []byte) (data []byte, undo func()) {
	data = image
	var undos []mutate.Undo
	for _, e := range mutate.Decode(image, nil, list) {
		edited, u := e.Apply(image)
		if len(edited) < len(image) {
			data = edited // the last truncation counts
		}
		undos = append(undos, u)
	}
	return data, func() {
		for _, u := range slices.Backward(undos) {
			u.Undo(image)
		}
	}
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
func smallImages(t tb) []smallImage {
	small.once.Do(func() {
		for _, b := range smallBlobs(t) {
			if b.base == nil {
				small.images = append(small.images, smallImage{b.name, bytes.Clone(b.data)})
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
	data, undo := applyEdits(image, list)
	defer undo()
	spec, err := openShared(unsafe.String(unsafe.SliceData(data), len(data)), nil)
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
		if err := CheckFault(err, fault); err != nil {
			t.Fatal(err)
		}
	case err != nil:
		t.Fatalf("nothing is wrong, but %v", err)
	case wrong != 0 || store.SectionOf(spec).Len() != types:
		t.Fatalf("%d types, want %d; the first at a wrong place is %d",
			store.SectionOf(spec).Len(), types, wrong)
	}
}
