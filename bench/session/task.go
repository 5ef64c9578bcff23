package session

import (
	"strconv"
	"time"

	"github.com/btfkit/btfkit/bench/internal/row"
)

// leastSample is the shortest sample worth taking. In a shorter one, the timer and the first miss
// of each cache would count.
const leastSample = time.Millisecond

// A task is one row that one process measures again and again.
type task struct {
	row     row.Row
	process *process
	n       int           // operations of a sample
	took    time.Duration // what these operations took when last measured
}

// shorten makes samples shorter by a factor, but not shorter than leastSample.
func (t *task) shorten(factor float64) {
	least := float64(leastSample) / float64(max(t.took, 1))
	t.n = max(1, int(float64(t.n)*min(1, max(factor, least))))
}

// measure takes one sample of n operations.
func (t *task) measure(n int) (sample, error) { return t.process.measure(t.row, strconv.Itoa(n)) }
