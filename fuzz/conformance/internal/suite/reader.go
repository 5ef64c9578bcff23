package suite

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// A Reader answers queries about BTF that it has accepted.
type Reader interface {
	// Answer returns what README.md says, or nil for what the implementation cannot tell.
	Answer(Query) any
}

// An Open reads BTF on top of a base, which may be nil, or refuses it.
type Open func(data, base []byte) (Reader, error)

// Answers asks r all queries.
func Answers(r Reader, queries []Query) []any {
	answers := make([]any, len(queries))
	for i, q := range queries {
		answers[i] = r.Answer(q)
	}
	return answers
}

// OfBackend opens BTF in a backend of this project, and verifies it.
func OfBackend(backend btf.Backend) Open {
	return func(data, base []byte) (Reader, error) {
		var under *btf.Spec
		if base != nil {
			var err error
			if under, err = backend.Parse(base, nil); err != nil {
				return nil, fmt.Errorf("base: %w", err)
			}
		}
		spec, err := backend.Parse(data, under)
		if err != nil {
			return nil, err
		}
		return specReader{spec}, spec.Verify()
	}
}

type specReader struct{ spec *btf.Spec }

func (r specReader) Answer(q Query) any {
	_, end := r.spec.IDs()
	switch q.Ask {
	case "count":
		return end
	case "ids":
		ids, err := r.spec.IDsByName(q.Name)
		if err != nil {
			return nil
		}
		return slices.Concat([]btf.TypeID{}, ids)
	}
	t, err := r.spec.TypeByID(btf.TypeID(q.ID))
	if err != nil {
		return nil
	}
	switch q.Ask {
	case "kind":
		return t.Kind().String()
	case "name":
		return t.Name()
	case "size":
		if size, ok := t.Size(); ok {
			return size
		}
	case "target":
		return t.TargetID()
	case "offset", "bits":
		return memberOf(t, q)
	case "value":
		return valueOf(t, q.Name)
	}
	return nil
}

func memberOf(t btf.Type, q Query) any {
	for _, m := range t.Members() {
		switch {
		case !m.NameIs(q.Name):
		case q.Ask == "offset":
			return m.BitOffset()
		default:
			return m.BitfieldSize()
		}
	}
	return nil
}

func valueOf(t btf.Type, name string) any {
	for _, e := range t.Enumerators() {
		switch {
		case !e.NameIs(name):
		case t.IsSigned():
			return strconv.FormatInt(e.Int64(), 10)
		default:
			return strconv.FormatUint(e.Uint64(), 10)
		}
	}
	return nil
}

// Naive opens BTF with the second decoder.
func Naive(data, base []byte) (Reader, error) {
	blob, err := Case{Data: data, Base: base}.decode()
	return naiveReader{blob}, err
}

type naiveReader struct{ blob *naive.Blob }

func (r naiveReader) Answer(q Query) any {
	switch q.Ask {
	case "count":
		return r.blob.End()
	case "ids":
		return slices.Concat([]uint32{}, r.blob.Named(q.Name))
	}
	t, ok := r.blob.ByID(q.ID)
	if !ok || t.IsVoid() {
		return nil
	}
	f := t.Facts()
	switch q.Ask {
	case "kind":
		return kindNames[f.Kind]
	case "name":
		return f.Name
	case "size":
		return f.Size
	case "target":
		return f.TargetID
	}
	for _, e := range t.Elems() {
		switch {
		case e.Name != q.Name:
		case q.Ask == "offset":
			return e.Offset
		case q.Ask == "bits":
			return e.Width
		default:
			return decimal(e)
		}
	}
	return nil
}
