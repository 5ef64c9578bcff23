package modules_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/modules"
)

// newCollection returns a kernel alone, and the BTF of a module on it.
func newCollection(t testing.TB) (c *modules.Collection, module []byte) {
	t.Helper()
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	c = modules.New(kernel)
	t.Cleanup(func() { c.Close() })
	return c, btftest.Module(kernel, nil)
}

// parser is an opener of the data.
func parser(data []byte) modules.Opener {
	return func(_ context.Context, base *btf.Spec) (*btf.Spec, error) { return btf.Parse(data, base) }
}

// must fails the test if there is an error.
func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func isClosed(spec *btf.Spec) bool {
	_, err := spec.TypeByID(0)
	return errors.Is(err, btf.ErrClosed)
}

// A Spec outlives the removal of its module, and belongs to who removed it.
func TestRemove(t *testing.T) {
	c, data := newCollection(t)
	for _, name := range []string{"b-1", "a", "c"} {
		if err := c.Add(name, "", parser(data)); err != nil {
			t.Fatal(err)
		}
	}
	before := c.Names()
	names := slices.Collect(before)
	spec := must(c.Module(t.Context(), "b_1"))(t)
	fn := must(spec.TypeByName("toy_xmit"))(t)
	retired := must(c.Remove("b_1"))(t)
	if len(retired) != 1 || retired[0] != spec || isClosed(spec) {
		t.Fatalf("retired %v, closed: %v; want the open Spec of b-1", retired, isClosed(spec))
	}
	if fn.Name() != "toy_xmit" || c.ModuleOf(fn) != "b-1" {
		t.Errorf("%v of %q after Remove", fn, c.ModuleOf(fn))
	}
	if _, err := c.Module(t.Context(), "b-1"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("Module after Remove: %v", err)
	}
	for typ := range c.TypesByName("toy_xmit", btf.KindFunc) {
		if c.ModuleOf(typ) == "b-1" {
			t.Error("a query still finds b-1")
		}
	}
	if got := slices.Collect(c.Names()); !slices.Equal(got, []string{"a", "c"}) || c.Len() != 2 {
		t.Errorf("%q after Remove, %d modules", got, c.Len())
	}
	if !slices.Equal(names, []string{"a", "b-1", "c"}) {
		t.Errorf("names before Remove: %q", names)
	}
	if err := spec.Close(); err != nil {
		t.Error(err)
	}
	if got := fn.Name(); got != "" {
		t.Errorf("a type of a closed module has the name %q", got)
	}
	for _, name := range []string{"b-1", "none", "vmlinux", ""} {
		if retired, err := c.Remove(name); !errors.Is(err, btf.ErrNotFound) || retired != nil {
			t.Errorf("Remove(%q): %v, %v", name, retired, err)
		}
	}
	if retired, err := c.Remove("c"); err != nil || len(retired) != 1 {
		t.Errorf("Remove of what a query opened: %v, %v", retired, err)
	}
	if err := c.Add("d", "", parser(data)); err != nil {
		t.Fatal(err)
	}
	if retired, err := c.Remove("d"); err != nil || retired != nil {
		t.Errorf("Remove of what nobody asked for: %v, %v", retired, err)
	}
	if err := c.Add("b-1", "", parser(data)); err != nil {
		t.Errorf("Add after Remove: %v", err)
	}
}

// Close closes what was taken out, unless the caller did before.
func TestCloseRetired(t *testing.T) {
	c, data := newCollection(t)
	var specs []*btf.Spec
	for i := range 4 {
		must(c.Replace("m", "", parser(data)))(t)
		spec := must(c.Module(t.Context(), "m"))(t)
		if i == 1 {
			spec.Close()
		}
		specs = append(specs, spec)
	}
	for i, spec := range specs {
		if isClosed(spec) != (i == 1) {
			t.Errorf("Spec %d closed: %v", i, isClosed(spec))
		}
	}
	fn := must(specs[0].TypeByName("toy_xmit"))(t)
	if got := c.ModuleOf(fn); got != "m" {
		t.Errorf("a type of what was replaced is of %q", got)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for i, spec := range append(specs, c.Base()) {
		if !isClosed(spec) {
			t.Errorf("Spec %d is open after Close", i)
		}
	}
}

// Replace puts a module in the place of another one, with a name, a path and an opener of its own.
func TestReplace(t *testing.T) {
	c, data := newCollection(t)
	if retired, err := c.Replace("m_1", "old", parser(nil)); err != nil || retired != nil {
		t.Fatalf("Replace of nothing: %v, %v", retired, err)
	}
	if _, err := c.Module(t.Context(), "m_1"); err == nil || len(c.Problems()) != 1 {
		t.Fatalf("error %v, problems %v; want one", err, c.Problems())
	}
	if retired, err := c.Replace("m-1", "new", parser(data)); err != nil || retired != nil {
		t.Fatalf("Replace of what is damaged: %v, %v", retired, err)
	}
	if got := slices.Collect(c.Names()); !slices.Equal(got, []string{"m-1"}) ||
		len(c.Problems()) != 0 {
		t.Errorf("modules %q, problems %v", got, c.Problems())
	}
	spec := must(c.Module(t.Context(), "m_1"))(t)
	retired := must(c.Replace("m_1", "newer", parser(data)))(t)
	if len(retired) != 1 || retired[0] != spec {
		t.Errorf("retired %v, want %v", retired, spec)
	}
	if again := must(c.Module(t.Context(), "m_1"))(t); again == spec {
		t.Error("Replace left the old Spec in place")
	}
	if _, err := c.Replace("vmlinux", "", parser(data)); !errors.Is(err, modules.ErrDuplicate) {
		t.Errorf("Replace of the kernel: %v", err)
	}
	if err := c.AddExtra("m_1", "x", "", parser(data)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Replace("m_1.x", "", parser(data)); !errors.Is(err, modules.ErrDuplicate) {
		t.Errorf("Replace of an extra: %v", err)
	}
	if _, err := c.Replace("", "", parser(data)); err == nil {
		t.Error("a module without a name was added")
	}
}

// What was closed is forgotten.
func TestForgotten(t *testing.T) {
	c, data := newCollection(t)
	var specs []weak.Pointer[btf.Spec]
	for range 3 {
		must(c.Replace("m", "", parser(data)))(t)
		spec := must(c.Module(t.Context(), "m"))(t)
		specs = append(specs, weak.Make(spec))
		retired := must(c.Remove("m"))(t)
		if err := retired[0].Close(); err != nil {
			t.Error(err)
		}
	}
	runtime.GC()
	for i, spec := range specs[:2] {
		if spec.Value() != nil {
			t.Errorf("Spec %d is held after it was closed and another one removed", i)
		}
	}
	runtime.KeepAlive(c)
}

// A loop over names or Specs sees the modules as they were when it began.
func TestLoopWhileChanging(t *testing.T) {
	c, data := newCollection(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := c.Add(name, "", parser(data)); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	for name := range c.Names() {
		seen = append(seen, name)
		must(c.Remove(name))(t)
	}
	if !slices.Equal(seen, []string{"a", "b", "c", "d"}) {
		t.Errorf("names %q", seen)
	}
	for _, name := range seen {
		if err := c.Add("a"+name, "", parser(data)); err != nil {
			t.Fatal(err)
		}
	}
	if got := slices.Collect(c.Names()); !slices.Equal(got, []string{"aa", "ab", "ac", "ad"}) {
		t.Errorf("names afterwards %q", got)
	}
	seen = nil
	for name := range c.Specs() {
		seen = append(seen, name)
		c.Remove("ac")
	}
	if !slices.Equal(seen, []string{"vmlinux", "aa", "ab", "ad"}) {
		t.Errorf("Specs %q, want them without what was removed before it was reached", seen)
	}
}

// inline returns BTF split from a module, as the kernel shows in MODULE.inline.
func inline(t testing.TB, object *btf.Spec) []byte {
	t.Helper()
	b := builder.New(builder.Options{Base: object})
	fn := must(object.TypeByName("toy_xmit"))(t)
	b.DeclTag("inlined", fn.ID(), -1)
	return must(b.Bytes())(t)
}

// An extra is opened on its object, for those who ask, and is in nobody else's way.
func TestExtra(t *testing.T) {
	c, data := newCollection(t)
	if err := c.Add("to-y", "", parser(data)); err != nil {
		t.Fatal(err)
	}
	object := must(btf.Parse(data, c.Base()))(t)
	extra := inline(t, object)
	opened := 0
	for _, a := range []struct {
		object, extra string
		open          modules.Opener
		is            error
	}{
		{"to_y", "inline", func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
			opened++
			return btf.Parse(extra, base)
		}, nil},
		{"vmlinux", "damaged", parser(nil), nil},
		{"to_y", "foreign", parser(nil), nil},
		{"to-y", "inline", parser(extra), modules.ErrDuplicate},
		{"none", "inline", parser(extra), btf.ErrNotFound},
		{"to-y.inline", "again", parser(extra), btf.ErrNotFound},
	} {
		if err := c.AddExtra(a.object, a.extra, a.object+"."+a.extra, a.open); !errors.Is(err, a.is) {
			t.Errorf("AddExtra(%s, %s): %v, want %v", a.object, a.extra, err, a.is)
		}
	}
	if err := c.OpenAll(t.Context(), 1, nil); err != nil || opened != 0 || c.Len() != 1 {
		t.Errorf("OpenAll: %v, %d extras opened; %d modules", err, opened, c.Len())
	}
	for range 2 {
		spec := must(c.Extra(t.Context(), "to-y", "inline"))(t)
		if module := must(c.Module(t.Context(), "to-y"))(t); spec.Base() != module || opened != 1 {
			t.Errorf("an extra on %p, not %p; opened %d times", spec.Base(), module, opened)
		}
		tag := must(spec.TypeByName("inlined"))(t)
		if c.ModuleOf(tag) != "to_y.inline" || tag.Target().Name() != "toy_xmit" {
			t.Errorf("%v of %q for %v", tag, c.ModuleOf(tag), tag.Target())
		}
	}
	if _, err := c.TypeByName("inlined"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("a query finds what an extra has: %v", err)
	}
	if _, err := c.Extra(t.Context(), "vmlinux", "damaged"); !errors.Is(err, btf.ErrCorrupt) ||
		!strings.Contains(err.Error(), "vmlinux.damaged") {
		t.Errorf("a damaged extra: %v", err)
	}
	for _, name := range []string{"none", "", "inline.inline"} {
		if _, err := c.Extra(t.Context(), "to_y", name); !errors.Is(err, btf.ErrNotFound) {
			t.Errorf("Extra(%q): %v", name, err)
		}
	}
	if err := c.Add("x.y", "", parser(data)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Extra(t.Context(), "x", "y"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("a module with a dot as an extra: %v", err)
	}
	for _, name := range []string{"to_y.inline", "vmlinux.damaged"} {
		if _, err := c.Module(t.Context(), name); !errors.Is(err, btf.ErrNotFound) {
			t.Errorf("Module(%q): %v", name, err)
		}
	}
	if len(c.Problems()) != 0 {
		t.Errorf("problems %v", c.Problems())
	}
}

// An opener adds the extras that it finds in its module's file, so that asking for one opens the
// module. What was taken out while it was being opened adds none to what has its place.
func TestExtraOfOpener(t *testing.T) {
	c, data := newCollection(t)
	extra := inline(t, must(btf.Parse(data, c.Base()))(t))
	add := func(want error) modules.Opener {
		return func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
			if want != nil { // replaced meanwhile
				must(c.Replace("to_y", "", parser(data)))(t)
			}
			if err := c.AddExtra("to-y", "inline", "", parser(extra)); !errors.Is(err, want) {
				t.Errorf("AddExtra: %v, want %v", err, want)
			}
			return btf.Parse(data, base)
		}
	}
	if err := c.Add("to-y", "", add(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Extra(t.Context(), "to-y", "none"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("an extra that the module has not: %v", err)
	}
	spec := must(c.Extra(t.Context(), "to-y", "inline"))(t)
	if module := must(c.Module(t.Context(), "to-y"))(t); spec.Base() != module {
		t.Errorf("an extra on %p, not %p", spec.Base(), module)
	}
	must(c.Replace("to-y", "", add(btf.ErrNotFound)))(t)
	if _, err := c.Extra(t.Context(), "to-y", "inline"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("an extra of what was replaced: %v", err)
	}
	if err := c.Add("broken", "", parser(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Extra(t.Context(), "broken", "inline"); !errors.Is(err, btf.ErrCorrupt) {
		t.Errorf("an extra of a module that cannot be opened: %v", err)
	}
}

// The extras of a module go when it goes; an extra can go alone.
func TestExtraRemoved(t *testing.T) {
	c, data := newCollection(t)
	add := func() (module, extra *btf.Spec) {
		t.Helper()
		must(c.Replace("toy", "", parser(data)))(t)
		module = must(c.Module(t.Context(), "toy"))(t)
		if err := c.AddExtra("toy", "inline", "", parser(inline(t, module))); err != nil {
			t.Fatal(err)
		}
		return module, must(c.Extra(t.Context(), "toy", "inline"))(t)
	}
	module, extra := add()
	if retired := must(c.Remove("toy.inline"))(t); !slices.Equal(retired, []*btf.Spec{extra}) {
		t.Errorf("retired %v, want the extra", retired)
	}
	if again := must(c.Module(t.Context(), "toy"))(t); again != module {
		t.Error("removing an extra touched its object")
	}
	if err := c.AddExtra("toy", "inline", "", parser(inline(t, module))); err != nil {
		t.Fatal(err)
	}
	extra = must(c.Extra(t.Context(), "toy", "inline"))(t)
	if retired := must(c.Remove("toy"))(t); !slices.Equal(retired, []*btf.Spec{extra, module}) {
		t.Errorf("retired %v, want the extra and its module", retired)
	}
	if _, err := c.Extra(t.Context(), "toy", "inline"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("Extra of what was removed: %v", err)
	}
	module, extra = add()
	retired := must(c.Replace("toy", "", parser(data)))(t)
	if !slices.Equal(retired, []*btf.Spec{extra, module}) {
		t.Errorf("retired %v, want the extra and its module", retired)
	}
	module, extra = add()
	if err := c.Close(); err != nil || !isClosed(module) || !isClosed(extra) {
		t.Errorf("Close: %v", err)
	}
}

// A member that cannot be opened is not the object of an extra that can.
func TestExtraOfDamaged(t *testing.T) {
	c, _ := newCollection(t)
	if err := errors.Join(c.Add("toy", "", parser(nil)), c.AddExtra("toy", "inline", "",
		func(context.Context, *btf.Spec) (*btf.Spec, error) {
			t.Error("an extra was opened on nothing")
			return nil, nil
		})); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Extra(t.Context(), "toy", "inline"); !errors.Is(err, btf.ErrCorrupt) {
			t.Errorf("error %v, want the module's problem", err)
		}
	}
}

// TestChanges adds, removes and replaces modules while readers go on: with types that they hold,
// too, which is why retired Specs are closed while none of them reads.
func TestChanges(t *testing.T) {
	c, data := newCollection(t)
	const names, readers, rounds = 5, 4, 300
	var (
		stop    atomic.Bool
		reading sync.RWMutex
		wg      sync.WaitGroup
	)
	for i := range readers {
		wg.Go(func() {
			for n := i; !stop.Load(); n++ {
				reading.RLock()
				read(t, c, fmt.Sprintf("m%d", n%names))
				reading.RUnlock()
			}
		})
	}
	for n := range rounds {
		name := fmt.Sprintf("m%d", n%names)
		var retired []*btf.Spec
		var err error
		switch n / names % 3 {
		case 0:
			retired, err = c.Replace(name, name, parser(data))
		case 1:
			err = c.AddExtra(name, "inline", name, parser(nil))
			c.Report([]modules.Problem{{Path: name, Err: errNotRead}})
		case 2:
			retired, err = c.Remove(name)
		}
		if err != nil {
			t.Error(err)
		}
		if n%7 == 0 { // others are left to Close
			reading.Lock()
			for _, spec := range retired {
				spec.Close()
			}
			reading.Unlock()
		}
	}
	stop.Store(true)
	wg.Wait()
	if err := c.Close(); err != nil || !isClosed(c.Base()) {
		t.Errorf("Close: %v", err)
	}
}

var errNotRead = errors.New("not read")

// read asks a collection in every way.
func read(t *testing.T, c *modules.Collection, name string) {
	ctx := context.Background()
	if spec, err := c.Module(ctx, name); err == nil {
		if fn, err := spec.TypeByName("toy_xmit"); err != nil || c.ModuleOf(fn) != name {
			t.Errorf("%s: %v of %q, error %v", name, fn, c.ModuleOf(fn), err)
		}
	} else if !errors.Is(err, btf.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.Extra(ctx, name, "inline"); !errors.Is(err, btf.ErrNotFound) &&
		!errors.Is(err, btf.ErrCorrupt) {
		t.Error(err)
	}
	found := 0
	for typ := range c.TypesByName("kfree_skb", btf.KindFunc) {
		if found++; typ.Name() != "kfree_skb" || c.ModuleOf(typ) == "" {
			t.Errorf("%v of %q", typ, c.ModuleOf(typ))
		}
	}
	if found == 0 {
		t.Error("the kernel was lost")
	}
	if err := c.OpenAll(ctx, 2, nil); err != nil {
		t.Error(err)
	}
	for _, p := range c.Problems() {
		if p.Err != errNotRead {
			t.Error(p)
		}
	}
	for name := range c.Names() {
		if !strings.HasPrefix(name, "m") || c.Len() > 5 {
			t.Errorf("%q, %d modules", name, c.Len())
		}
	}
}
