package across

import (
	"cmp"
	"context"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/matrix"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

// A Fuzzer asks implementations about inputs, each in a process of its own with the limits of
// package matrix.
type Fuzzer struct {
	// Dir is a folder for the files of cases.
	Dir      string
	Adapters []matrix.Adapter
	// Kernel is asked what is sound, and KernelVersion says which one it is. Without one, of what
	// the second decoder reads only a crash or a hang counts.
	Kernel        *matrix.Adapter
	KernelVersion string
	// Tries is how many forms of an input Minimise tries, and Patience for how long.
	Tries    int
	Patience time.Duration
}

// A Found is a class of disagreement.
type Found struct {
	Class
	// Case is a small input of the class, and Detail what the implementation did with it.
	Case   suite.Case
	Detail string
	// Count is how many inputs were of the class.
	Count int
}

// A Report is what a run found.
type Report struct {
	// Inputs counts them, and Accepted those that a kernel accepted.
	Inputs, Accepted int
	Found            []Found // sorted by adapter, result and why
}

// Run asks every adapter about every input, as many at once as there are processors. Of each class
// it makes one input small, unless the class is among those that are known. When ctx ends, Run
// returns what it found until then.
func (f *Fuzzer) Run(ctx context.Context, inputs iter.Seq[suite.Case], known []Known) (
	*Report, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	r, found, failed := &Report{}, map[Class]*Found{}, error(nil)
	tasks := make(chan suite.Case)
	for range runtime.NumCPU() {
		wg.Go(func() {
			for c := range tasks {
				c, cells, err := f.ask(ctx, c, f.Adapters)
				mu.Lock()
				failed = cmp.Or(failed, err)
				if ctx.Err() == nil { // or what was running then counts as a hang
					r.add(found, f.Adapters, c, cells)
				}
				mu.Unlock()
			}
		})
	}
	for c := range inputs {
		if ctx.Err() != nil {
			break
		}
		tasks <- c
	}
	close(tasks)
	wg.Wait()
	fresh := make(chan *Found)
	for range runtime.NumCPU() {
		wg.Go(func() {
			for one := range fresh {
				f.minimise(ctx, one)
			}
		})
	}
	for _, one := range found {
		isKnown := slices.ContainsFunc(known, func(k Known) bool { return k.Has(one.Class) })
		if !isKnown && ctx.Err() == nil {
			fresh <- one
		}
	}
	close(fresh)
	wg.Wait()
	for _, one := range found {
		r.Found = append(r.Found, *one)
	}
	slices.SortFunc(r.Found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Adapter, b.Adapter), cmp.Compare(a.Result, b.Result),
			cmp.Compare(a.Why, b.Why))
	})
	return r, failed
}

// add counts an input, and what adapters did with it. Of a class it keeps the shortest input.
func (r *Report) add(found map[Class]*Found, adapters []matrix.Adapter, c suite.Case,
	cells []matrix.Cell) {
	r.Inputs++
	if c.Verdict == suite.Accept {
		r.Accepted++
	}
	for i, cell := range cells {
		class, wrong := classOf(adapters[i].Name, c, cell)
		if !wrong {
			continue
		}
		one := found[class]
		if one == nil {
			one = &Found{Class: class, Case: c, Detail: cell.Detail}
			found[class] = one
		}
		if one.Count++; len(c.Data)+len(c.Base) < len(one.Case.Data)+len(one.Case.Base) {
			one.Case, one.Detail = c, cell.Detail
		}
	}
}

// ask runs adapters on a case. The case comes back with the verdict of the kernel.
func (f *Fuzzer) ask(ctx context.Context, c suite.Case, adapters []matrix.Adapter) (
	suite.Case, []matrix.Cell, error) {
	dir, err := os.MkdirTemp(f.Dir, "input")
	if err != nil {
		return c, nil, err
	}
	defer os.RemoveAll(dir)
	if err := suite.Write(dir, []suite.Case{c}); err != nil {
		return c, nil, err
	}
	if c.Verdict == suite.Either && f.Kernel != nil {
		if matrix.RunCase(ctx, dir, c, *f.Kernel).Accepted {
			c = acceptedBy(f.KernelVersion, c)
		}
	}
	var cells []matrix.Cell
	for _, a := range adapters {
		cells = append(cells, matrix.RunCase(ctx, dir, c, a))
	}
	return c, cells, nil
}

// minimise makes the input of one class small.
func (f *Fuzzer) minimise(ctx context.Context, one *Found) {
	i := slices.IndexFunc(f.Adapters, func(a matrix.Adapter) bool { return a.Name == one.Adapter })
	only := f.Adapters[i : i+1]
	end := time.Now().Add(f.Patience)
	keep := func(data, base []byte) bool {
		if ctx.Err() != nil || time.Now().After(end) {
			return false
		}
		c, cells, err := f.ask(ctx, Expect(data, base), only)
		if err != nil {
			return false
		}
		class, _ := classOf(one.Adapter, c, cells[0])
		if class != one.Class || ctx.Err() != nil {
			return false
		}
		one.Case, one.Detail = c, cells[0].Detail
		return true
	}
	base := one.Case.Base
	data := Minimise(one.Case.Data, base, f.Tries, func(d []byte) bool { return keep(d, base) })
	if base != nil && !keep(data, nil) {
		Minimise(base, nil, f.Tries, func(b []byte) bool { return keep(data, b) })
	}
}

// Gone returns what is known and does not show any more, of the adapters that are there: its
// implementation was mended, or the table is wrong.
func (f *Fuzzer) Gone(ctx context.Context, known []Known) (gone []Known, err error) {
	for _, k := range known {
		i := slices.IndexFunc(f.Adapters, func(a matrix.Adapter) bool { return a.Name == k.Adapter })
		if i < 0 {
			continue
		}
		c, cells, err := f.ask(ctx, Expect(k.Data, k.Base), f.Adapters[i:i+1])
		if err != nil {
			return nil, err
		}
		if class, _ := classOf(k.Adapter, c, cells[0]); !k.Has(class) && ctx.Err() == nil {
			gone = append(gone, k)
		}
	}
	return gone, nil
}

// Try runs one adapter on a case that suite.Write wrote into a folder.
func Try(ctx context.Context, dir string, a matrix.Adapter) (matrix.Cell, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return matrix.Cell{}, err
	}
	c, err := suite.ReadCase(dir)
	if err != nil {
		return matrix.Cell{}, err
	}
	return matrix.RunCase(ctx, filepath.Dir(dir), c, a), nil
}
