// Package row knows the names of benchmark results. It is the only place that does: all other
// packages handle a [Row] or a [Name] and never take such a text apart.
//
// A name follows Go's benchmark format, so that benchstat reads it, too:
//
//	IDsByRegex/pattern=^tcp_/backend=cache/source=vmlinux-2
//	\____________Row_______/ \____________Name__________/ \ GOMAXPROCS
package row

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// An Op is what one operation of a row does. bench/peers/README.md defines each of them, except
// those of collections and those that only our own backends have.
type Op string

// The operations that are measured.
const (
	Open          Op = "Open"
	OpenCold      Op = "OpenCold"
	OpenFirstName Op = "OpenFirstName"
	SplitOpen     Op = "SplitOpen"
	TypeByID      Op = "TypeByID"
	NameByID      Op = "NameByID"
	IDsByName     Op = "IDsByName"
	TypesByName   Op = "TypesByName"
	IDsByRegex    Op = "IDsByRegex"
	TypesByRegex  Op = "TypesByRegex"
	Iterate       Op = "Iterate"
	StructWalk    Op = "StructWalk"
	NameOfType    Op = "NameOfType"
	MemberByPath  Op = "MemberByPath"
	FuncsByParam  Op = "FuncsByParam"
	// Memory is what a process holds: no operation, but a row of the results all the same.
	Memory Op = "Memory"

	// A collection is a kernel with all its modules.
	CollectionOpen          Op = "CollectionOpen"
	CollectionOpenFirstName Op = "CollectionOpenFirstName"
	CollectionTypesByName   Op = "CollectionTypesByName"
	CollectionTypesByRegex  Op = "CollectionTypesByRegex"
	CollectionDropReasons   Op = "CollectionDropReasons"
)

// Values of [Row.Names] and [Row.Stage].
const (
	Hit  = "hit"  // names that exist
	Miss = "miss" // names that do not exist

	AfterOpen    = "open"    // memory once the source is open
	AfterQueries = "queries" // memory after one query of each kind
)

// A Row is what a line of the benchmark's tables is about: an operation and what it is asked.
// Each operation takes the parameters that [Row.Valid] allows it; the other fields are zero.
type Row struct {
	Op Op
	// Names says which names are looked up: Hit or Miss.
	Names string
	// Pattern is the label of a regular expression.
	Pattern string
	// Stage says when memory is read: AfterOpen or AfterQueries.
	Stage string
	// Workers is the number of goroutines that open the modules of a collection.
	Workers int
	// Goroutines is the number of goroutines that ask at once; 0 where one asks alone.
	Goroutines int
}

// parameters says which fields of a Row an operation needs, and whether several goroutines may
// ask it at once.
type parameters struct{ names, pattern, stage, workers, parallel bool }

var operations = map[Op]parameters{
	Open:          {},
	OpenCold:      {},
	OpenFirstName: {},
	SplitOpen:     {},
	TypeByID:      {parallel: true},
	NameByID:      {},
	IDsByName:     {names: true, parallel: true},
	TypesByName:   {names: true},
	IDsByRegex:    {pattern: true},
	TypesByRegex:  {pattern: true},
	Iterate:       {},
	StructWalk:    {},
	NameOfType:    {},
	MemberByPath:  {},
	FuncsByParam:  {},
	Memory:        {stage: true},

	CollectionOpen:          {workers: true},
	CollectionOpenFirstName: {},
	CollectionTypesByName:   {names: true},
	CollectionTypesByRegex:  {pattern: true},
	CollectionDropReasons:   {},
}

var errUnknown = errors.New("unknown row")

// Valid reports whether the operation is known and has the parameters that it needs, no others.
func (r Row) Valid() bool {
	needs, known := operations[r.Op]
	return known &&
		(r.Names == Hit || r.Names == Miss || r.Names == "") && needs.names == (r.Names != "") &&
		(r.Stage == AfterOpen || r.Stage == AfterQueries || r.Stage == "") &&
		needs.stage == (r.Stage != "") &&
		needs.pattern == (r.Pattern != "") && Fits(r.Pattern) &&
		r.Workers >= 0 && needs.workers == (r.Workers > 0) &&
		r.Goroutines >= 0 && (needs.parallel || r.Goroutines == 0)
}

// OfCollection reports whether the row is about a kernel with all its modules.
func (r Row) OfCollection() bool {
	switch r.Op {
	case CollectionOpen, CollectionOpenFirstName, CollectionTypesByName, CollectionTypesByRegex,
		CollectionDropReasons:
		return true
	}
	return false
}

// OfOurs reports whether only our own backends have the row: of other libraries nobody asks it.
func (r Row) OfOurs() bool {
	return r.Goroutines > 0 || r.Op == NameOfType || r.Op == MemberByPath || r.Op == FuncsByParam
}

// String returns the row's name, such as IDsByRegex/pattern=^tcp_. [Parse] reads it.
func (r Row) String() string {
	text := string(r.Op)
	if r.Names != "" {
		text += "/" + r.Names
	}
	if r.Pattern != "" {
		text += "/pattern=" + r.Pattern
	}
	if r.Stage != "" {
		text += "/stage=" + r.Stage
	}
	if r.Workers != 0 {
		text += "/workers=" + strconv.Itoa(r.Workers)
	}
	if r.Goroutines != 0 {
		text += "/goroutines=" + strconv.Itoa(r.Goroutines)
	}
	return text
}

// Parse reads the name of a valid row. It accepts exactly what [Row.String] writes.
func Parse(text string) (Row, error) {
	op, rest, more := strings.Cut(text, "/")
	r := Row{Op: Op(op)}
	for more {
		var part string
		part, rest, more = strings.Cut(rest, "/")
		if err := r.set(part); err != nil {
			return Row{}, fmt.Errorf("%s: %w", text, err)
		}
	}
	if !r.Valid() || r.String() != text {
		return Row{}, fmt.Errorf("%s: %w", text, errUnknown)
	}
	return r, nil
}

// set takes over one part of a name.
func (r *Row) set(part string) (err error) {
	key, value, pair := strings.Cut(part, "=")
	switch {
	case !pair:
		r.Names = part
	case key == "pattern":
		r.Pattern = value
	case key == "stage":
		r.Stage = value
	case key == "workers":
		r.Workers, err = count(key, value)
	case key == "goroutines":
		r.Goroutines, err = count(key, value)
	default:
		return errUnknown
	}
	return err
}

func count(key, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("count of %s %q", key, value)
	}
	return n, nil
}

// Fits reports whether a text can be part of a name, as a pattern's label, a backend or a source:
// it has none of the characters that end a part or a name.
func Fits(text string) bool { return !strings.ContainsFunc(text, Ends) }

// Ends reports whether a character would end a part of a name: a slash, a blank, a control
// character, or what is no character at all.
func Ends(r rune) bool {
	return r == '/' || unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar
}
