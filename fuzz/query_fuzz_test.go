package fuzz

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// An opened blob is open in every backend.
type opened struct {
	name  string
	specs []*btf.Spec
	want  *oracle.Blob
}

var queried struct {
	once  sync.Once
	blobs []opened
}

// queriedBlobs opens the small blobs that do not need a kernel, once a process.
func queriedBlobs(t blobs.TB) []opened {
	queried.once.Do(func() {
		for _, b := range blobs.Small() {
			if b.Base != nil && b.Base.Size > 1<<20 {
				continue
			}
			o := opened{name: b.Name, want: b.Oracle(t)}
			for i := range oracle.Backends {
				o.specs = append(o.specs, openForever(t, b, oracle.Backends[i]))
			}
			queried.blobs = append(queried.blobs, o)
		}
	})
	return queried.blobs
}

// openForever opens a blob until the process ends.
func openForever(t blobs.TB, b *blobs.Blob, backend btf.Backend) *btf.Spec {
	var base *btf.Spec
	if b.Base != nil {
		base = openForever(t, b.Base, backend)
	}
	spec, err := backend.Parse(b.Bytes(t), base)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// FuzzQueries asks every backend, of a real blob, for a name, a regular expression, an id and
// a kind.
func FuzzQueries(f *testing.F) {
	f.Fuzz(func(t *testing.T, blob byte, name, expr string, id uint32, kind byte) {
		if len(expr) > 200 || len(name) > 1000 {
			t.Skip("compiling takes too long")
		}
		all := queriedBlobs(t)
		o := all[int(blob)%len(all)]
		if err := oracle.CheckMatches(o.want, expr, o.specs...); err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		for i, spec := range o.specs {
			err := oracle.CheckNames(spec, o.want, []string{name})
			if err == nil {
				err = checkID(spec, o.want, id)
			}
			if err == nil {
				err = checkKind(spec, o.want, name, kind)
			}
			if err != nil {
				t.Fatalf("%s in %s: %v", o.name, oracle.Backends[i].Name(), err)
			}
		}
	})
}

func checkID(spec *btf.Spec, want *oracle.Blob, id uint32) error {
	got, err := spec.TypeByID(btf.TypeID(id))
	n, ok := want.ByID(id)
	if ok != (err == nil) || uint32(got.ID()) != n.ID {
		return fmt.Errorf("type %d: %v, %v; want %v", id, got, err, n.ID)
	}
	return nil
}

func checkKind(spec *btf.Spec, want *oracle.Blob, name string, kind byte) error {
	got, err := spec.TypeByName(name, btf.Kind(kind))
	for _, id := range want.Named(name) {
		if n, _ := want.ByID(id); n.Kind() == kind {
			if err != nil || uint32(got.ID()) != id {
				return fmt.Errorf("%v named %q: %v, %v; want %d", btf.Kind(kind), name, got, err, id)
			}
			return nil
		}
	}
	if !errors.Is(err, btf.ErrNotFound) {
		return fmt.Errorf("%v named %q: %v, %v; want none", btf.Kind(kind), name, got, err)
	}
	return nil
}
