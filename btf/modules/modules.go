// Package modules answers queries about a kernel and all its modules together.
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

// A Collection holds a kernel and its modules, and answers queries about all of them together. It
// opens and checks a module when a query first needs it; OpenAll opens all at once. A module that
// cannot be opened, or was built for another kernel, is left out of every answer and listed by
// Problems. It never stops the other modules.
//
// Queries over everything open all modules, one after the other, which may take
// seconds if they have to be unpacked first; call OpenAll to use more than one core,
// show progress, and be able to stop.
//
// Type ids of different modules overlap. So answers are Types, not ids: a Type knows its Spec, and
// ModuleOf returns its module. A Collection is safe for concurrent use, except for Close. Use New
// to make one.
//
// # Lifetime
//
// A Collection owns the Specs that it hands out, and closes none of them before its own Close. A
// goroutine that holds a Spec or a Type may use it while others add, remove and replace modules.
// Remove and Replace return the Specs that they took out, which then belong to their caller. To
// free their memory, the caller closes them once no reader uses them or their types any more.
// Close of the Collection closes the Specs that the caller left open. There is no count of
// references, because a Type is a plain value that cannot say when it is dropped.
//
// # Extras
//
// An object is the kernel or a module. Kernels may show more BTF that is split from an object's,
// such as the BTF of inlined functions in /sys/kernel/btf/vmlinux.inline. This package calls it an
// extra of the object. Extra opens it by name. No query looks into extras. A fault in an extra is
// an error of Extra, and is not among Problems.
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

// An Opener opens the BTF of one module on top of base, or an extra on top of its object. It
// usually calls a backend or package elfx. It stops when ctx is done. ctx is the context of
// OpenAll, Module or Extra; if a query needs the module, it is one that never ends.
//
// It must not ask the Collection that it opens the module for, because opening a module must not
// wait for another one. If it asks on its own goroutine, or on any with ctx, it gets an error. A
// query that returns no error finds nothing then, and the opening fails.
type Opener func(ctx context.Context, base *btf.Spec) (*btf.Spec, error)

// A Problem says why a module could not be opened, or why a file or folder could not be searched
// for modules.
type Problem struct {
	// Module is the name of the module, empty if it is a problem of a folder. Path is the
	// file or folder.
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

// New returns a Collection of the kernel whose Spec is base, without modules. Its Close
// also closes base.
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

// kernelSpelling is how the kernel spells module names: files may have "-" where modules have
// "_".
func kernelSpelling(name string) string { return strings.ReplaceAll(name, "-", "_") }

// Add adds a module that open will open when it is first needed. path says where it comes from,
// for Problems. It fails with ErrDuplicate if a module has the name already, or if the name is
// "vmlinux", the kernel's. "-" and "_" count as the same character. After Close it returns
// btf.ErrClosed.
func (c *Collection) Add(name, path string, open Opener) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(&member{name: name, path: path, open: open, object: c.kernel})
}

// AddExtra adds an extra of an object, the kernel ("vmlinux") or a module, such as "inline" for
// the file vmlinux.inline. It fails as Add does, and with btf.ErrNotFound if there is no such
// object. An Opener may add extras of the module that it opens. AddExtra then fails with
// btf.ErrNotFound if the module was removed or replaced meanwhile.
func (c *Collection) AddExtra(object, extra, path string, open Opener) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.members[kernelSpelling(object)]
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
	key := kernelSpelling(m.name)
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
		return cmp.Compare(kernelSpelling(m.name), key)
	})
}

// ownOrder returns order as one that may be changed in place.
func (c *Collection) ownOrder() []*member {
	if c.shared.Swap(false) {
		return slices.Clone(c.order)
	}
	return c.order
}

// Remove takes out a module with its extras, or an extra, given as OBJECT.EXTRA. From then on no
// query finds it; if it is being opened just then, it is closed again. Remove returns its Specs
// that were open. The caller may close them when no reader uses them any more. It fails with
// btf.ErrNotFound if there is no such module, also for the kernel, and with btf.ErrClosed after
// Close.
func (c *Collection) Remove(name string) (retired []*btf.Spec, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return nil, btf.ErrClosed
	}
	m := c.members[kernelSpelling(name)]
	if m == nil || m == c.kernel {
		return nil, &noModuleError{name}
	}
	return c.remove(m), nil
}

// Replace adds a module as Add does. If a module has the name already, Replace takes it out as
// Remove does, in the same step: every query finds exactly one of the two.
func (c *Collection) Replace(name, path string, open Opener) (retired []*btf.Spec, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return nil, btf.ErrClosed
	}
	if old := c.members[kernelSpelling(name)]; old != nil && old != c.kernel && !old.isExtra {
		retired = c.remove(old)
	}
	return retired, c.add(&member{name: name, path: path, open: open, object: c.kernel})
}

// remove takes out a member and its extras.
func (c *Collection) remove(m *member) (retired []*btf.Spec) {
	for len(m.extras) > 0 {
		retired = append(retired, c.remove(m.extras[0])...)
	}
	key := kernelSpelling(m.name)
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
		c.keepRetired(old.spec)
	}
	return retired
}

// keepRetired keeps a Spec for Close, and forgets those that were closed meanwhile.
func (c *Collection) keepRetired(spec *btf.Spec) {
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

// Report adds to Problems why files or folders could not be searched for modules. It replaces what
// the last call of Report added.
func (c *Collection) Report(problems []Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = slices.Clone(problems)
}

// Problems returns the problems of the modules that could not be opened so far, and those that
// Report added, sorted by name and path. The list is complete after OpenAll, or after a query over
// all modules.
func (c *Collection) Problems() []Problem {
	var problems []Problem
	c.mu.RLock()
	for _, m := range c.order { // under the lock, so that none of them is removed meanwhile
		if r := m.result.Load(); r != nil && r.err != nil {
			problems = append(problems, Problem{m.name, m.path, r.err})
		}
	}
	problems = append(problems, c.found...)
	c.mu.RUnlock()
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Path, b.Path))
	})
	return problems
}

// ModuleOf returns the name of the module that stores t, "vmlinux" for the kernel's types,
// OBJECT.EXTRA for an extra's, "" for void and for types of other Specs. It also knows modules
// that were removed or replaced, until their Specs are closed.
func (c *Collection) ModuleOf(t btf.Type) string {
	spec := t.Spec()
	c.mu.RLock()
	defer c.mu.RUnlock()
	if m := c.owners[spec]; m != nil {
		return m.name
	}
	return ""
}

// Close closes the base, all modules, and the Specs that Remove and Replace returned and nobody
// closed. After that, Module and Extra return btf.ErrClosed, and queries find nothing. Closing
// again does nothing.
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
