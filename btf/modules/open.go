package modules

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"github.com/btfkit/btfkit/btf"
)

// noModuleError says that there is no module of a name.
type noModuleError struct{ name string }

func (e *noModuleError) Error() string { return fmt.Sprintf("btf: no module %.128q", e.name) }
func (e *noModuleError) Unwrap() error { return btf.ErrNotFound }

var (
	errNoSpec    = errors.New("btf: opener returned neither a Spec nor an error")
	errReentrant = errors.New("btf: an opener asks the collection that it opens for")
)

// Module returns the Spec of a module, split from Base, opening it if need be; "vmlinux" is Base
// itself. It fails with btf.ErrNotFound if there is no such module, with btf.ErrClosed after
// Close, with the context's error if the context ends first, and with the module's problem if
// the module cannot be opened.
func (c *Collection) Module(ctx context.Context, name string) (*btf.Spec, error) {
	if err := c.mayAsk(ctx); err != nil {
		return nil, err
	}
	m := c.member(name)
	if m == nil || m.isExtra {
		return nil, &noModuleError{name}
	}
	return c.openMember(ctx, m)
}

// Extra returns the Spec of an extra of an object, the kernel ("vmlinux") or a module, split from
// the object's Spec, opening either if need be: Extra(ctx, "vmlinux", "inline"), for instance. It
// fails as Module does, for the object or for the extra.
func (c *Collection) Extra(ctx context.Context, object, extra string) (*btf.Spec, error) {
	if err := c.mayAsk(ctx); err != nil {
		return nil, err
	}
	name := object + "." + extra
	o := c.member(object)
	if o == nil || o.isExtra {
		return nil, &noModuleError{name}
	}
	if _, err := c.openMember(ctx, o); err != nil {
		return nil, err
	}
	m := c.member(name) // the object's opener may have added it
	if m == nil || !m.isExtra {
		return nil, &noModuleError{name}
	}
	return c.openMember(ctx, m)
}

// member returns the kernel, a module or an extra, or nil.
func (c *Collection) member(name string) *member {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.members[kernelSpelling(name)]
}

// OpenAll opens all modules with the given number of workers, at least one. After each
// module it calls progress, unless that is nil, from one goroutine at a time. It fails with
// the context's error if the context ends first, and with btf.ErrClosed after Close.
// Modules that cannot be opened are no error: see Problems.
func (c *Collection) OpenAll(
	ctx context.Context, workers int, progress func(done, total int)) error {
	if err := c.mayAsk(ctx); err != nil {
		return err
	}
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
				c.openMember(ctx, m)
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

// openMember returns a member's Spec. The first who asks opens it, and others wait; if the context
// of the one who opens it ends first, the next one does.
func (c *Collection) openMember(ctx context.Context, m *member) (*btf.Spec, error) {
	for {
		if r := m.result.Load(); r != nil {
			return r.spec, r.err
		}
		if c.closed.Load() {
			return nil, btf.ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		opening, mine := c.claimOpening(m)
		if mine {
			return c.open(ctx, m)
		}
		if opening == nil {
			continue
		}
		select {
		case <-opening:
		case <-ctx.Done():
		}
	}
}

// claimOpening makes the caller the one who opens m, or returns what is closed when another one is
// done; nil if one is done already.
func (c *Collection) claimOpening(m *member) (opening <-chan struct{}, mine bool) {
	id := goroutine()
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.opening != nil || m.result.Load() != nil {
		return m.opening, false
	}
	m.opening = make(chan struct{})
	c.openers[id] = m
	c.opens.Add(1)
	return m.opening, true
}

// open opens a member that the caller claimed.
func (c *Collection) open(ctx context.Context, m *member) (spec *btf.Spec, err error) {
	// What it comes to if the opener panics.
	r, isFinal := result{err: fmt.Errorf("module %.128s: %w", m.name, errNoSpec)}, true
	defer func() { spec, err = c.finishOpening(m, r, isFinal) }()
	r, isFinal = c.run(ctx, m)
	return nil, nil
}

// run calls a member's opener. If the context ends first, the result is not final.
func (c *Collection) run(ctx context.Context, m *member) (r result, isFinal bool) {
	base, err := c.openMember(ctx, m.object)
	if err != nil {
		return result{err: err}, false
	}
	m.asked.Store(false)
	spec, err := m.open(context.WithValue(ctx, openerKey{c}, m), base)
	if err != nil && ctx.Err() != nil {
		return result{err: err}, false
	}
	if err = check(m, spec, err); err != nil {
		return result{err: fmt.Errorf("module %.128s: %w", m.name, err)}, true
	}
	return result{spec: spec}, true
}

// check returns what is wrong with what an opener returned; it closes a Spec that is no good.
func check(m *member, spec *btf.Spec, err error) error {
	switch {
	case err != nil:
		return err
	case spec == nil:
		return errNoSpec
	case m.asked.Load():
		err = errReentrant
	default:
		err = spec.CheckBase()
	}
	if err != nil {
		spec.Close()
	}
	return err
}

// finishOpening ends the opening of a member. Its Spec is closed again if the member was taken
// out, or the Collection closed, meanwhile.
func (c *Collection) finishOpening(m *member, r result, isFinal bool) (*btf.Spec, error) {
	id := goroutine()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.openers, id)
	c.opens.Add(-1)
	close(m.opening)
	m.opening = nil
	var gone error
	if old := m.result.Load(); old != nil {
		gone = old.err
	} else if c.closed.Load() {
		gone = btf.ErrClosed
	}
	if gone != nil {
		if r.spec != nil {
			r.spec.Close()
		}
		return nil, gone
	}
	if isFinal {
		m.result.Store(&r)
	}
	if r.spec != nil {
		c.owners[r.spec] = m
	}
	return r.spec, r.err
}

// openerKey is where the context of an opener has the member that it opens.
type openerKey struct{ c *Collection }

// mayAsk returns why the caller may not ask for modules: the Collection is closed, or it is one of
// its openers that asks, and would wait for itself.
func (c *Collection) mayAsk(ctx context.Context) error {
	if c.closed.Load() {
		return btf.ErrClosed
	}
	if m := c.opener(ctx); m != nil {
		return fmt.Errorf("%w: that of %.128s", errReentrant, m.name)
	}
	return nil
}

// opener returns the member whose opener the caller is, or nil.
func (c *Collection) opener(ctx context.Context) *member {
	if c.opens.Load() == 0 {
		return nil // the usual case, at no cost
	}
	id := goroutine()
	c.mu.RLock()
	defer c.mu.RUnlock()
	if m := c.openers[id]; m != nil && id != 0 {
		return m
	}
	if m, _ := ctx.Value(openerKey{c}).(*member); m != nil && m.opening != nil {
		return m
	}
	return nil
}

// isStale says whether the caller is the opener of a member whose place m has taken.
func (c *Collection) isStale(m *member) bool {
	if c.opens.Load() == 0 {
		return false
	}
	old := c.openers[goroutine()]
	return old != nil && old != m && kernelSpelling(old.name) == kernelSpelling(m.name)
}

// goroutine returns the number of the goroutine that runs, as a panic prints it; 0 if there is none
// to be read. Queries have no context that could tell an opener's own from others, which are to
// wait.
func goroutine() uint64 {
	var buf [64]byte
	line := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	number, _, _ := bytes.Cut(line, []byte(" "))
	id, _ := strconv.ParseUint(string(number), 10, 64)
	return id
}
