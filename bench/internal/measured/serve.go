package measured

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/build"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
)

// Serve is the program that measures one of the backends. It is a peer as bench/peers/README.md
// defines them. args are the program's arguments. Serve returns the program's exit status.
//
// Serve adds to the protocol: rows with goroutines=N, and the command "info", which it answers with
// lines "info key=value ..." that say where the source's bytes are.
func Serve(backends []btf.Backend, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s, list, err := parseServer(backends, args)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "%v\n", err)
		return 2
	case list:
		for _, b := range backends {
			fmt.Fprintf(stdout, "%s\tbtfkit %s\t%s\n", b.Name(), build.Version(), bench.About(b))
		}
		return 0
	}
	if err := s.run(stdin, stdout); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", s.backend.Name(), err)
		return 1
	}
	return 0
}

// A measurable is what a server measures: a Target or a Collection.
type measurable interface {
	Run(r row.Row, n int) (Sample, error)
	Close() error
	// load opens the source. Only the first call does; the source stays open.
	load() error
	// untouched reports that nothing was opened yet.
	untouched() bool
	// specs lists what load opened.
	specs() []*btf.Spec
	// queryRows lists one row of each kind of query.
	queryRows() []row.Row
	// answers writes the answers to the whole workload, in the protocol's form.
	answers(*bufio.Writer) error
}

type server struct {
	target                       measurable
	backend                      btf.Backend
	source, base, workload, name string  // paths, and the source's name in results
	start                        *memory // before anything was opened
	out                          *bufio.Writer
}

func parseServer(backends []btf.Backend, args []string) (s *server, list bool, err error) {
	s = new(server)
	var backend string
	flags := flag.NewFlagSet("peer", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&list, "backends", false, "")
	flags.StringVar(&backend, "backend", "", "")
	flags.StringVar(&s.source, "source", "", "")
	flags.StringVar(&s.base, "base", "", "")
	flags.StringVar(&s.workload, "workload", "", "")
	flags.StringVar(&s.name, "source-name", "", "")
	if err := flags.Parse(args); err != nil || list {
		return s, list, err
	}
	if backend == "" || s.source == "" || s.workload == "" || flags.NArg() > 0 {
		return nil, false, errors.New("wants --backend, --source and --workload")
	}
	if s.name == "" {
		s.name = filepath.Base(s.source)
	}
	for _, s.backend = range backends {
		if s.backend.Name() == backend {
			return s, false, nil
		}
	}
	return nil, false, fmt.Errorf("backend %q: unknown", backend)
}

func (s *server) run(stdin io.Reader, stdout io.Writer) error {
	if err := s.prepare(); err != nil {
		return err
	}
	defer s.target.Close()
	s.out = bufio.NewWriter(stdout)
	fmt.Fprintf(s.out, "ready protocol=1 backend=%s library=btfkit version=%s omits=-\n",
		s.backend.Name(), build.Version())
	if err := s.out.Flush(); err != nil {
		return err
	}
	in := bufio.NewReader(stdin)
	for {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) || strings.TrimSpace(line) == "quit" {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.command(strings.Fields(line)); errors.Is(err, errNoEntries) {
			fmt.Fprintf(s.out, "unsupported %v\n", err)
		} else if err != nil {
			fmt.Fprintf(s.out, "error %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		} else {
			fmt.Fprintln(s.out, "ok")
		}
		if err := s.out.Flush(); err != nil {
			return err
		}
	}
}

// prepare reads the workload. A source that is a folder is a Collection; the base is a file in it.
func (s *server) prepare() error {
	f, err := os.Open(s.workload)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := workload.Read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", s.workload, err)
	}
	if st, err := os.Stat(s.source); err == nil && st.IsDir() {
		base := filepath.Base(s.base)
		s.target = &Collection{Backend: s.backend, Dir: s.source, Base: base, Workload: w}
	} else {
		s.target = &Target{Backend: s.backend, Path: s.source, BasePath: s.base, Workload: w}
	}
	return nil
}

func (s *server) command(words []string) error {
	switch {
	case len(words) == 3 && words[0] == "run":
		return s.sample(words[1], words[2])
	case len(words) == 2 && words[0] == "memory":
		return s.memory(words[1])
	case len(words) == 1 && words[0] == "check":
		return s.target.answers(s.out)
	case len(words) == 1 && words[0] == "info":
		return s.info()
	}
	return fmt.Errorf("unknown command %q", strings.Join(words, " "))
}

// sample answers with a result of the row, and its checksum.
func (s *server) sample(name, count string) error {
	r, err := row.Parse(name)
	if err != nil {
		return err
	}
	sample, err := s.measure(r, count)
	if err != nil {
		return err
	}
	n := float64(sample.N)
	fmt.Fprintf(s.out, "Benchmark%s\t%d", s.resultName(r), sample.N)
	// Rounded to whole numbers, a pool that is seldom empty would look like an allocation or none.
	fmt.Fprintf(s.out, "\t%.4g ns/op\t%.4g B/op\t%.4g allocs/op\n",
		float64(sample.Time.Nanoseconds())/n, float64(sample.AllocBytes)/n, float64(sample.Allocs)/n)
	if sample.Defined {
		fmt.Fprintf(s.out, "checksum %s %d %x\n", r, sample.N, sample.Sum)
	} else {
		fmt.Fprintf(s.out, "checksum %s %d -\n", r, sample.N)
	}
	return nil
}

func (s *server) resultName(r row.Row) row.Name {
	return row.Name{Row: r, Backend: s.backend.Name(), Source: s.name}
}

// measure takes a sample of a count of operations, or of a duration in milliseconds.
func (s *server) measure(r row.Row, count string) (Sample, error) {
	if ms, ok := strings.CutSuffix(count, "ms"); ok {
		n, err := strconv.Atoi(ms)
		if err != nil {
			return Sample{}, fmt.Errorf("duration %q: %w", count, err)
		}
		return calibrate(s.target, r, time.Duration(n)*time.Millisecond)
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return Sample{}, fmt.Errorf("count %q: %w", count, err)
	}
	if n > 1 { // fill the pools that the garbage collector emptied since the last sample
		if _, err := s.target.Run(r, 1); err != nil {
			return Sample{}, err
		}
	}
	return s.target.Run(r, n)
}

// calibrate raises the count until a sample lasts at least that long, and returns this sample. Like
// package testing, it aims at a fifth more than it expects to need, and raises the count a
// hundredfold at most. It expects the speed of the fastest sample so far: after a slow sample,
// which something may have interrupted, all later ones would be too short.
func calibrate(t measurable, r row.Row, least time.Duration) (Sample, error) {
	fastest := time.Hour
	for n := 1; ; {
		s, err := t.Run(r, n)
		if err != nil || r.Op == row.OpenCold || n >= 1e9 {
			return s, err
		}
		fastest = min(fastest, max(s.Time/time.Duration(n), 1))
		if s.Time >= least && fastest*time.Duration(n) >= least/2 {
			return s, nil
		}
		expected := least / fastest * 6 / 5
		n = min(max(int(min(expected, 1e9)), n+1), 100*n, 1e9)
	}
}

// memory answers with a result of what this process holds at that stage.
func (s *server) memory(stage string) error {
	r := row.Row{Op: row.Memory, Stage: stage}
	if !r.Valid() {
		return fmt.Errorf("unknown stage %q", stage)
	}
	if s.start == nil {
		if !s.target.untouched() {
			return errors.New("memory wants a fresh process")
		}
		m, err := baseline()
		if err != nil {
			return err
		}
		s.start = &m
	}
	if err := s.target.load(); err != nil {
		return err
	}
	if stage == row.AfterQueries {
		for _, query := range s.target.queryRows() {
			if _, err := s.target.Run(query, 1); err != nil && !errors.Is(err, errNoEntries) {
				return err
			}
		}
	}
	now, err := readMemory()
	if err != nil {
		return err
	}
	now.mapped = mappedBytes(s.target.specs())
	fmt.Fprintf(s.out, "Benchmark%s\t1%s\n", s.resultName(r), now.report(*s.start))
	return nil
}

// info answers with where the bytes are: those of the source, then those of its bases or modules.
func (s *server) info() error {
	if err := s.target.load(); err != nil {
		return err
	}
	for _, spec := range s.target.specs() {
		i := spec.Info()
		storage := "heap"
		if i.Mapped {
			storage = "mapped"
		}
		fmt.Fprintf(s.out, "info storage=%s data-B=%d index-B=%d why=%s\n",
			storage, i.DataBytes, i.IndexBytes, i.Why)
	}
	return nil
}
