package main

import (
	"slices"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
)

// A bound limits a backend's figure in one row: it is at most most times a peer's or, without a
// peer, at most limit.
type bound struct {
	row           row.Row
	backend, unit string
	peer          string
	most          float64
	limit         float64
}

const (
	seconds = "sec/op"
	private = "private-B"

	rsCache = "btfrs-cache"
	rsMmap  = "btfrs-mmap"
)

// A source is what the contract is about: its name in the results, its size in bytes, 0 if the
// results do not tell it, and whether its names are sorted.
type source struct {
	name   string
	size   float64
	sorted bool
}

// bounds returns the contract: its fixed part, and bounds for the regular expressions that were
// measured.
func bounds(sheet *figures.Sheet, src source) []bound {
	open, first := row.Row{Op: row.Open}, row.Row{Op: row.OpenFirstName}
	list := []bound{
		{open, "cache", seconds, rsCache, 1. / 8, 0},
		{open, "mmap", seconds, rsMmap, 2. / 3, 0},
		{open, "arena", seconds, rsCache, 1. / 10, 0},
		{first, "cache", seconds, rsCache, 1. / 8, 0},
		{first, "arena", seconds, rsCache, 1. / 10, 0},
	}
	for _, stage := range []string{row.AfterOpen, row.AfterQueries} {
		memory := row.Row{Op: row.Memory, Stage: stage}
		list = append(list,
			bound{memory, "cache", private, rsCache, 1. / 3, 0},
			bound{memory, "mmap", private, rsMmap, 1. / 2, 0})
		if src.size > 0 {
			list = append(list, bound{memory, "arena", private, "", 1, src.size + 2e6})
		}
	}
	byID := row.Row{Op: row.TypeByID}
	hit := row.Row{Op: row.IDsByName, Names: row.Hit}
	miss := row.Row{Op: row.IDsByName, Names: row.Miss}
	list = append(list,
		bound{byID, "cache", seconds, rsCache, 1. / 3, 0},
		bound{byID, "mmap", seconds, rsMmap, 1. / 4, 0},
		bound{byID, "arena", seconds, rsCache, 1. / 3, 0},
		bound{hit, "cache", seconds, rsCache, 1. / 2, 0},
		mapped(hit, src.sorted),
		bound{hit, "arena", seconds, rsCache, 1. / 2, 0},
		bound{miss, "cache", seconds, rsCache, 1, 0},
		mapped(miss, src.sorted),
		bound{miss, "arena", seconds, rsCache, 1.3, 0})
	return append(list, patterns(sheet, src)...)
}

// mapped is mmap's bound for names. It rests on whether the source sorts them.
func mapped(of row.Row, sorted bool) bound {
	if sorted {
		return bound{of, "mmap", seconds, "", 1, 1e-6}
	}
	return bound{of, "mmap", seconds, rsMmap, 1. / 4, 0}
}

// patterns returns the bounds of regular expressions, in the order of their text.
func patterns(sheet *figures.Sheet, src source) []bound {
	rows := slices.DeleteFunc(sheet.Rows(src.name, seconds),
		func(r row.Row) bool { return r.Op != row.IDsByRegex })
	slices.SortFunc(rows, func(a, b row.Row) int { return strings.Compare(a.Pattern, b.Pattern) })
	var list []bound
	for _, r := range rows {
		most := mostOf(r.Pattern)
		list = append(list,
			bound{r, "cache", seconds, rsCache, most[0], 0},
			bound{r, "mmap", seconds, rsMmap, most[1], 0},
			bound{r, "arena", seconds, rsCache, most[2], 0})
	}
	return list
}

// mostOf returns what a pattern may cost in cache, mmap and arena, as a part of what it costs the
// peers.
func mostOf(pattern string) [3]float64 {
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
