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
)

// Serve is the program that measures one of the backends: a peer, as bench/peers/README.md defines
// them. args are the program's arguments. It returns the program's exit status.
//
// To the protocol it adds the command "info", answered by a line "info key=value ..." about where
// the source's bytes are, and rows with goroutines=N.
func Serve(backends []Backend, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s, list, err := parseServer(backends, args)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "%v\n", err)
		return 2
	case list:
		for _, b := range backends {
			fmt.Fprintf(stdout, "%s\tbtfkit %s\t%s\n", b.Name, Version(), b.About)
		}
		return 0
	}
	if err := s.run(stdin, stdout); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", s.target.Backend.Name, err)
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

type server struct {
	target   Target
	workload string // path
	label    string
	start    *memory // before anything was opened
	out      *bufio.Writer
}

func parseServer(backends []Backend, args []string) (s *server, list bool, err error) {
	s = new(server)
	var backend string
	flags := flag.NewFlagSet("peer", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&list, "backends", false, "")
	flags.StringVar(&backend, "backend", "", "")
	flags.StringVar(&s.target.Path, "source", "", "")
	flags.StringVar(&s.target.BasePath, "base", "", "")
	flags.StringVar(&s.workload, "workload", "", "")
	flags.StringVar(&s.label, "source-name", "", "")
	if err := flags.Parse(args); err != nil || list {
		return s, list, err
	}
	if backend == "" || s.target.Path == "" || s.workload == "" || flags.NArg() > 0 {
		return nil, false, errors.New("wants --backend, --source and --workload")
	}
	if s.label == "" {
		s.label = filepath.Base(s.target.Path)
	}
	s.target.Backend, err = byName(backends, backend)
	return s, false, err
}

func (s *server) run(stdin io.Reader, stdout io.Writer) error {
	f, err := os.Open(s.workload)
	if err != nil {
		return err
	}
	s.target.Workload, err = ReadWorkload(f)
	f.Close()
	if err != nil {
		return fmt.Errorf("%s: %w", s.workload, err)
	}
	defer s.target.Close()
	s.out = bufio.NewWriter(stdout)
	fmt.Fprintf(s.out, "ready protocol=1 backend=%s library=btfkit version=%s omits=-\n",
		s.target.Backend.Name, Version())
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
		switch err := s.command(strings.Fields(line)); {
		case err == nil:
			fmt.Fprintln(s.out, "ok")
		case errors.Is(err, errNoProcessMemory):
			fmt.Fprintf(s.out, "unsupported %v\n", err)
		default:
			fmt.Fprintf(s.out, "error %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		if err := s.out.Flush(); err != nil {
			return err
		}
	}
}

func (s *server) command(words []string) error {
	switch {
	case len(words) == 3 && words[0] == "run":
		return s.sample(words[1], words[2])
	case len(words) == 2 && words[0] == "memory":
		return s.memory(words[1])
	case len(words) == 1 && words[0] == "check":
		spec, err := s.target.Spec()
		if err != nil {
			return err
		}
		return writeAnswers(s.out, spec, s.target.Workload)
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
	fmt.Fprintf(s.out, "Benchmark%s/backend=%s/source=%s\t%d\t%.4g ns/op\t%.0f B/op\t%.0f allocs/op\n",
		row, s.target.Backend.Name, s.label, sample.N, float64(sample.Time.Nanoseconds())/n,
		float64(sample.AllocBytes)/n, float64(sample.Allocs)/n)
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
		return s.target.Calibrate(row, time.Duration(n)*time.Millisecond)
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return Sample{}, fmt.Errorf("count %q: %w", count, err)
	}
	return s.target.Run(row, n)
}

// Calibrate works its way up to a count whose sample lasts at least that long and returns this
// sample. Like package testing, it aims at a fifth more than the last sample predicts, and raises
// the count a hundredfold at most.
func (t *Target) Calibrate(row string, least time.Duration) (Sample, error) {
	for n := 1; ; {
		s, err := t.Run(row, n)
		if err != nil || row == "OpenCold" || s.Time >= least || n >= 1e9 {
			return s, err
		}
		perOp := max(s.Time/time.Duration(n), 1)
		predicted := least / perOp * 6 / 5
		n = min(max(int(min(predicted, 1e9)), n+1), 100*n, 1e9)
	}
}

func (s *server) memory(stage string) error {
	if stage != "open" && stage != "queries" {
		return fmt.Errorf("unknown stage %q", stage)
	}
	if s.start == nil {
		if s.target.touched {
			return errors.New("memory wants a fresh process")
		}
		m, err := baseline()
		if err != nil {
			return err
		}
		s.start = &m
	}
	spec, err := s.target.Spec()
	if err != nil {
		return err
	}
	if stage == "queries" {
		if err := s.target.queryEach(); err != nil {
			return err
		}
	}
	now, err := readMemory()
	if err != nil {
		return err
	}
	now.mapped = mappedBytes(spec)
	fmt.Fprintf(s.out, "BenchmarkMemory/stage=%s/backend=%s/source=%s\t1%s\n",
		stage, s.target.Backend.Name, s.label, now.report(*s.start))
	return nil
}

// info says where the bytes of the source and of its bases are, the source first.
func (s *server) info() error {
	spec, err := s.target.Spec()
	if err != nil {
		return err
	}
	for ; spec != nil; spec = spec.Base() {
		i := spec.Info()
		fmt.Fprintf(s.out, "info storage=%v data-B=%d index-B=%d why=%s\n",
			i.Storage, i.DataBytes, i.IndexBytes, i.Why)
	}
	return nil
}
