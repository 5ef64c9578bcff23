package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// What the library leaves out, in the words of the protocol: names of DECL_TAG and TYPE_TAG, and
// types whose name's last three underscores in a row are its first bytes, which v0.22.0 files under
// the empty name.
const omits = "omits=17,18 omits-prefix=___"

// A peer answers commands about one source; the zero chain means that nothing is open yet.
type peer struct {
	source   source
	label    string
	workload workload
	chain    chain
	baseline *memory
	touched  bool // whether any command has opened the source yet
}

func (p *peer) serve(in io.Reader, w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "ready protocol=1 backend=cilium library=cilium/ebpf version=%s go=%s %s\n",
		version(), runtime.Version(), omits)
	if err := out.Flush(); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() && lines.Text() != "quit" {
		err := p.command(out, lines.Text())
		switch {
		case err == nil:
			fmt.Fprintln(out, "ok")
		case errors.Is(err, errUnsupported):
			fmt.Fprintln(out, oneLine(err))
		default:
			fmt.Fprintln(out, "error", oneLine(err))
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}

// oneLine keeps a reason from looking like two answers.
func oneLine(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

func (p *peer) command(out io.Writer, line string) error {
	words := strings.Fields(line)
	switch {
	case len(words) == 1 && words[0] == "check":
		if err := p.open(); err != nil {
			return err
		}
		return check(out, p.chain, &p.workload)
	case len(words) == 3 && words[0] == "run":
		return p.run(out, words[1], words[2])
	case len(words) == 2 && words[0] == "memory":
		return p.memory(out, words[1])
	}
	return fmt.Errorf("unknown command %s", line)
}

// open opens the source on the first call and keeps it open.
func (p *peer) open() error {
	p.touched = true
	if p.chain.spec != nil {
		return nil
	}
	c, err := p.source.open()
	if err != nil {
		return fmt.Errorf("open %s: %w", p.source.path, err)
	}
	p.chain = c
	return nil
}

func (p *peer) run(out io.Writer, row, count string) error {
	digits, isTime := strings.CutSuffix(count, "ms")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 {
		return fmt.Errorf("count %s: neither a number above 0 nor such as 200ms", count)
	}
	var s sample
	if isTime {
		n, s, err = p.calibrate(row, time.Duration(n)*time.Millisecond)
	} else {
		s, err = p.sample(row, n)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Benchmark%s/backend=cilium/source=%s\t%d\t%.2f ns/op\n", row, p.label, n,
		float64(s.time.Nanoseconds())/float64(n))
	fmt.Fprintf(out, "checksum %s %d %x\n", row, n, s.sum)
	return nil
}

// calibrate raises n as the testing package does: to a fifth more than the last sample predicts, at
// most a hundredfold.
func (p *peer) calibrate(row string, least time.Duration) (int, sample, error) {
	const most = 1_000_000_000
	for n := 1; ; {
		s, err := p.sample(row, n)
		if err != nil || row == "OpenCold" || s.time >= least || n >= most {
			return n, s, err
		}
		perOp := max(int(s.time)/n, 1)
		predicted := int(least) / perOp * 6 / 5
		n = min(max(n+1, min(predicted, 100*n)), most)
	}
}

func (p *peer) sample(row string, n int) (sample, error) {
	if row == "OpenCold" && (p.touched || n != 1) {
		return sample{}, errors.New("OpenCold wants a count of 1 and a process that has opened " +
			"nothing")
	}
	if opens(row) {
		p.touched = true
		return runOpen(row, n, p.source, &p.workload)
	}
	if err := p.open(); err != nil {
		return sample{}, err
	}
	return runQuery(row, n, p.chain, &p.workload)
}

func (p *peer) memory(out io.Writer, stage string) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("%w memory is read from Linux's /proc", errUnsupported)
	}
	if stage != "open" && stage != "queries" {
		return fmt.Errorf("unknown stage %s", stage)
	}
	if p.baseline == nil {
		if p.touched {
			return errors.New("memory wants a fresh process")
		}
		m, err := memoryBaseline()
		if err != nil {
			return err
		}
		p.baseline = &m
	}
	if err := p.open(); err != nil {
		return err
	}
	if stage == "queries" {
		if err := p.queryEach(); err != nil {
			return err
		}
	}
	m, err := readMemory()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "BenchmarkMemory/stage=%s/backend=cilium/source=%s\t1\t%s\n", stage, p.label,
		m.report(*p.baseline))
	return nil
}

// queryEach asks one query of each kind, as the memory stage queries wants them.
func (p *peer) queryEach() error {
	rows := []string{"TypeByID", "NameByID", "IDsByName/hit", "IDsByName/miss", "TypesByName/hit"}
	for _, pattern := range p.workload.patterns {
		if pattern.err == nil {
			rows = append(rows, "IDsByRegex/pattern="+pattern.label,
				"TypesByRegex/pattern="+pattern.label)
			break
		}
	}
	for _, row := range rows {
		if _, err := p.sample(row, 1); err != nil {
			return err
		}
	}
	return nil
}
