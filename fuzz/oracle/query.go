package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// QueryNames picks names to ask for, about limit of them: the empty one, some of own types, evenly
// spread, and one of the base. For each it adds names that are almost the same: one byte longer,
// one shorter, without the first.
func QueryNames(b *Blob, limit int) []string {
	names := []string{"", "\x00", "a\x00"}
	add := func(name string) {
		if name != "" {
			names = append(names, name, name+"_", name[1:], name[:len(name)-1], name+"\x00")
		}
	}
	step := max(1, len(b.Types)*5/limit)
	for i := len(b.Types) - 1; i >= 0; i -= step {
		add(b.Types[i].Name())
	}
	if b.Base != nil {
		t, _ := b.ByID(b.First / 2)
		add(t.Name())
	}
	return names
}

// CheckNames asks spec for names with every method that there is, in its own section alone and
// with its bases. The answers must be the same as those of b.
func CheckNames(spec *btf.Spec, b *Blob, names []string) error {
	if err := checkOwnNames(spec, b, names); err != nil {
		return err
	}
	var buf [16]btf.TypeID
	for _, name := range names {
		buf[0] = 12345 // what is in dst must stay
		want := b.Named(name)
		got, err := spec.AppendIDsByName(buf[:1], name)
		if err != nil || got[0] != 12345 || !equalIDs(got[1:], want) {
			return fmt.Errorf("ids named %q: %v, %v; want %v", name, got[1:], err, want)
		}
		if err := checkTypesNamed(spec, name, want); err != nil {
			return err
		}
	}
	return nil
}

// checkOwnNames asks the own section of spec for the ids of names.
func checkOwnNames(spec *btf.Spec, b *Blob, names []string) error {
	var buf [16]btf.TypeID
	own := spec.Own()
	for _, name := range names {
		got, err := own.AppendIDsByName(buf[:0], name)
		if err != nil || !equalIDs(got, b.Own(name)) {
			return fmt.Errorf("own ids named %q: %v, %v; want %v", name, got, err, b.Own(name))
		}
	}
	return nil
}

func equalIDs(got []btf.TypeID, want []uint32) bool {
	return slices.EqualFunc(got, want, func(a btf.TypeID, b uint32) bool { return uint32(a) == b })
}

func checkTypesNamed(spec *btf.Spec, name string, want []uint32) error {
	i := 0
	for t := range spec.TypesByName(name) {
		if i >= len(want) || uint32(t.ID()) != want[i] || !t.NameIs(name) {
			return fmt.Errorf("types named %q: %v is wrong, want %v", name, t, want)
		}
		i++
	}
	if i != len(want) {
		return fmt.Errorf("types named %q: %d, want %d", name, i, len(want))
	}
	t, err := spec.TypeByName(name)
	switch {
	case len(want) == 0 && !errors.Is(err, btf.ErrNotFound):
		return fmt.Errorf("type named %q: %v, %v; want none", name, t, err)
	case len(want) == 0:
		return nil
	case err != nil || uint32(t.ID()) != want[0]:
		return fmt.Errorf("type named %q: %v, %v; want %d", name, t, err, want[0])
	}
	return checkKinds(spec, name, want)
}

// checkKinds asks for the kind of the last type with the name: the answer is the first type
// of that kind.
func checkKinds(spec *btf.Spec, name string, want []uint32) error {
	last, err := spec.TypeByID(btf.TypeID(want[len(want)-1]))
	if err != nil {
		return err
	}
	t, err := spec.TypeByName(name, btf.KindVoid, last.Kind())
	if err != nil || t.Kind() != last.Kind() {
		return fmt.Errorf("%v named %q: %v, %w", last.Kind(), name, t, err)
	}
	for _, id := range want {
		if first, _ := spec.TypeByID(btf.TypeID(id)); first.Kind() == last.Kind() {
			if first != t {
				return fmt.Errorf("%v named %q: %v, want %v", last.Kind(), name, t, first)
			}
			break
		}
	}
	if strings.Contains(name, "\x00") {
		return fmt.Errorf("a type is named %q", name)
	}
	return nil
}
