package btf_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
)

// structs returns BTF of n structs, each 11th of which has 300 members, on top of base.
func structs(t *testing.T, n int, base *btf.Spec) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{Base: base})
	for i := range n {
		var members []builder.Member
		if i%11 == 10 {
			members = make([]builder.Member, 300)
		}
		b.Struct("", 4, members...)
	}
	return built.Spec(t, b, base)
}

// TestTypeByID finds each type of a chain, in blocks of the id table that are in full and not.
func TestTypeByID(t *testing.T) {
	root := structs(t, 1000, nil)
	middle := structs(t, 37, root)
	top := structs(t, 100, middle)
	for _, s := range []*btf.Spec{root, root.Own(), middle, middle.Own(), top, top.Own()} {
		first, end := s.IDs()
		n := first
		for id, want := range s.All() {
			if got, err := s.TypeByID(id); got != want || err != nil || id != n {
				t.Fatalf("%d to %d: type %d is %v, error %v, want %v", first, end, id, got, err, want)
			}
			n++
		}
		if n != end {
			t.Errorf("%d to %d: All ends before %d", first, end, n)
		}
		for _, id := range []btf.TypeID{first - 1, end, end + 1, 1 << 31, 1<<32 - 1} {
			if _, err := s.TypeByID(id); !errors.Is(err, btf.ErrNotFound) {
				t.Errorf("%d to %d: type %d: error %v", first, end, id, err)
			}
		}
	}
}

// TestTypeByIDClosed tells ids that there are not from Specs that are closed;
// errors keep what they said.
func TestTypeByIDClosed(t *testing.T) {
	root := structs(t, 20, nil)
	top := structs(t, 20, root)
	_, missing := root.TypeByID(100)
	root.Close()
	for _, id := range []btf.TypeID{0, 1, 100} {
		for _, s := range []*btf.Spec{root, root.Own()} {
			if _, err := s.TypeByID(id); !errors.Is(err, btf.ErrClosed) {
				t.Errorf("type %d of a closed Spec: error %v", id, err)
			}
		}
	}
	if !errors.Is(missing, btf.ErrNotFound) || !strings.HasSuffix(missing.Error(), "are 0 to 20") {
		t.Errorf("error before Close: %v", missing)
	}
	if _, err := top.TypeByID(1); err != nil {
		t.Errorf("type of a closed base: %v", err)
	}
	top.Close()
	if _, err := top.TypeByID(1); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("type of the base of a closed Spec: error %v", err)
	}
}

// TestInlined asks the compiler about what must be inlined to be fast.
func TestInlined(t *testing.T) {
	out, err := exec.Command("go", "build", "-gcflags=-m", ".").CombinedOutput()
	if err != nil {
		t.Skipf("wants the go command: %v", err)
	}
	for _, name := range []string{"(*Spec).TypeByID", "(*Spec).All", "(*Spec).TypesByKind",
		"Type.Kind", "Type.Size", "Type.NameOffset", "Type.Members"} {
		if !strings.Contains(string(out), ": can inline "+name+"\n") {
			t.Errorf("%s is not inlined", name)
		}
	}
}
