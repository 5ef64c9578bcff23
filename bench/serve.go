package bench

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// Serve is the program that measures one of the backends: a peer, as bench/peers/README.md defines
// them. args are the program's arguments. It returns the program's exit status.
//
// To the protocol it adds the command "info", answered by a line "info key=value ..." about where
// the source's bytes are, and rows with goroutines=N.
func Serve(backends []btf.Backend, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s, list, err := parseServer(backends, args)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "%v\n", err)
		return 2
	case list:
		for _, b := range backends {
			fmt.Fprintf(stdout, "%s\tbtfkit %s\t%s\n", b.Name(), Version(), About(b))
		}
		return 0
	}
	if err := s.run(stdin, stdout); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", s.backend.Name(), err)
		return 1
	}
	return 0
}

// Version returns this module's version, or the commit that it was built from, or "devel".
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel"
}

// A measured is what a server measures: a Target or a Set.
type measured interface {
	Run(row string, n int) (Sample, error)
	Close() error
	// load opens what is to be asked, on the first call, and keeps it open.
	load() error
	// untouched reports that nothing was opened yet.
	untouched() bool
	// specs lists what load opened.
	specs() []*btf.Spec
	// queryRows names rows of one query of each kind.
	queryRows() []string
	answers(*bufio.Writer) error
}

type server struct {
	target                        measured
	backend                       btf.Backend
	source, base, workload, label string  // paths, and the source's name in results
	start                         *memory // before anything was opened
	out                           *bufio.Writer
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
	flags.StringVar(&s.label, "source-name", "", "")
	if err := flags.Parse(args); err != nil || list {
		return s, list, err
	}
	if backend == "" || s.source == "" || s.workload == "" || flags.NArg() > 0 {
		return nil, false, errors.New("wants --backend, --source and --workload")
	}
	if s.label == "" {
		s.label = filepath.Base(s.source)
	}
	s.backend, err = byName(backends, backend)
	return s, false, err
}

func (s *server) run(stdin io.Reader, stdout io.Writer) error {
	if err := s.prepare(); err != nil {
		return err
	}
	defer s.target.Close()
	s.out = bufio.NewWriter(stdout)
	fmt.Fprintf(s.out, "ready protocol=1 backend=%s library=btfkit version=%s omits=-\n",
		s.backend.Name(), Version())
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
		if err := s.command(strings.Fields(line)); err != nil {
			fmt.Fprintf(s.out, "error %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		} else {
			fmt.Fprintln(s.out, "ok")
		}
		if err := s.out.Flush(); err != nil {
			return err
		}
	}
}

// prepare reads the workload. A source that is a folder is a Set.
func (s *server) prepare() error {
	f, err := os.Open(s.workload)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := ReadWorkload(f)
	if err != nil {
		return fmt.Errorf("%s: %w", s.workload, err)
	}
	if st, err := os.Stat(s.source); err == nil && st.IsDir() {
		s.target = newSet(s.backend, s.source, s.base, w)
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

func (s *server) sample(row, count string) error {
	sample, err := s.count(row, count)
	if err != nil {
		return err
	}
	n := float64(sample.N)
	fmt.Fprintf(s.out, "Benchmark%s/backend=%s/source=%s\t%d",
		row, s.backend.Name(), s.label, sample.N)
	fmt.Fprintf(s.out, "\t%.4g ns/op\t%.0f B/op\t%.0f allocs/op\n",
		float64(sample.Time.Nanoseconds())/n, float64(sample.AllocBytes)/n, float64(sample.Allocs)/n)
	if sample.Defined {
		fmt.Fprintf(s.out, "checksum %s %d %x\n", row, sample.N, sample.Sum)
	} else {
		fmt.Fprintf(s.out, "checksum %s %d -\n", row, sample.N)
	}
	return nil
}

func (s *server) count(row, count string) (Sample, error) {
	if ms, ok := strings.CutSuffix(count, "ms"); ok {
		n, err := strconv.Atoi(ms)
		if err != nil {
			return Sample{}, fmt.Errorf("duration %q: %w", count, err)
		}
		return calibrate(s.target, row, time.Duration(n)*time.Millisecond)
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return Sample{}, fmt.Errorf("count %q: %w", count, err)
	}
	return s.target.Run(row, n)
}

// calibrate works its way up to a count whose sample lasts at least that long and returns this
// sample. Like package testing, it aims at a fifth more than it expects, and raises the count a
// hundredfold at most. It expects what the fastest sample so far tells: one that was interrupted
// would make all later ones too short.
func calibrate(t measured, row string, least time.Duration) (Sample, error) {
	fastest := time.Hour
	for n := 1; ; {
		s, err := t.Run(row, n)
		if err != nil || row == "OpenCold" || n >= 1e9 {
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

func (s *server) memory(stage string) error {
	if stage != "open" && stage != "queries" {
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
	if stage == "queries" {
		for _, row := range s.target.queryRows() {
			if _, err := s.target.Run(row, 1); err != nil && !errors.Is(err, errNoEntries) {
				return err
			}
		}
	}
	now, err := readMemory()
	if err != nil {
		return err
	}
	now.mapped = mappedBytes(s.target.specs())
	fmt.Fprintf(s.out, "BenchmarkMemory/stage=%s/backend=%s/source=%s\t1%s\n",
		stage, s.backend.Name(), s.label, now.report(*s.start))
	return nil
}

// info says where the bytes are: of the source, then of its bases or modules.
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
