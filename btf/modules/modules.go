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
// ModuleOf names it. A Collection owns its Specs, which are not to be closed one by one. It
// is safe for concurrent use, except for Close. Use New to make one.
type Collection struct {
	base   *btf.Spec
	closed atomic.Bool

	mu      sync.RWMutex
	members map[string]*member // by canonical name
	order   []*member          // by canonical name, too
	owners  map[*btf.Spec]string
}

// An Opener opens the BTF of one module on top of base. Backends and package elfx
// provide what it is made of. It stops when ctx is done: that of OpenAll or Module, or one that
// never is where a query needs the module.
type Opener func(ctx context.Context, base *btf.Spec) (*btf.Spec, error)

// A Problem is a module that could not be opened.
type Problem struct {
	// Module is the name it was added with, Path where it comes from.
	Module, Path string
	// Err says what is wrong with it.
	Err error
}

type member struct {
	name, path string
	open       Opener

	mu   sync.Mutex // held while it is being opened
	done bool
	spec *btf.Spec
	err  error
}

// ErrDuplicate says that a Collection already has a module of the name.
var ErrDuplicate = errors.New("btf: duplicate module")

// New returns a Collection of base alone, which it will close.
func New(base *btf.Spec) *Collection {
	return &Collection{base: base, members: make(map[string]*member),
		owners: map[*btf.Spec]string{base: "vmlinux"}}
}

// canonical is how the kernel spells module names: files may have "-" where modules have
// "_".
func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// Add adds a module that open will open when it is first needed. path says where it
// comes from, for Problems. It returns an error that is ErrDuplicate if the name is taken;
// "-" and "_" are the same in it.
func (c *Collection) Add(name, path string, open Opener) error {
	m := &member{name: name, path: path, open: open}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := canonical(name)
	if old := c.members[key]; old != nil {
		return fmt.Errorf("%w: %s (%s and %s)", ErrDuplicate, name, old.path, path)
	}
	c.members[key] = m
	at, _ := slices.BinarySearchFunc(c.order, key, func(m *member, key string) int {
		return cmp.Compare(canonical(m.name), key)
	})
	c.order = slices.Insert(c.order, at, m)
	return nil
}

// Base returns the kernel's own Spec.
func (c *Collection) Base() *btf.Spec { return c.base }

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

func (c *Collection) snapshot() []*member {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.order)
}

// Module returns the Spec of a module, split from Base, opening it if need be. It returns
// an error that is btf.ErrNotFound if there is no such module, btf.ErrClosed after Close, the
// context's if that ends first, and the module's problem if it has one.
func (c *Collection) Module(ctx context.Context, name string) (*btf.Spec, error) {
	c.mu.RLock()
	m := c.members[canonical(name)]
	c.mu.RUnlock()
	switch {
	case c.closed.Load():
		return nil, btf.ErrClosed
	case m == nil:
		return nil, &noModuleError{name}
	}
	return c.get(ctx, m)
}

// noModuleError says that there is no module of a name.
type noModuleError struct{ name string }

func (e *noModuleError) Error() string { return fmt.Sprintf("btf: no module %.128q", e.name) }
func (e *noModuleError) Unwrap() error { return btf.ErrNotFound }

var errNoSpec = errors.New("btf: opener returned neither a Spec nor an error")

// get opens a member once. If the context ends first, the member stays as it was.
func (c *Collection) get(ctx context.Context, m *member) (*btf.Spec, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done {
		return m.spec, m.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.done, m.err = true, errNoSpec // if open panics, too
	spec, err := m.open(ctx, c.base)
	if err != nil && ctx.Err() != nil {
		m.done, m.err = false, nil
		return nil, err
	}
	switch {
	case err != nil:
		m.err = err
	case spec != nil:
		m.err = spec.CheckBase()
	}
	if m.err != nil {
		m.err = fmt.Errorf("module %s: %w", m.name, m.err)
		if err == nil && spec != nil {
			spec.Close()
		}
		return nil, m.err
	}
	m.spec = spec
	c.mu.Lock()
	c.owners[spec] = m.name
	c.mu.Unlock()
	return spec, nil
}

// OpenAll opens all modules with the given number of workers, at least one. After each
// it calls progress, unless nil, one call at a time. It returns the context's error if
// that ends first; modules that fail are left to Problems.
func (c *Collection) OpenAll(
	ctx context.Context, workers int, progress func(done, total int)) error {
	members := c.snapshot()
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		next int
		done int
	)
	take := func() *member {
		mu.Lock()
		defer mu.Unlock()
		if next == len(members) || ctx.Err() != nil {
			return nil
		}
		next++
		return members[next-1]
	}
	for range max(workers, 1) {
		wg.Go(func() {
			for m := take(); m != nil; m = take() {
				c.get(ctx, m)
				mu.Lock()
				done++
				if progress != nil {
					progress(done, len(members))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// Problems returns the modules that could not be opened so far, sorted by name. After OpenAll,
// or a query over everything, those are all.
func (c *Collection) Problems() []Problem {
	var problems []Problem
	for _, m := range c.snapshot() {
		m.mu.Lock()
		if m.done && m.err != nil {
			problems = append(problems, Problem{m.name, m.path, m.err})
		}
		m.mu.Unlock()
	}
	return problems
}

// Specs ranges over the kernel, named "vmlinux", and all modules that can be opened,
// sorted by name. Each module's Spec is its Own: it covers no type of the kernel.
func (c *Collection) Specs() iter.Seq2[string, *btf.Spec] {
	return func(yield func(string, *btf.Spec) bool) {
		if !yield("vmlinux", c.base) {
			return
		}
		for _, m := range c.snapshot() {
			spec, err := c.get(context.Background(), m)
			if err == nil && !yield(m.name, spec.Own()) {
				return
			}
		}
	}
}

// types ranges over what query finds in the kernel, then in each module's own types.
func (c *Collection) types(query func(*btf.Spec) iter.Seq[btf.Type]) iter.Seq[btf.Type] {
	return func(yield func(btf.Type) bool) {
		for _, spec := range c.Specs() {
			for t := range query(spec) {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// TypesByName ranges over the types with the name, of the given kinds if any: the kernel's
// first, then each module's own.
func (c *Collection) TypesByName(name string, kinds ...btf.Kind) iter.Seq[btf.Type] {
	return c.types(func(s *btf.Spec) iter.Seq[btf.Type] { return s.TypesByName(name, kinds...) })
}

// TypesByMatch ranges over the types whose name matches, of the given kinds if any, as
// TypesByName does.
func (c *Collection) TypesByMatch(m *btf.Matcher, kinds ...btf.Kind) iter.Seq[btf.Type] {
	return c.types(func(s *btf.Spec) iter.Seq[btf.Type] { return s.TypesByMatch(m, kinds...) })
}

// TypesByKind ranges over the types of the given kinds, as TypesByName does.
func (c *Collection) TypesByKind(kinds ...btf.Kind) iter.Seq[btf.Type] {
	return c.types(func(s *btf.Spec) iter.Seq[btf.Type] { return s.TypesByKind(kinds...) })
}

// All ranges over all types, void first, as TypesByName does.
func (c *Collection) All() iter.Seq[btf.Type] {
	return c.types(func(s *btf.Spec) iter.Seq[btf.Type] {
		return func(yield func(btf.Type) bool) {
			for _, t := range s.All() {
				if !yield(t) {
					return
				}
			}
		}
	})
}

// TypeByName returns the first type that TypesByName ranges over, btf.ErrClosed, or a
// *[btf.NotFoundError]. It opens no more modules than it needs.
func (c *Collection) TypeByName(name string, kinds ...btf.Kind) (btf.Type, error) {
	if c.closed.Load() {
		return btf.Type{}, btf.ErrClosed
	}
	var missing *btf.NotFoundError
	for _, spec := range c.Specs() {
		t, err := spec.TypeByName(name, kinds...)
		var none *btf.NotFoundError
		switch {
		case err == nil:
			return t, nil
		case !errors.As(err, &none):
			return btf.Type{}, err
		case missing == nil:
			missing = none
		default:
			missing.Found = append(missing.Found, none.Found...)
		}
	}
	slices.Sort(missing.Found)
	missing.Found = slices.Compact(missing.Found)
	return btf.Type{}, missing
}

// ModuleOf returns the name of the module that stores t, "vmlinux" for the kernel's
// types, "" for void and types from elsewhere.
func (c *Collection) ModuleOf(t btf.Type) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.owners[t.Spec()]
}

// Close closes all modules and the base. Asking for modules then returns btf.ErrClosed, and
// queries find nothing. Closing again does nothing.
func (c *Collection) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	var errs []error
	for _, m := range c.snapshot() {
		m.mu.Lock()
		if m.spec != nil {
			errs = append(errs, m.spec.Close())
		}
		if !m.done {
			m.done, m.err = true, btf.ErrClosed
		}
		m.mu.Unlock()
	}
	return errors.Join(append(errs, c.base.Close())...)
}
