// Command mutants measures whether the tests of packages notice mistakes. It makes one small change
// at a time (a comparison turned round or its bound moved, a number off by one, an error dropped, a
// zero returned, two arguments of one type swapped, a call or an assignment to a field left out),
// runs the package's own tests with -short, and prints how many changes they notice, and those that
// they do not. For an internal package, the tests of the folder that it is internal to count, too.
//
//	go run ./fuzz/cmd/mutants -n 40 ./btf/...    # 40 changes of each package
//	go run ./fuzz/cmd/mutants -n 0 -files 'walk|header' ./btf/internal/raw
//	go run ./fuzz/cmd/mutants -state runs.txt work    # goes on where the last run stopped
//
// The same seed draws the same changes of the same source. It exits 1 if the tests of a package
// notice less than -floor percent.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

func main() { gocmd.Main("mutants", run) }

// config is what the flags say.
type config struct {
	n, workers int
	seed       uint64
	state, run string
	files      *regexp.Regexp
	floor      float64
	patterns   []string
}

func parseFlags(wErr io.Writer, args []string) (c config, err error) {
	fs := flag.NewFlagSet("mutants", flag.ContinueOnError)
	fs.SetOutput(wErr)
	fs.IntVar(&c.n, "n", 20, "how `many` changes of each package; 0 for all")
	fs.IntVar(&c.workers, "workers", 2, "how `many` packages' tests run at once")
	fs.Uint64Var(&c.seed, "seed", 1, "the `seed` of the sample")
	fs.StringVar(&c.state, "state", "", "a `file` that keeps verdicts, for a run to go on from")
	files := fs.String("files", "", "change only files whose names match this `pattern`")
	fs.StringVar(&c.run, "run", "", "run only tests whose names match this `pattern`")
	fs.Float64Var(&c.floor, "floor", 0, "the least `percentage` to be noticed in each package")
	fs.Usage = func() {
		fmt.Fprintf(wErr, "Usage: mutants [flags] [package...]\n\nMakes one small change of a package "+
			"at a time, runs the package's tests, and prints\nthe changes that no test notices. "+
			"Takes hours for all packages.\n\n")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return c, err
	} else if err != nil {
		return c, gocmd.ErrUsage
	}
	if c.patterns = fs.Args(); len(c.patterns) == 0 {
		c.patterns = []string{"work"}
	}
	if c.files, err = regexp.Compile(*files); err != nil || c.n < 0 || c.workers < 1 {
		fmt.Fprintln(wErr, "mutants: -files is no regular expression, or -n or -workers too small")
		return c, gocmd.ErrUsage
	}
	return c, nil
}

func run(ctx context.Context, w, wErr io.Writer, args []string) error {
	c, err := parseFlags(wErr, args)
	if err != nil {
		return err
	}
	root, err := gocmd.Workspace()
	if err != nil {
		return err
	}
	pkgs, err := loadPackages(ctx, root, c.patterns)
	if err != nil {
		return err
	}
	s, err := openState(c.state)
	if err != nil {
		return err
	}
	defer s.close()
	weak := 0
	for _, p := range pkgs {
		if len(p.tests) == 0 {
			continue
		}
		t := &tally{root: root, pkg: p, state: s, run: c.run, progress: wErr}
		if err := t.measure(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
		if t.print(w); t.all > 0 && t.percent() < c.floor {
			weak++
		}
	}
	if weak > 0 {
		return fmt.Errorf("%d packages below %v %%", weak, c.floor)
	}
	return nil
}

// A tally counts the verdicts on the mutants of one package.
type tally struct {
	root     string
	pkg      *pkg
	state    *state
	run      string // the tests that count
	progress io.Writer

	mu        sync.Mutex
	all, live int
	survivors []string
}

// measure tries a sample of the package's mutants. Verdicts that are known take no time.
func (t *tally) measure(ctx context.Context, c config) error {
	sample, err := t.sample(c)
	if err != nil || len(sample) == 0 {
		return err
	}
	var unknown []mutant
	for _, m := range sample {
		if v, ok := t.state.get(t.pkg.key(t.root, m)); ok {
			t.count(m, v)
		} else {
			unknown = append(unknown, m)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	limit, err := t.baseline(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan mutant)
	var workers sync.WaitGroup
	for range c.workers {
		workers.Go(func() {
			for m := range queue {
				if err := t.try(ctx, m, limit); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	for _, m := range unknown {
		select {
		case queue <- m:
		case <-ctx.Done():
		}
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}

// sample draws mutants that compile.
func (t *tally) sample(c config) ([]mutant, error) {
	all, err := t.pkg.mutants()
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(c.seed, 0))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var sample []mutant
	for _, m := range all {
		if c.n > 0 && len(sample) == c.n {
			break
		}
		if c.files.MatchString(filepath.Base(m.file)) && t.pkg.compiles(m) {
			sample = append(sample, m)
		}
	}
	return sample, nil
}

// baseline returns the time that a mutant's tests may take.
func (t *tally) baseline(ctx context.Context) (time.Duration, error) {
	if v, err := t.pkg.test(ctx, nil, t.run, time.Hour); err != nil || v != lived {
		return 0, errors.Join(err, fmt.Errorf("the tests of the package as it is: %s", v))
	}
	start := time.Now() // what was built is in the go command's cache
	_, err := t.pkg.test(ctx, nil, t.run, time.Hour)
	return 3*time.Since(start) + 10*time.Second, err
}

// try gets the verdict on one mutant.
func (t *tally) try(ctx context.Context, m mutant, limit time.Duration) error {
	v, err := t.pkg.test(ctx, &m, t.run, limit)
	if err != nil && ctx.Err() != nil {
		return err
	}
	t.count(m, v)
	return t.state.put(t.pkg.key(t.root, m), v)
}

// count adds a verdict.
func (t *tally) count(m mutant, v verdict) {
	where := fmt.Sprintf("%s:%d: %s", relative(t.root, m.file), m.line, m.change)
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.progress, "%s: %s\n", v, where)
	if v == invalid {
		return
	}
	t.all++
	if v == lived {
		t.live++
		t.survivors = append(t.survivors, where)
	}
}

func (t *tally) percent() float64 { return 100 * float64(t.all-t.live) / float64(max(t.all, 1)) }

// print writes a line for the package, and one for each survivor.
func (t *tally) print(w io.Writer) {
	name := relative(t.root, t.pkg.dir)
	fmt.Fprintf(w, "%-28s %4d of %4d noticed, %5.1f %%\n", name, t.all-t.live, t.all, t.percent())
	for _, s := range t.survivors {
		fmt.Fprintf(w, "    lived: %s\n", s)
	}
}

// A state keeps verdicts in a file: a line each, the verdict, a tab and the mutant's key. It
// forgets those that lived: there may be tests for them now.
type state struct {
	mu       sync.Mutex
	verdicts map[string]verdict
	file     *os.File
}

func openState(path string) (*state, error) {
	s := &state{verdicts: make(map[string]verdict)}
	if path == "" {
		return s, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	s.file = f
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if v, key, ok := strings.Cut(lines.Text(), "\t"); ok && verdict(v) != lived {
			s.verdicts[key] = verdict(v)
		}
	}
	return s, lines.Err()
}

func (s *state) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func (s *state) get(key string) (verdict, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.verdicts[key]
	return v, ok
}

func (s *state) put(key string, v verdict) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verdicts[key] = v
	if s.file == nil {
		return nil
	}
	_, err := fmt.Fprintf(s.file, "%s\t%s\n", v, key)
	return err
}
