//go:build !btfsteps

package steps

// Enabled says whether steps are counted.
const Enabled = false

// Add counts n steps.
func Add(n int) {}

// Total returns how many steps were counted so far.
func Total() int64 { return 0 }

// AddCompared counts the comparison of two strings from their start.
func AddCompared(a, b string) {}
