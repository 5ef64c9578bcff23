package bench

import (
	"strconv"
	"strings"
)

// Rows lists the rows that a workload allows, in the order of reports. split says whether the
// source is split BTF. The rows of the protocol's table come first; peers are asked for
// these only. extra adds rows of our own: the same query from several goroutines at once,
// up to procs.
func Rows(w *Workload, split, extra bool, procs int) []string {
	var rows []string
	add := func(when bool, names ...string) {
		if when {
			rows = append(rows, names...)
		}
	}
	add(true, "Open")
	add(len(w.Hits) > 0, "OpenFirstName")
	add(split, "SplitOpen")
	add(len(w.IDs) > 0, "TypeByID", "NameByID")
	add(len(w.Hits) > 0, "IDsByName/hit")
	add(len(w.Misses) > 0, "IDsByName/miss")
	add(len(w.Hits) > 0, "TypesByName/hit")
	for _, p := range w.Patterns {
		add(true, "IDsByRegex/pattern="+p.Label)
	}
	for _, p := range w.Patterns {
		add(true, "TypesByRegex/pattern="+p.Label)
	}
	add(true, "Iterate", "StructWalk")
	if extra {
		rows = append(rows, scaling(w, procs)...)
	}
	return rows
}

// scaling doubles the number of goroutines up to procs.
func scaling(w *Workload, procs int) []string {
	var rows []string
	for n := 1; ; n = min(2*n, procs) {
		suffix := goroutinesKey + strconv.Itoa(n)
		if len(w.IDs) > 0 {
			rows = append(rows, "TypeByID"+suffix)
		}
		if len(w.Hits) > 0 {
			rows = append(rows, "IDsByName/hit"+suffix)
		}
		if n >= procs {
			return rows
		}
	}
}

const goroutinesKey = "/goroutines="

// InProtocol reports whether a row is one of the protocol's, which peers know too.
func InProtocol(row string) bool { return !strings.Contains(row, goroutinesKey) }
