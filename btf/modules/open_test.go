package modules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/modules"
)

// within fails a test that hangs.
func within(t *testing.T, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("no end after half a minute")
	}
}

// asks are the ways in which an opener may ask its own collection, each with an error; the error
// of a query that returns none is that of the module.
var asks = map[string]func(ctx context.Context, c *modules.Collection) error{
	"itself": func(ctx context.Context, c *modules.Collection) error {
		_, err := c.Module(ctx, "a")
		return err
	},
	"with another context": func(_ context.Context, c *modules.Collection) error {
		_, err := c.Module(context.Background(), "a")
		return err
	},
	"on another goroutine": func(ctx context.Context, c *modules.Collection) error {
		failed := make(chan error)
		go func() {
			_, err := c.Module(ctx, "a")
			failed <- err
		}()
		return <-failed
	},
	"through another module": func(ctx context.Context, c *modules.Collection) error {
		_, err := c.Module(ctx, "b")
		return err
	},
	"for an extra": func(ctx context.Context, c *modules.Collection) error {
		_, err := c.Extra(ctx, "a", "inline")
		return err
	},
	"for all": func(ctx context.Context, c *modules.Collection) error {
		return c.OpenAll(ctx, 2,
			nil)
	},
	"for a name": func(_ context.Context, c *modules.Collection) error {
		_, err := c.TypeByName("toy_xmit")
		return err
	},
	"for names": func(_ context.Context, c *modules.Collection) error {
		for t := range c.TypesByName("kfree_skb") {
			return errors.New("found " + t.Name())
		}
		return nil
	},
}

// An opener that asks its own collection gets an error and no deadlock, and no other module does.
func TestReentrance(t *testing.T) {
	for name, ask := range asks {
		t.Run(name, func(t *testing.T) {
			c, data := newCollection(t)
			open := func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
				if err := ask(ctx, c); err != nil {
					return nil, err
				}
				return btf.Parse(data, base)
			}
			err := errors.Join(c.Add("a", "", open), c.Add("b", "", open), c.Add("c", "", parser(data)),
				c.AddExtra("a", "inline", "", parser(nil)))
			if err != nil {
				t.Fatal(err)
			}
			within(t, func() {
				for _, module := range []string{"a", "b"} {
					_, err := c.Module(t.Context(), module)
					if err == nil || !strings.Contains(err.Error(), "asks the collection that it opens for") {
						t.Errorf("%s: %v", module, err)
					}
				}
				fn, err := c.TypeByName("toy_xmit")
				if err != nil || c.ModuleOf(fn) != "c" {
					t.Errorf("%v of %q, error %v", fn, c.ModuleOf(fn), err)
				}
			})
			if len(c.Problems()) != 2 {
				t.Errorf("problems %v", c.Problems())
			}
		})
	}
}

// Two openers that wait for each other's module on two goroutines get errors as well.
func TestReentranceAcross(t *testing.T) {
	c, data := newCollection(t)
	both := make(chan struct{}, 2)
	for name, other := range map[string]string{"a": "b", "b": "a"} {
		err := c.Add(name, "", func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
			both <- struct{}{}
			for len(both) < 2 {
				time.Sleep(time.Millisecond)
			}
			if _, err := c.Module(context.Background(), other); err == nil {
				t.Errorf("the opener of %s got %s", name, other)
			}
			return btf.Parse(data, base)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	within(t, func() {
		if err := c.OpenAll(t.Context(), 2, nil); err != nil || len(c.Problems()) > 0 {
			t.Errorf("error %v, problems %v", err, c.Problems())
		}
	})
}

// The opener of an extra may not ask either, even if its object had to be opened for it.
func TestReentranceOfExtra(t *testing.T) {
	c, data := newCollection(t)
	err := errors.Join(c.Add("a", "", parser(data)), c.Add("b", "", parser(data)),
		c.AddExtra("a", "x", "", func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
			_, err := c.Module(context.Background(), "b")
			return nil, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	within(t, func() {
		if _, err := c.Extra(t.Context(), "a", "x"); err == nil ||
			!strings.Contains(err.Error(), "that of a.x") {
			t.Errorf("error %v", err)
		}
	})
}

// An opener that asked in vain, and was interrupted, may be called again.
func TestReentranceForgiven(t *testing.T) {
	c, data := newCollection(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Add("a", "", func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
		if ctx.Err() == nil && cancel != nil {
			for range c.All() {
				t.Error("a query in an opener finds something")
			}
			cancel()
			cancel = nil
			return nil, ctx.Err()
		}
		return btf.Parse(data, base)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Module(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := c.Module(t.Context(), "a"); err != nil {
		t.Error(err)
	}
}

// A Spec that is no good is closed.
func TestForeignClosed(t *testing.T) {
	c, _ := newCollection(t)
	b := builder.New(builder.Options{Base: c.Base()})
	b.Ptr(b.NextID()) // a cycle
	data := must(b.Bytes())(t)
	var spec *btf.Spec
	err := c.Add("a", "", func(_ context.Context, base *btf.Spec) (_ *btf.Spec, err error) {
		spec, err = btf.Parse(data, base)
		return spec, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Module(t.Context(), "a"); !errors.Is(err, btf.ErrCorrupt) || !isClosed(spec) {
		t.Errorf("error %v, Spec closed: %v", err, isClosed(spec))
	}
}

// A module is opened once, however many ask for it at once.
func TestOpenedOnce(t *testing.T) {
	c, data := newCollection(t)
	for range 2000 {
		var opened atomic.Int32
		must(c.Replace("a", "", func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
			opened.Add(1)
			return btf.Parse(data, base)
		}))(t)
		var wg sync.WaitGroup
		var specs [4]*btf.Spec
		for i := range specs {
			wg.Go(func() { specs[i], _ = c.Module(t.Context(), "a") })
		}
		wg.Wait()
		for _, spec := range specs {
			if spec == nil || spec != specs[0] || opened.Load() != 1 {
				t.Fatalf("Specs %v, opened %d times", specs, opened.Load())
			}
		}
	}
}

// OpenAll opens no more modules when its context is done, and tells their openers.
func TestOpenAllCancelled(t *testing.T) {
	c, data := newCollection(t)
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "OpenAll's"))
	opened := 0
	for _, name := range []string{"a", "b", "c"} {
		err := c.Add(name, "", func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
			if opened++; ctx.Value(key{}) != "OpenAll's" {
				t.Error("an opener has another context")
			}
			return btf.Parse(data, base)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	reports := 0
	err := c.OpenAll(ctx, 1, func(done, total int) {
		if reports++; done == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || opened != 2 || reports != 2 {
		t.Errorf("error %v, %d modules opened, %d reports", err, opened, reports)
	}
}

// What an opener asks of another collection, or leaves for later, is its own affair.
func TestNoReentrance(t *testing.T) {
	c, data := newCollection(t)
	other, data2 := newCollection(t)
	var kept context.Context
	err := errors.Join(other.Add("x", "", parser(data2)), c.Add("b", "", parser(data)),
		c.Add("a", "", func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
			kept = ctx
			if _, err := other.Module(ctx, "x"); err != nil {
				return nil, err
			}
			c.Names()
			c.Len()
			c.Problems()
			return btf.Parse(data, base)
		}))
	if err != nil {
		t.Fatal(err)
	}
	within(t, func() {
		if _, err := c.Module(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		inOpener := func() error {
			_, err := c.Module(kept, "b")
			return err
		}
		failed := make(chan error)
		err := c.Add("c", "", func(context.Context, *btf.Spec) (*btf.Spec, error) {
			go func() { failed <- inOpener() }()
			return nil, <-failed
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Module(t.Context(), "c"); !strings.Contains(err.Error(),
			"neither a Spec nor an error") {
			t.Errorf("with the context of an opener that is done: %v", err)
		}
	})
}

// An opener that closes its own collection gets ErrClosed.
func TestCloseInOpener(t *testing.T) {
	c, data := newCollection(t)
	var spec *btf.Spec
	err := c.Add("a", "", func(_ context.Context, base *btf.Spec) (_ *btf.Spec, err error) {
		if spec, err = btf.Parse(data, base); err != nil {
			return nil, err
		}
		return spec, c.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	within(t, func() {
		if _, err := c.Module(t.Context(), "a"); !errors.Is(err, btf.ErrClosed) || !isClosed(spec) {
			t.Errorf("error %v, Spec closed: %v", err, isClosed(spec))
		}
	})
}

// Everybody waits for the one who opens a module, as long as their own contexts allow.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, data := newCollection(t)
		opened := 0
		err := c.Add("a", "", func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
			opened++
			select {
			case <-ctx.Done():
				return nil, errors.New("interrupted")
			case <-time.After(time.Hour):
				return btf.Parse(data, base)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(limit time.Duration) chan error {
			result := make(chan error, 1)
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				_, err := c.Module(ctx, "a")
				result <- err
			}()
			synctest.Wait()
			return result
		}
		start := time.Now()
		first, second, third := ask(2*time.Minute), ask(time.Minute), ask(3*time.Hour)
		if err := <-second; !errors.Is(err, context.DeadlineExceeded) ||
			time.Since(start) != time.Minute {
			t.Errorf("one who waits for another: %v after %v", err, time.Since(start))
		}
		if err := <-first; err == nil || time.Since(start) != 2*time.Minute {
			t.Errorf("one whose context ends: %v after %v", err, time.Since(start))
		}
		if err := <-third; err != nil || opened != 2 || time.Since(start) != time.Hour+2*time.Minute {
			t.Errorf("one who opens it anew: %v after %v, opened %d times", err, time.Since(start), opened)
		}
		if len(c.Problems()) > 0 {
			t.Errorf("problems %v", c.Problems())
		}
	})
}

// A module that is removed while it is being opened is gone.
func TestRemoveWhileOpening(t *testing.T) {
	for _, replace := range []bool{false, true} {
		c, data := newCollection(t)
		started, removed := make(chan struct{}), make(chan struct{})
		var spec *btf.Spec
		err := c.Add("a", "", func(_ context.Context, base *btf.Spec) (_ *btf.Spec, err error) {
			close(started)
			<-removed
			spec, err = btf.Parse(data, base)
			return spec, err
		})
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			_, err := c.Module(t.Context(), "a")
			failed <- err
		}()
		<-started
		var retired []*btf.Spec
		if replace {
			retired, err = c.Replace("a", "", parser(data))
		} else {
			retired, err = c.Remove("a")
		}
		if err != nil || retired != nil {
			t.Errorf("retired %v, error %v", retired, err)
		}
		close(removed)
		if err := <-failed; !errors.Is(err, btf.ErrNotFound) || !isClosed(spec) {
			t.Errorf("error %v, Spec closed: %v", err, isClosed(spec))
		}
		if _, err := c.Module(t.Context(), "a"); (err == nil) != replace {
			t.Errorf("replaced: %v, error %v", replace, err)
		}
	}
}

// An opener that panics leaves a problem, and nobody waiting.
func TestPanic(t *testing.T) {
	c, _ := newCollection(t)
	if err := c.Add("a", "", func(context.Context, *btf.Spec) (*btf.Spec,
		error) {
		panic("oops")
	}); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is gone")
			}
		}()
		c.Module(t.Context(), "a")
	}()
	within(t, func() {
		if _, err := c.Module(t.Context(), "a"); err == nil || len(c.Problems()) != 1 {
			t.Errorf("error %v, problems %v", err, c.Problems())
		}
	})
}

// Without a number of workers, there is one: openers never run at once.
func TestOneWorker(t *testing.T) {
	c, data := newCollection(t)
	var running, most atomic.Int32
	for i := range 4 {
		open := func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(2 * time.Millisecond) // for another one to begin
			return btf.Parse(data, base)
		}
		if err := c.Add(fmt.Sprint("m", i), "", open); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.OpenAll(t.Context(), 0, nil); err != nil || most.Load() != 1 {
		t.Errorf("%d openers at once, error %v", most.Load(), err)
	}
}
