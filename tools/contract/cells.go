package main

import (
	"slices"
	"strings"
)

// A cell bounds a backend's figure in one row: at most most times a peer's, or, without a
// peer, at most limit.
type cell struct {
	row, backend, unit string
	peer               string
	most               float64
	limit              float64
}

const (
	seconds = "sec/op"
	private = "private-B"

	rsCache = "btfrs-cache"
	rsMmap  = "btfrs-mmap"
)

// cells returns the contract for the rows of a run: the fixed part, and the regular
// expressions that were measured.
func (r *results) cells(sorted bool) []cell {
	cells := []cell{
		{"Open", "cache", seconds, rsCache, 1. / 8, 0},
		{"Open", "mmap", seconds, rsMmap, 2. / 3, 0},
		{"Open", "arena", seconds, rsCache, 1. / 10, 0},
		{"OpenFirstName", "cache", seconds, rsCache, 1. / 8, 0},
		{"OpenFirstName", "arena", seconds, rsCache, 1. / 10, 0},
	}
	for _, row := range []string{"Memory/stage=open", "Memory/stage=queries"} {
		cells = append(cells,
			cell{row, "cache", private, rsCache, 1. / 3, 0},
			cell{row, "mmap", private, rsMmap, 1. / 2, 0})
		if r.size > 0 {
			cells = append(cells, cell{row, "arena", private, "", 1, r.size + 2e6})
		}
	}
	cells = append(cells,
		cell{"TypeByID", "cache", seconds, rsCache, 1. / 3, 0},
		cell{"TypeByID", "mmap", seconds, rsMmap, 1. / 4, 0},
		cell{"TypeByID", "arena", seconds, rsCache, 1. / 3, 0},
		cell{"IDsByName/hit", "cache", seconds, rsCache, 1. / 2, 0},
		mapped("IDsByName/hit", sorted),
		cell{"IDsByName/hit", "arena", seconds, rsCache, 1. / 2, 0},
		cell{"IDsByName/miss", "cache", seconds, rsCache, 1, 0},
		mapped("IDsByName/miss", sorted),
		cell{"IDsByName/miss", "arena", seconds, rsCache, 1.3, 0})
	return append(cells, r.patterns()...)
}

// mapped is mmap's bound for names, which rests on whether the source sorts them.
func mapped(row string, sorted bool) cell {
	if sorted {
		return cell{row, "mmap", seconds, "", 1, 1e-6}
	}
	return cell{row, "mmap", seconds, rsMmap, 1. / 4, 0}
}

// patterns returns the cells of the regular expressions, in order of their rows.
func (r *results) patterns() []cell {
	var rows []string
	for k := range r.samples {
		if strings.HasPrefix(k.row, "IDsByRegex/pattern=") && !slices.Contains(rows, k.row) {
			rows = append(rows, k.row)
		}
	}
	slices.Sort(rows)
	var cells []cell
	for _, row := range rows {
		_, pattern, _ := strings.Cut(row, "pattern=")
		most := bounds(pattern)
		cells = append(cells,
			cell{row, "cache", seconds, rsCache, most[0], 0},
			cell{row, "mmap", seconds, rsMmap, most[1], 0},
			cell{row, "arena", seconds, rsCache, most[2], 0})
	}
	return cells
}

// bounds returns what a pattern may cost in cache, mmap and arena, of what it costs the peers.
func bounds(pattern string) [3]float64 {
	switch {
	case strings.HasSuffix(pattern, "_drop_reason$"), pattern == "^tcp_", pattern == ".*",
		strings.HasPrefix(pattern, "^(tcp|udp)"), strings.HasPrefix(pattern, "^__x64"):
		return [3]float64{1. / 10, 1. / 4, 1. / 8}
	case pattern == "sk_buff":
		return [3]float64{1. / 6, 1, 1. / 4}
	case pattern == "^[a-z]{3}_[a-z]{3}$":
		return [3]float64{1. / 2, 1, 1}
	}
	return [3]float64{1, 1, 1}
}
