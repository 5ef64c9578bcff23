package workload

import "github.com/btfkit/btfkit/bench/internal/row"

// Rows lists the rows that the workload allows, in the order of reports. split says whether the
// source is split BTF. Peers know all of these rows: they are those of the protocol's table.
func (w *Workload) Rows(split bool) []row.Row {
	var rows []row.Row
	add := func(when bool, more ...row.Row) {
		if when {
			rows = append(rows, more...)
		}
	}
	add(true, row.Row{Op: row.Open})
	add(len(w.Hits) > 0, row.Row{Op: row.OpenFirstName})
	add(split, row.Row{Op: row.SplitOpen})
	add(len(w.IDs) > 0, row.Row{Op: row.TypeByID}, row.Row{Op: row.NameByID})
	add(len(w.Hits) > 0, row.Row{Op: row.IDsByName, Names: row.Hit})
	add(len(w.Misses) > 0, row.Row{Op: row.IDsByName, Names: row.Miss})
	add(len(w.Hits) > 0, row.Row{Op: row.TypesByName, Names: row.Hit})
	for _, p := range w.Patterns {
		add(true, row.Row{Op: row.IDsByRegex, Pattern: p.Label})
	}
	for _, p := range w.Patterns {
		add(true, row.Row{Op: row.TypesByRegex, Pattern: p.Label})
	}
	add(true, row.Row{Op: row.Iterate}, row.Row{Op: row.StructWalk})
	return rows
}

// TaskRows lists rows that only our own backends have: what users do with types.
func (w *Workload) TaskRows() []row.Row {
	rows := []row.Row{{Op: row.FuncsByParam}}
	if len(w.IDs) > 0 {
		rows = append(rows, row.Row{Op: row.NameOfType}, row.Row{Op: row.MemberByPath})
	}
	return rows
}

// ParallelRows lists rows that only our own backends have: the same query from several goroutines
// at once. Their number doubles up to procs.
func (w *Workload) ParallelRows(procs int) []row.Row {
	var rows []row.Row
	for n := 1; ; n = min(2*n, procs) {
		if len(w.IDs) > 0 {
			rows = append(rows, row.Row{Op: row.TypeByID, Goroutines: n})
		}
		if len(w.Hits) > 0 {
			rows = append(rows, row.Row{Op: row.IDsByName, Names: row.Hit, Goroutines: n})
		}
		if n >= procs {
			return rows
		}
	}
}

// CollectionRows lists the rows of a kernel with its modules. One worker alone opens the modules,
// then procs workers do.
func (w *Workload) CollectionRows(procs int) []row.Row {
	rows := []row.Row{{Op: row.CollectionOpen, Workers: 1}}
	if procs > 1 {
		rows = append(rows, row.Row{Op: row.CollectionOpen, Workers: procs})
	}
	if len(w.Hits) > 0 {
		rows = append(rows, row.Row{Op: row.CollectionOpenFirstName},
			row.Row{Op: row.CollectionTypesByName, Names: row.Hit})
	}
	if len(w.Misses) > 0 {
		rows = append(rows, row.Row{Op: row.CollectionTypesByName, Names: row.Miss})
	}
	for _, p := range w.Patterns {
		rows = append(rows, row.Row{Op: row.CollectionTypesByRegex, Pattern: p.Label})
	}
	return append(rows, row.Row{Op: row.CollectionDropReasons})
}
