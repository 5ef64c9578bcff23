package modules_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/modules"
)

// copyOf returns a builder of the types of spec, behind those that add adds first.
func copyOf(t *testing.T, spec *btf.Spec, add func(*builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{})
	add(b)
	shift := b.NextID() - 1
	for id := btf.TypeID(1); ; id++ {
		if typ, err := spec.TypeByID(id); err != nil {
			break
		} else if b.Copy(typ, func(id btf.TypeID) btf.TypeID { return id + shift }) == 0 {
			t.Fatal(b.Err())
		}
	}
	copied := must(btf.Parse(must(b.Bytes())(t), nil))(t)
	t.Cleanup(func() { copied.Close() })
	return copied
}

// collection returns a kernel with a module, one that is empty, one that is damaged, two of other
// kernels, and one whose opener forgets to answer.
func collection(t *testing.T) *modules.Collection {
	t.Helper()
	plain := must(btf.Parse(btftest.Kernel(nil), nil))(t)
	kernel := copyOf(t, plain, func(b *builder.Builder) { b.Int("an_int", 4, btf.Int{Bits: 32}) })
	// As in kernels with one name less and one more, all names and ids are off.
	larger := copyOf(t, plain, func(b *builder.Builder) {
		b.Int("an_int", 4, btf.Int{Bits: 32})
		b.Int("another_int", 4, btf.Int{Bits: 32})
	})
	good, foreign := btftest.Module(kernel, nil), btftest.Module(plain, nil)
	if _, err := btf.Parse(foreign, kernel); err != nil {
		t.Fatalf("%v: a module of another kernel must not be told by its structure", err)
	}
	c := modules.New(kernel)
	for name, open := range map[string]modules.Opener{
		"toy":      parser(good),
		"empty":    parser(nil),
		"damaged":  parser(good[:99]),
		"foreign":  parser(foreign),
		"foreign2": parser(btftest.Module(larger, nil)),
		"nothing":  func(context.Context, *btf.Spec) (*btf.Spec, error) { return nil, nil },
	} {
		if err := c.Add(name, name+".ko", open); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestCollectionProblems(t *testing.T) {
	c := collection(t)
	defer c.Close()
	done := 0
	if err := c.OpenAll(t.Context(), 2, func(n, total int) {
		if done++; n != done || total != 6 {
			t.Errorf("progress %d of %d, want %d of 6", n, total, done)
		}
	}); err != nil || done != 6 {
		t.Errorf("%d modules opened, error %v", done, err)
	}
	var names []string
	for _, p := range c.Problems() {
		names = append(names, p.Module)
		if p.Path != p.Module+".ko" || !strings.Contains(p.Err.Error(), p.Module) {
			t.Errorf("problem %+v", p)
		}
		if _, err := c.Module(t.Context(), p.Module); !errors.Is(err, p.Err) {
			t.Errorf("Module(%q): %v, want %v", p.Module, err, p.Err)
		}
	}
	if got := strings.Join(names, " "); got != "damaged empty foreign foreign2 nothing" {
		t.Errorf("problems: %s", got)
	}
	fn, err := c.TypeByName("toy_xmit", btf.KindFunc)
	if err != nil || c.ModuleOf(fn) != "toy" {
		t.Errorf("toy_xmit: %v of %q, error %v", fn, c.ModuleOf(fn), err)
	}
	var owners []string
	for typ := range c.TypesByName("kfree_skb") {
		owners = append(owners, c.ModuleOf(typ))
	}
	for typ := range c.TypesByMatch(btf.MustMatcher("^kfree_skb$"), btf.KindFunc) {
		owners = append(owners, c.ModuleOf(typ))
	}
	if got := strings.Join(owners, " "); got != "vmlinux toy vmlinux toy" {
		t.Errorf("kfree_skb: %s", got)
	}
}

func TestCollectionEnds(t *testing.T) {
	c := collection(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.OpenAll(ctx, 2, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("OpenAll: %v", err)
	}
	if err := c.Add("t-oy", "x", nil); err != nil {
		t.Error(err)
	}
	if err := c.Add("t_oy", "y", nil); !errors.Is(err, modules.ErrDuplicate) {
		t.Errorf("Add: %v", err)
	}
	if _, err := c.Module(t.Context(), "missing"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("Module: %v", err)
	}
	if _, err := c.Module(t.Context(), "toy"); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"toy", "foreign", "missing", "vmlinux"} {
		if _, err := c.Module(t.Context(), name); !errors.Is(err, btf.ErrClosed) {
			t.Errorf("Module(%q) after Close: %v", name, err)
		}
	}
	_, byName := c.TypeByName("kfree_skb")
	_, extra := c.Extra(t.Context(), "vmlinux", "inline")
	_, removed := c.Remove("toy")
	_, replaced := c.Replace("toy", "", nil)
	for what, err := range map[string]error{"TypeByName": byName, "Extra": extra, "Remove": removed,
		"Replace": replaced, "Add": c.Add("new", "", nil), "OpenAll": c.OpenAll(t.Context(), 1, nil),
		"AddExtra": c.AddExtra("vmlinux", "inline", "", nil)} {
		if !errors.Is(err, btf.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	for typ := range c.All() {
		t.Errorf("All after Close has %v", typ)
	}
}

// The kernel has a name among the modules, and no other does without one.
func TestCollectionNames(t *testing.T) {
	c, data := newCollection(t)
	if spec, err := c.Module(t.Context(), "vmlinux"); err != nil || spec != c.Base() {
		t.Errorf("vmlinux: %v, error %v", spec, err)
	}
	err := c.Add("vmlinux", "a/vmlinux.ko", parser(data))
	if !errors.Is(err, modules.ErrDuplicate) || !strings.Contains(err.Error(), "a/vmlinux.ko") {
		t.Errorf("a module called vmlinux: %v", err)
	}
	if err := c.Add("", "", parser(data)); err == nil || c.Len() != 0 {
		t.Errorf("a module without a name: %v", err)
	}
	long := strings.Repeat("x", 100_000)
	if err := c.Add(long, "", parser(nil)); err != nil {
		t.Fatal(err)
	}
	_, missing := c.Module(t.Context(), long+"y")
	_, damaged := c.Module(t.Context(), long)
	for _, err := range []error{missing, damaged, c.Add(long, "", nil)} {
		if err == nil || len(err.Error()) > 1000 {
			t.Errorf("error of %d bytes, want some, but less than a kilobyte", len(err.Error()))
		}
	}
}

// Problems are the modules' and those reported, in order.
func TestReport(t *testing.T) {
	c, _ := newCollection(t)
	if err := c.Add("m", "m.ko", parser(nil)); err != nil {
		t.Fatal(err)
	}
	c.Report([]modules.Problem{{Module: "gone"}})
	reported := []modules.Problem{{Module: "z"}, {Path: "b"}, {Module: "m", Path: "b"}, {Path: "a"}}
	c.Report(reported)
	reported[0].Module = "changed later"
	if len(c.Problems()) != 4 {
		t.Errorf("problems %v", c.Problems())
	}
	if err := c.OpenAll(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range c.Problems() {
		got = append(got, p.Module+":"+p.Path)
	}
	if want := ":a :b m:b m:m.ko z:"; strings.Join(got, " ") != want {
		t.Errorf("problems %q, want %q", got, want)
	}
}

// Queries select kinds in all modules, and say which kinds there are.
func TestCollectionKinds(t *testing.T) {
	c, data := newCollection(t)
	other := builder.New(builder.Options{Base: c.Base()})
	other.Struct("kfree_skb", 4)
	other.Struct("other", 4)
	err := errors.Join(c.Add("toy", "", parser(data)),
		c.Add("other", "", parser(must(other.Bytes())(t))))
	if err != nil {
		t.Fatal(err)
	}
	list := func(types iter.Seq[btf.Type]) (s string) {
		for typ := range types {
			s += fmt.Sprintf(" %s %v;", c.ModuleOf(typ), typ.Kind())
		}
		return s
	}
	m := btf.MustMatcher("^kfree_skb$")
	for _, test := range []struct{ got, want string }{
		{list(c.TypesByName("kfree_skb")), " vmlinux FUNC; other STRUCT; toy FUNC;"},
		{list(c.TypesByName("kfree_skb", btf.KindStruct, btf.KindUnion)), " other STRUCT;"},
		{list(c.TypesByMatch(m)), " vmlinux FUNC; other STRUCT; toy FUNC;"},
		{list(c.TypesByMatch(m, btf.KindStruct)), " other STRUCT;"},
		{list(c.TypesByKind(btf.KindFloat)), " vmlinux FLOAT;"},
	} {
		if test.got != test.want {
			t.Errorf("found%s want%s", test.got, test.want)
		}
	}
	got := list(c.TypesByKind(btf.KindStruct))
	if !strings.Contains(got, "; other STRUCT; other STRUCT; toy STRUCT;") ||
		strings.Contains(got, "FUNC") {
		t.Errorf("structs:%s", got)
	}
	var missing *btf.NotFoundError
	_, err = c.TypeByName("kfree_skb", btf.KindUnion)
	if !errors.As(err, &missing) || !slices.Equal(missing.Found, []btf.Kind{btf.KindStruct,
		btf.KindFunc}) {
		t.Errorf("error %v, want the kinds that there are, each once", err)
	}
}

// Ranges end when their loop does, and begin with the kernel.
func TestBreak(t *testing.T) {
	c, data := newCollection(t)
	for _, name := range []string{"a", "b"} {
		if err := c.Add(name, "", parser(data)); err != nil {
			t.Fatal(err)
		}
	}
	for name, types := range map[string]iter.Seq[btf.Type]{
		"TypesByName": c.TypesByName("kfree_skb"), "TypesByKind": c.TypesByKind(btf.KindFunc),
		"TypesByMatch": c.TypesByMatch(btf.MustMatcher("skb")), "All": c.All(),
	} {
		var first, all []string
		for typ := range types {
			first = append(first, c.ModuleOf(typ))
			break
		}
		for typ := range types {
			all = append(all, c.ModuleOf(typ))
		}
		if len(first) != 1 || len(all) < 3 || first[0] != all[0] {
			t.Errorf("%s: %q before the break, %q without", name, first, all)
		}
	}
	for name := range c.Names() {
		if name != "a" {
			t.Errorf("first name %s", name)
		}
		break
	}
	for name, spec := range c.Specs() {
		if name != "vmlinux" || spec != c.Base() {
			t.Errorf("first Spec %s", name)
		}
		break
	}
	for name := range c.Specs() {
		if name == "a" {
			break
		}
		if name == "b" {
			t.Error("b after a break at a")
		}
	}
	other := must(btf.Parse(btftest.Kernel(nil), nil))(t)
	foreign := must(other.TypeByID(1))(t)
	if c.ModuleOf(btf.Type{})+c.ModuleOf(foreign) != "" {
		t.Errorf("void of %q, a type from elsewhere of %q", c.ModuleOf(btf.Type{}),
			c.ModuleOf(foreign))
	}
}
