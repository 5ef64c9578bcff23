package report

import (
	"slices"

	"github.com/btfkit/btfkit/bench/internal/row"
)

// The rows of memory.
var (
	memoryAfterOpen    = row.Row{Op: row.Memory, Stage: row.AfterOpen}
	memoryAfterQueries = row.Row{Op: row.Memory, Stage: row.AfterQueries}
)

// memoryUnits are the quantities of the memory table, with what people call them. Of those that
// rank, less is better. Others, such as resident memory that is shared or can be dropped, do not
// cost what they seem to.
var memoryUnits = []struct {
	Unit, Label string
	ranks       bool
}{
	{"private-B", "private (Private_Dirty)", true},
	{"peak-B", "peak (VmHWM)", true},
	{"rss-B", "resident (Rss)", false},
	{"pss-B", "proportional (Pss)", false},
	{"mapped-B", "mapped", false},
	{"heap-B", "Go heap", false},
	{"heap-objects", "Go heap objects", false},
	{"gc-sec", "GC cycle", false},
}

// memoryLabel returns what people call a unit of the memory table, or "".
func memoryLabel(unit string) string {
	for _, u := range memoryUnits {
		if u.Unit == unit {
			return u.Label
		}
	}
	return ""
}

// is returns a function that reports whether a row is one of these.
func is(rows ...row.Row) func(row.Row) bool {
	return func(r row.Row) bool { return slices.Contains(rows, r) }
}

// isOneOf returns a function that reports whether a row has one of these operations, asked by one
// goroutine.
func isOneOf(ops ...row.Op) func(row.Row) bool {
	return func(r row.Row) bool { return r.Goroutines == 0 && slices.Contains(ops, r.Op) }
}
