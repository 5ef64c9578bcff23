package btf

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
)

// A Collection is a kernel and its modules as one thing to ask. Modules are opened and
// verified when they are first needed, or all at once by OpenAll. One that cannot be
// opened, or was built for another kernel, is reported by Problems and left out of
// every answer; it never stops the others.
//
// Queries over everything open all modules, one after the other, which may take
// seconds if they have to be unpacked first; call OpenAll to use more than one core,
// show progress, and be able to stop.
//
// Type ids of different modules overlap: answers are Types, which know their section, and
// ModuleOf names it. A Collection owns its Specs, which are not to be closed one by one. It
// is safe for concurrent use, except for Close. Use NewCollection to make one.
type Collection struct {
	base   *Spec
	closed atomic.Bool

	mu      sync.RWMutex
	members map[string]*member // by canonical name
	order   []*member          // by canonical name, too
	owners  map[*Section]string
}

// An Opener opens the BTF of one module on top of base. Backends and package elfx
// provide what it is made of.
type Opener func(base *Spec) (*Spec, error)

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

	once sync.Once
	spec *Spec
	err  error
}

// ErrDuplicate says that a Collection already has a module of the name.
var ErrDuplicate = errors.New("btf: duplicate module")

// NewCollection returns a Collection of base alone, which it will close.
func NewCollection(base *Spec) *Collection {
	return &Collection{base: base, members: make(map[string]*member),
		owners: map[*Section]string{base.Section(): "vmlinux"}}
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
func (c *Collection) Base() *Spec { return c.base }

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
// an error that is ErrNotFound if there is no such module, ErrClosed after Close, and
// the module's problem if it has one.
func (c *Collection) Module(name string) (*Spec, error) {
	c.mu.RLock()
	m := c.members[canonical(name)]
	c.mu.RUnlock()
	switch {
	case c.closed.Load():
		return nil, ErrClosed
	case m == nil:
		return nil, fmt.Errorf("module %s: %w", name, ErrNotFound)
	}
	return c.get(m)
}

var (
	errNoSpec  = errors.New("btf: opener returned neither a Spec nor an error")
	errForeign = errors.New("names start inside other strings: it was built for another kernel")
)

// get opens a member once.
func (c *Collection) get(m *member) (*Spec, error) {
	m.once.Do(func() {
		m.err = errNoSpec // if open panics, too
		spec, err := m.open(c.base)
		switch {
		case err != nil:
			m.err = err
		case spec != nil:
			m.err = spec.sec.checkFit()
		}
		if m.err != nil {
			m.err = fmt.Errorf("module %s: %w", m.name, m.err)
			if err == nil && spec != nil {
				spec.Close()
			}
			return
		}
		m.spec = spec
		c.mu.Lock()
		c.owners[spec.Section()] = m.name
		c.mu.Unlock()
	})
	return m.spec, m.err
}

// checkFit looks for signs that a split section was made for another base. Its
// references may exist there all the same, but its names are then off, and hardly any
// starts where a string does.
func (s *Section) checkFit() error {
	if err := s.verify(); err != nil {
		return err
	}
	named, inside := 0, 0
	for i := range s.Len() {
		if off := s.NameOffset(i); off != 0 {
			named++
			if before := s.tail(off - 1); before != "" && before[0] != 0 {
				inside++
			}
		}
	}
	if inside > named/2 {
		return &FormatError{Section: "types", Offset: s.header.TypesOff,
			Start: s.header.TypesOff, Class: ErrCorrupt, Err: errForeign}
	}
	return nil
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
				c.get(m)
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

// Problems opens what is not open yet, and returns the modules that could not be, sorted
// by name.
func (c *Collection) Problems() []Problem {
	var problems []Problem
	for _, m := range c.snapshot() {
		if _, err := c.get(m); err != nil {
			problems = append(problems, Problem{m.name, m.path, err})
		}
	}
	return problems
}

// Specs ranges over the kernel, named "vmlinux", and all modules that can be opened,
// sorted by name. Each module's Spec is its Own: it covers no type of the kernel.
func (c *Collection) Specs() iter.Seq2[string, *Spec] {
	return func(yield func(string, *Spec) bool) {
		if !yield("vmlinux", c.base) {
			return
		}
		for _, m := range c.snapshot() {
			if spec, err := c.get(m); err == nil && !yield(m.name, spec.Own()) {
				return
			}
		}
	}
}

// Named ranges over the types with the name, of the given kinds if any: the kernel's
// first, then each module's own.
func (c *Collection) Named(name string, kinds ...Kind) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for _, spec := range c.Specs() {
			for t := range spec.Named(name, kinds...) {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// TypeByName returns the first type that Named ranges over, or ErrNotFound or ErrClosed,
// bare. It opens no more modules than it needs.
func (c *Collection) TypeByName(name string, kinds ...Kind) (Type, error) {
	if c.closed.Load() {
		return Type{}, ErrClosed
	}
	for t := range c.Named(name, kinds...) {
		return t, nil
	}
	return Type{}, ErrNotFound
}

// Matching ranges over the types whose name matches: the kernel's first, then each
// module's own.
func (c *Collection) Matching(m *Matcher) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for _, spec := range c.Specs() {
			for t := range spec.Matching(m) {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// ModuleOf returns the name of the module that stores t, "vmlinux" for the kernel's
// types, "" for void and types from elsewhere.
func (c *Collection) ModuleOf(t Type) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.owners[t.Section()]
}

// Close closes all modules and the base. Asking for modules then returns ErrClosed, and
// queries find nothing. Closing again does nothing.
func (c *Collection) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	var errs []error
	for _, m := range c.snapshot() {
		m.once.Do(func() { m.err = ErrClosed })
		if m.spec != nil {
			errs = append(errs, m.spec.Close())
		}
	}
	return errors.Join(append(errs, c.base.Close())...)
}
