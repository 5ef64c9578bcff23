// Package modules asks a kernel and its modules as one thing.
package modules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/btfkit/btfkit/btf"
)

// A Collection is a kernel and its modules as one thing to ask. Modules are opened and
// checked when they are first needed, or all at once by OpenAll. One that cannot be
// opened, or was built for another kernel, is reported by Problems and left out of
// every answer; it never stops the others.
//
// Queries over everything open all modules, one after the other, which may take
// seconds if they have to be unpacked first; call OpenAll to use more than one core,
// show progress, and be able to stop.
//
// Type ids of different modules overlap: answers are Types, which know their Spec, and
// ModuleOf names it. It is safe for concurrent use, except for Close. Use New to make one.
//
// # Lifetime
//
// A Collection owns the Specs that it hands out, and closes none of them before its own Close:
// whoever has a Spec or a Type may use it while others add, remove and replace modules. Remove and
// Replace return the Specs that they took out. Those belong to the caller now: to give their memory
// back, close them once no reader has them, or types of them, any more. What the caller does not
// close, the Collection's Close does. Nothing is counted, because a Type is a plain value that
// cannot say when it is dropped.
//
// # Extras
//
// Beside the BTF of an object, the kernel or a module, kernels may show more BTF that is split from
// it, such as that of inlined functions in /sys/kernel/btf/vmlinux.inline. It is an extra of the
// object, which Extra opens for those who ask for it by name. No query goes through extras, and
// what is wrong with one is the error of Extra and no problem of the Collection's.
type Collection struct {
	kernel *member
	closed atomic.Bool
	opens  atomic.Int32 // openers that are running

	mu      sync.RWMutex
	members map[string]*member // kernel, modules and extras by canonical name
	order   []*member          // modules by canonical name
	shared  atomic.Bool        // order was handed out, and must not be changed in place
	owners  map[*btf.Spec]*member
	retired []*btf.Spec // were taken out, and closed by nobody yet
	found   []Problem   // Report's
	openers map[uint64]*member
}

// An Opener opens the BTF of one module on top of base, or an extra on top of its object. Backends
// and package elfx provide what it is made of. It stops when ctx is done: that of OpenAll, Module
// or Extra, or one that never is where a query needs the module.
//
// It must not ask the Collection that it opens for: no module can be opened to open another. On its
// own goroutine, or with ctx on any, it gets an error, and so do queries that cannot return one,
// which find nothing and make the opening fail.
type Opener func(ctx context.Context, base *btf.Spec) (*btf.Spec, error)

// A Problem is a module that could not be opened, or what kept a file or folder from being searched
// for modules.
type Problem struct {
	// Module is the name of the module, empty if it is a folder's problem; Path is where it
	// comes from.
	Module, Path string
	// Err says what is wrong with it.
	Err error
}

// A member is the kernel, a module or an extra.
type member struct {
	name, path string
	open       Opener
	object     *member // what it is opened on; nil for the kernel
	isExtra    bool

	// result is nil until it was opened, in vain or not, or taken out.
	result atomic.Pointer[result]
	// asked says that the opener asked the collection a query that returns no error.
	asked atomic.Bool

	// Under the Collection's mu:

	opening chan struct{} // closed when the opener is done; nil if it is not running
	extras  []*member
}

// A result is what came of opening a member.
type result struct {
	spec *btf.Spec
	err  error
}

// ErrDuplicate says that a Collection already has a module of the name.
var ErrDuplicate = errors.New("btf: duplicate module")

var errNoName = errors.New("btf: module without a name")

// kernelName is what the kernel's own BTF is called among modules.
const kernelName = "vmlinux"

// New returns a Collection of base alone, which it will close.
func New(base *btf.Spec) *Collection {
	kernel := &member{name: kernelName, path: "the kernel"}
	kernel.result.Store(&result{spec: base})
	return &Collection{
		kernel:  kernel,
		members: map[string]*member{kernelName: kernel},
		owners:  map[*btf.Spec]*member{base: kernel},
		openers: make(map[uint64]*member),
	}
}

// canonical is how the kernel spells module names: files may have "-" where modules have
// "_".
func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// Add adds a module that open will open when it is first needed. path says where it
// comes from, for Problems. It returns an error that is ErrDuplicate if the name is taken,
// by a module or by the kernel, which is "vmlinux"; "-" and "_" are the same in it. After Close it
// returns btf.ErrClosed.
func (c *Collection) Add(name, path string, open Opener) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(&member{name: name, path: path, open: open, object: c.kernel})
}

// AddExtra adds an extra of an object, the kernel ("vmlinux") or a module, such as "inline" for
// the file vmlinux.inline. Its errors are those of Add, and one that is btf.ErrNotFound if there is
// no such object. An Opener may add extras of the module that it opens; that, too, is
// btf.ErrNotFound if the module was taken out meanwhile, even if another one has its place.
func (c *Collection) AddExtra(object, extra, path string, open Opener) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.members[canonical(object)]
	if o == nil || o.isExtra || c.isStale(o) {
		return &noModuleError{object}
	}
	m := &member{name: object + "." + extra, path: path, open: open, object: o, isExtra: true}
	err := c.add(m)
	if err == nil {
		o.extras = append(o.extras, m)
	}
	return err
}

func (c *Collection) add(m *member) error {
	if c.closed.Load() {
		return btf.ErrClosed
	}
	if m.name == "" {
		return errNoName
	}
	key := canonical(m.name)
	if old := c.members[key]; old != nil {
		return fmt.Errorf("%w: %.128s (%s and %s)", ErrDuplicate, m.name, old.path, m.path)
	}
	c.members[key] = m
	if !m.isExtra {
		at, _ := c.find(key)
		c.order = slices.Insert(c.ownOrder(), at, m)
	}
	return nil
}

// find returns where in order a module is or would be.
func (c *Collection) find(key string) (int, bool) {
	return slices.BinarySearchFunc(c.order, key, func(m *member, key string) int {
		return cmp.Compare(canonical(m.name), key)
	})
}

// ownOrder returns order as one that may be changed in place.
func (c *Collection) ownOrder() []*member {
	if c.shared.Swap(false) {
		return slices.Clone(c.order)
	}
	return c.order
}

// Remove takes out a module with its extras, or an extra, given as OBJECT.EXTRA. From then on
// nobody gets it; one that is just being opened is closed again. It returns those of its Specs
// that were open, which the caller may close when no reader has them any more. It returns an error
// that is btf.ErrNotFound if there is no such module, as for the kernel, or btf.ErrClosed after
// Close.
func (c *Collection) Remove(name string) (retired []*btf.Spec, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return nil, btf.ErrClosed
	}
	m := c.members[canonical(name)]
	if m == nil || m == c.kernel {
		return nil, &noModuleError{name}
	}
	return c.remove(m), nil
}

// Replace adds a module, as Add does, in the place of one that has its name, if there is any, as
// Remove does: at no time is there none, or are there two.
func (c *Collection) Replace(name, path string, open Opener) (retired []*btf.Spec, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return nil, btf.ErrClosed
	}
	if old := c.members[canonical(name)]; old != nil && old != c.kernel && !old.isExtra {
		retired = c.remove(old)
	}
	return retired, c.add(&member{name: name, path: path, open: open, object: c.kernel})
}

// remove takes out a member and its extras.
func (c *Collection) remove(m *member) (retired []*btf.Spec) {
	for len(m.extras) > 0 {
		retired = append(retired, c.remove(m.extras[0])...)
	}
	key := canonical(m.name)
	delete(c.members, key)
	if m.isExtra {
		o := m.object
		o.extras = slices.DeleteFunc(o.extras, func(e *member) bool { return e == m })
	} else if at, ok := c.find(key); ok {
		c.order = slices.Delete(c.ownOrder(), at, at+1)
	}
	old := m.result.Swap(&result{err: &noModuleError{m.name}})
	if old != nil && old.spec != nil {
		retired = append(retired, old.spec)
		c.retire(old.spec)
	}
	return retired
}

// retire keeps a Spec for Close, and forgets those that were closed meanwhile.
func (c *Collection) retire(spec *btf.Spec) {
	c.retired = slices.DeleteFunc(c.retired, func(s *btf.Spec) bool {
		if !btf.Internal.Closed(s) {
			return false
		}
		delete(c.owners, s)
		return true
	})
	c.retired = append(c.retired, spec)
}

// Base returns the kernel's own Spec.
func (c *Collection) Base() *btf.Spec { return c.kernel.result.Load().spec }

// Len returns the number of modules, opened or not.
func (c *Collection) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.order)
}

// Names ranges over the names of the modules, sorted, opened or not.
func (c *Collection) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, m := range c.snapshot() {
			if !yield(m.name) {
				return
			}
		}
	}
}

// snapshot returns the modules of now, which later changes leave as they are.
func (c *Collection) snapshot() []*member {
	c.mu.RLock()
	defer c.mu.RUnlock()
	c.shared.Store(true)
	return c.order
}

// Report makes Problems return what kept files or folders from being searched for modules, too. It
// replaces what was reported before.
func (c *Collection) Report(problems []Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = slices.Clone(problems)
}

// Problems returns the modules that could not be opened so far and what Report was told, sorted by
// name and path. After OpenAll, or a query over everything, those are all.
func (c *Collection) Problems() []Problem {
	var problems []Problem
	for _, m := range c.snapshot() {
		if r := m.result.Load(); r != nil && r.err != nil {
			problems = append(problems, Problem{m.name, m.path, r.err})
		}
	}
	c.mu.RLock()
	problems = append(problems, c.found...)
	c.mu.RUnlock()
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Path, b.Path))
	})
	return problems
}

// ModuleOf returns the name of the module that stores t, "vmlinux" for the kernel's types,
// OBJECT.EXTRA for an extra's, "" for void and types from elsewhere. That holds for modules that
// were taken out, too, until their Specs are closed.
func (c *Collection) ModuleOf(t btf.Type) string {
	spec := t.Spec()
	c.mu.RLock()
	defer c.mu.RUnlock()
	if m := c.owners[spec]; m != nil {
		return m.name
	}
	return ""
}

// Close closes the base, all modules, and what was taken out and not closed. Asking for modules
// then returns btf.ErrClosed, and queries find nothing. Closing again does nothing.
func (c *Collection) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.mu.Lock()
	specs := c.retired
	for _, m := range c.members {
		if r := m.result.Load(); m != c.kernel && r != nil && r.spec != nil {
			specs = append(specs, r.spec)
		}
	}
	c.retired = nil
	c.mu.Unlock()
	var errs []error
	for _, spec := range append(specs, c.Base()) {
		errs = append(errs, spec.Close())
	}
	return errors.Join(errs...)
}
