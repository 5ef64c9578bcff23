//go:build btfsteps

package steps

import "sync/atomic"

// Enabled says whether steps are counted.
const Enabled = true

var total atomic.Int64

// Add counts n steps.
func Add(n int) { total.Add(int64(n)) }

// Total returns how many steps were counted so far.
func Total() int64 { return total.Load() }

// AddCompared counts the comparison of two strings from their start.
func AddCompared(a, b string) {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	Add(n + 1)
}
