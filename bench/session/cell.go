package session

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench"
	"golang.org/x/perf/benchfmt"
)

// A cell is one row of one subject.
type cell struct {
	row     string
	process *process
	n       int           // operations a sample
	took    time.Duration // what these operations took when last measured
}

// leastSample is the shortest sample worth taking: the timer and a first miss of each
// cache are no part of it.
const leastSample = time.Millisecond

// calibrate takes and discards a sample of each cell: it fills caches, finds rows that a
// subject does not have, and chooses the number of operations.
func (s *stage) calibrate() error {
	count := fmt.Sprintf("%dms", s.sampleTime().Milliseconds())
	if s.Iterations > 0 {
		count = fmt.Sprint(s.Iterations)
	}
	kept := s.cells[:0]
	for i, c := range s.cells {
		s.progress(0.2*float64(i)/float64(len(s.cells)), s.src.Name+", calibrating "+c.row)
		result, _, err := c.sample(count)
		if errors.Is(err, errUnsupported) {
			s.note("%s %s: %v", c.process.subject.Name, c.row, err)
			continue
		}
		if err != nil {
			return err
		}
		c.n = result.Iters
		if sec, ok := result.Value("sec/op"); ok {
			c.took = time.Duration(sec * float64(c.n) * float64(time.Second))
		}
		kept = append(kept, c)
	}
	s.cells = kept
	return nil
}

// sampleTime divides what is left of the budget. A calibration costs about twice the
// sample that it ends with.
func (s *stage) sampleTime() time.Duration {
	if s.deadline.IsZero() || len(s.cells) == 0 {
		return DefaultSample
	}
	left := time.Until(s.deadline) - time.Duration(s.Count-1)*s.freshTime
	each := left * 9 / 10 / time.Duration(len(s.cells)*(s.Count+2))
	return min(max(each, leastSample), 10*DefaultSample)
}

// compareSums runs a few operations of each cell and compares the checksums of those that do
// the same work.
func (s *stage) compareSums() error {
	type sum struct {
		subject, value string
		n              int
	}
	first := make(map[string]sum)
	for _, c := range s.cells {
		omits, err := parseOmissions(c.process.ready)
		if err != nil {
			return err
		}
		if !omits.none() || !bench.InProtocol(c.row) {
			continue
		}
		old, known := first[c.row]
		if !known {
			old = sum{c.process.subject.Name, "", 1}
			if c.took < 10*time.Microsecond*time.Duration(c.n) {
				old.n = 100
			}
		}
		_, value, err := c.sample(fmt.Sprint(old.n))
		switch {
		case err != nil:
			return err
		case value == "-": // differs by design
		case !known:
			old.value = value
			first[c.row] = old
		case old.value != value:
			return fmt.Errorf("%s: %s: checksum %s of %d operations, but %s has %s",
				c.process.subject.Name, c.row, value, old.n, old.subject, old.value)
		}
	}
	return nil
}

// sample takes one sample and returns its result and checksum.
func (c *cell) sample(count string) (*benchfmt.Result, string, error) {
	lines, err := c.process.ask("run " + c.row + " " + count)
	if err != nil {
		return nil, "", err
	}
	if len(lines) != 2 {
		return nil, "", fmt.Errorf("%s: %s: %d lines for an answer", c.process.subject.Name, c.row,
			len(lines))
	}
	result, err := parseResult(lines[0])
	if err != nil {
		return nil, "", fmt.Errorf("%s: %s: %w", c.process.subject.Name, c.row, err)
	}
	fields := strings.Fields(lines[1])
	if len(fields) != 4 || fields[0] != "checksum" {
		return nil, "", fmt.Errorf("%s: %s: checksum line %q", c.process.subject.Name, c.row, lines[1])
	}
	return result, fields[3], nil
}

// parseResult reads a line of the benchmark format.
func parseResult(line string) (*benchfmt.Result, error) {
	reader := benchfmt.NewReader(strings.NewReader(line+"\n"), "answer")
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			return rec.Clone(), nil
		case *benchfmt.SyntaxError:
			return nil, rec
		}
	}
	return nil, fmt.Errorf("no benchmark line: %q", line)
}

// keep completes a result and stores it.
func (s *stage) keep(result *benchfmt.Result) error {
	result.Name = fmt.Appendf(result.Name, "-%d", runtime.GOMAXPROCS(0))
	result.Config = s.config
	s.results.Samples = append(s.results.Samples, result)
	if s.Result != nil {
		return s.Result(result)
	}
	return nil
}
