package report

import (
	"fmt"
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

// isAnyOf returns a function that reports whether a row is one of these.
func isAnyOf(rows ...row.Row) func(row.Row) bool {
	return func(r row.Row) bool { return slices.Contains(rows, r) }
}

// isOneOf returns a function that reports whether a row has one of these operations, asked by one
// goroutine.
func isOneOf(ops ...row.Op) func(row.Row) bool {
	return func(r row.Row) bool { return r.Goroutines == 0 && slices.Contains(ops, r.Op) }
}

// words are what operations do, for people: a title, and what exactly one operation is.
var words = map[row.Op][2]string{
	row.Open:          {"Open", "open the source, its base included; closing is not timed"},
	row.OpenCold:      {"Open for the first time", "the first open of a fresh process"},
	row.OpenFirstName: {"Open and look up one name", "what a tool does that asks once and exits"},
	row.SplitOpen:     {"Open split BTF", "such as a module, on a base that is open"},
	row.TypeByID:      {"Look up a type by id", "a random type, of which kind and size are read"},
	row.NameByID:      {"Look up a name by id", "the name of a random type"},
	row.IDsByName:     {"Look up ids by a name", "all ids with a random name"},
	row.TypesByName:   {"Look up types by a name", "all types with a random name"},
	row.IDsByRegex:    {"Match names, ids", "ids of all types whose name matches"},
	row.TypesByRegex:  {"Match names, types", "all types whose name matches"},
	row.Iterate:       {"Walk all types", "every type of the source, its kind read"},
	row.StructWalk:    {"Walk all structs", "every member of every struct: name and offset"},
	row.NameOfType:    {"Name of a type in hand", "the name of a random type, copied"},
	row.MemberByPath:  {"Find a member by its path", "offset of a struct's member, asked before"},
	row.FuncsByParam:  {"Functions of packets", "traceable ones that take a struct sk_buff *"},
	row.Memory:        {"Private memory", "written to by a fresh process for itself alone"},

	row.CollectionOpen:          {"Open a kernel with all modules", "every module opened"},
	row.CollectionOpenFirstName: {"Open all and look up one name", "the kernel, then its modules"},
	row.CollectionTypesByName:   {"Look up types of all by a name", "in the kernel and all modules"},
	row.CollectionTypesByRegex:  {"Match names everywhere", "in the kernel and all modules"},
	row.CollectionDropReasons:   {"Drop reasons", "enumerators in the kernel and all modules"},
}

// inWords returns the title of a row and what it means. A row of another program is its own title.
func inWords(r row.Row) (title, meaning string) {
	text, known := words[r.Op]
	if !known {
		return r.String(), ""
	}
	title, meaning = text[0], text[1]
	switch {
	case r.Names == row.Hit:
		title += " that exists"
	case r.Names == row.Miss:
		title += " that does not exist"
	case r.Stage == row.AfterOpen:
		title += " after open"
	case r.Stage == row.AfterQueries:
		title += " after one query of each kind"
	case r.Pattern != "":
		title += ": " + r.Pattern
	case r.Workers == 1:
		title += ", one at a time"
	case r.Workers > 1:
		title += fmt.Sprintf(", %d at a time", r.Workers)
	}
	if r.Goroutines > 0 {
		title += fmt.Sprintf(", %d goroutines", r.Goroutines)
		meaning += "; time divided by the operations of all"
	}
	return title, meaning
}
