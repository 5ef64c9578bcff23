package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	cilium "github.com/cilium/ebpf/btf"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

// openCilium opens BTF with cilium/ebpf, and decodes every type, since it refuses some only when
// they are asked for.
func openCilium(data, base []byte) (suite.Reader, error) {
	spec, err := loadCilium(data, base)
	if err != nil {
		return nil, err
	}
	r := &ciliumReader{types: []cilium.Type{(*cilium.Void)(nil)}}
	for id := cilium.TypeID(1); ; id++ {
		t, err := spec.TypeByID(id)
		if err != nil {
			if strings.HasSuffix(err.Error(), fmt.Sprintf("type id %d: not found", id)) {
				return r, nil // behind the last; what a type lacks has another id
			}
			return nil, fmt.Errorf("type %d: %w", id, err)
		}
		r.types = append(r.types, t)
	}
}

func loadCilium(data, base []byte) (*cilium.Spec, error) {
	if base == nil {
		return cilium.LoadSpecFromReader(bytes.NewReader(data))
	}
	under, err := cilium.LoadSpecFromReader(bytes.NewReader(base))
	if err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	return cilium.LoadSplitSpecFromReader(bytes.NewReader(data), under)
}

type ciliumReader struct{ types []cilium.Type }

func (r *ciliumReader) Answer(q suite.Query) any {
	switch q.Ask {
	case "count":
		return len(r.types)
	case "ids":
		ids := []int{}
		for id, t := range r.types {
			if id > 0 && t.TypeName() == q.Name {
				ids = append(ids, id)
			}
		}
		return ids
	}
	if int(q.ID) >= len(r.types) {
		return nil
	}
	t := r.types[q.ID]
	switch q.Ask {
	case "kind":
		return kindOfCilium(t)
	case "name":
		return nameOfCilium(t)
	case "size":
		return sizeOfCilium(t)
	case "offset", "bits":
		return memberOfCilium(t, q)
	case "value":
		return valueOfCilium(t, q.Name)
	}
	return nil // its types refer to types, not to ids
}

// kindOfCilium returns a kind; its Enum stands for two kinds.
func kindOfCilium(t cilium.Type) any {
	kind := strings.ToUpper(strings.TrimPrefix(fmt.Sprintf("%T", t), "*btf."))
	switch kind {
	case "ENUM":
		return nil
	case "POINTER":
		return "PTR"
	case "FUNCPROTO":
		return "FUNC_PROTO"
	case "TYPETAG":
		return "TYPE_TAG"
	case "DECLTAG":
		return "DECL_TAG"
	}
	return kind
}

func nameOfCilium(t cilium.Type) any {
	if tag, ok := t.(*cilium.TypeTag); ok {
		return tag.Value
	}
	if kindOfCilium(t) == "DECL_TAG" {
		return nil // a type that it does not export
	}
	return t.TypeName()
}

func sizeOfCilium(t cilium.Type) any {
	switch t := t.(type) {
	case *cilium.Int:
		return t.Size
	case *cilium.Struct:
		return t.Size
	case *cilium.Union:
		return t.Size
	case *cilium.Enum:
		return t.Size
	case *cilium.Datasec:
		return t.Size
	case *cilium.Float:
		return t.Size
	}
	return nil
}

func memberOfCilium(t cilium.Type, q suite.Query) any {
	var members []cilium.Member
	switch t := t.(type) {
	case *cilium.Struct:
		members = t.Members
	case *cilium.Union:
		members = t.Members
	}
	for _, m := range members {
		switch {
		case m.Name != q.Name:
		case q.Ask == "offset":
			return m.Offset
		default:
			return m.BitfieldSize
		}
	}
	return nil
}

func valueOfCilium(t cilium.Type, name string) any {
	e, ok := t.(*cilium.Enum)
	if !ok {
		return nil
	}
	for _, v := range e.Values {
		switch {
		case v.Name != name:
		case e.Signed:
			return strconv.FormatInt(int64(v.Value), 10)
		default:
			return strconv.FormatUint(v.Value, 10)
		}
	}
	return nil
}
