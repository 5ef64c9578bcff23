package session

import (
	"time"

	"github.com/btfkit/btfkit/bench"
	"golang.org/x/perf/benchfmt"
)

// Config says what to measure, and how long.
type Config struct {
	Sources  []*Source
	Subjects []Subject
	// Workload returns the workload of a source.
	Workload func(*Source) (*bench.Workload, error)
	// Rows selects rows by name; nil means all.
	Rows func(row string) bool
	// Extra adds rows that only our own backends have.
	Extra bool
	// Count is the number of samples of each row. benchstat wants 6 or more.
	Count int
	// Iterations is the number of operations a sample; 0 chooses it by time.
	Iterations int
	// Deadline ends the run: by shorter samples, then fewer, then at once. Zero sets none.
	Deadline time.Time
	// Progress is told about the work done, a fraction, and what is done now. It may be nil.
	Progress func(done float64, now string)
	// Result is handed each result as soon as it is there. It may be nil.
	Result func(*benchfmt.Result) error
}

// DefaultSample is how long a sample lasts unless a deadline says otherwise: some thousand times
// the timer's resolution and the cost of a command, short enough for hundreds of them.
const DefaultSample = 20 * time.Millisecond

// Results is what a run measured.
type Results struct {
	Environment Environment
	Sources     []*Source
	Subjects    []Subject
	// Samples are all results in the order they were taken. Their names are complete:
	// row, backend=, source=, GOMAXPROCS. Their values are tidied to base units (sec, B).
	Samples []*benchfmt.Result
	// Notes are sentences about what was left out or differs from what was asked.
	Notes []string
	// Storage says for "backend/source" of our own where the bytes are.
	Storage map[string]string
	// Elapsed is the duration of the run.
	Elapsed time.Duration
}
