// Package session runs benchmarks. It prepares sources and workloads, starts one process for each
// subject, checks the subjects' answers, and collects samples in interleaved rounds.
//
// A subject is a backend of btfkit or of a peer library. All of them speak the protocol of
// bench/peers/README.md, so one subject is measured exactly as any other.
//
// # Order of a run
//
// Sources are measured one after the other. First, every subject answers the whole workload, and
// each answer must equal what a plain scan of all types says. Then each subject measures each row
// once; the run takes from it how many operations a sample needs, and drops the figure. Then come
// rounds. A round takes one sample of every row, subject by subject within the row (A B C, next
// row, A B C, …), and then, in fresh processes, one sample of a cold open and of the memory. So a
// drift of the machine hits all subjects alike, and a disturbance spoils one sample of many rows,
// not many samples of one.
//
// # Names
//
// The driver names each result after the row, the subject and the source that it asked. A subject
// repeats these names in its answer; the run ends with an error if they are not the same. No
// subject can pass its figures off as those of another.
package session

import (
	"io"
	"time"

	"github.com/btfkit/btfkit/bench/internal/measured"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/btf"
	"golang.org/x/perf/benchfmt"
)

// Config says what to measure, and how long.
type Config struct {
	// Sources and Subjects have different names each, since results are told apart by them.
	Sources  []*Source
	Subjects []Subject
	// Queries are what the sources are asked.
	Queries Queries
	// Select selects rows by name; nil means all rows.
	Select func(row string) bool
	// Parallel adds rows that only our own backends have: the same query from several goroutines.
	Parallel bool
	// Count is the number of samples of each row. benchstat wants 6 or more.
	Count int
	// Iterations is the number of operations of a sample. 0 chooses it by time.
	Iterations int
	// Deadline ends the run. To meet it the run takes shorter samples, then fewer samples, and at
	// last it stops at once. The zero time sets no deadline.
	Deadline time.Time
	// Progress is told the fraction of the work that is done, and what is done now. It may be nil.
	Progress func(done float64, now string)
	// Result is handed each result as soon as it is there. It may be nil.
	Result func(*benchfmt.Result) error
}

// selects reports whether the user wants a row. Rows that ask nothing are left out where the user
// chose the queries, but did not name rows.
func (c *Config) selects(r row.Row) bool {
	if c.Select != nil {
		return c.Select(r.String())
	}
	return !c.Queries.Chosen() || r.Op != row.Iterate && r.Op != row.StructWalk &&
		r.Op != row.FuncsByParam && r.Op != row.CollectionDropReasons
}

// Serve is the program that [Run] starts for each of our own backends. args are the program's
// arguments. Serve returns the program's exit status. It speaks the protocol of
// bench/peers/README.md, so other drivers may use it, too.
func Serve(backends []btf.Backend, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return measured.Serve(backends, args, stdin, stdout, stderr)
}
