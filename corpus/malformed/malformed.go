// Package malformed is a catalogue of BTF that is wrong on purpose, or that looks wrong and is not.
// It has a row for each rule, with one or more blobs. Each row has the verdict that this project
// gives, and the reason for it.
//
// The package puts the blobs together from words, since an encoder would refuse most of them. It
// makes each when asked for it, in either byte order.
//
// Linux 6.18 was given all blobs that stand alone (BPF_BTF_LOAD). With the verdicts Open, Verify,
// Validate and Object, it refused all except for row 22 and the lone INT of row 50. Of the others,
// it refused rows 10, 11, 12, 17, 21, 23, 60, 63 and 80, and rows 25, 28, 29 and 34, which need
// Linux 7.1 or 7.2.
package malformed

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
)

// A Verdict says who refuses a blob, if anyone.
type Verdict byte

const (
	// Open refuses the blob: its structure cannot be read.
	Open Verdict = 'P'
	// Verify refuses the blob, and Open accepts it: a reference is wrong or leads in a circle, or a
	// layout section lies where it cannot.
	Verify Verdict = 'R'
	// Validate means that Verify accepts the blob and a kernel would not load it.
	Validate Verdict = 'V'
	// Object is like Validate, but compilers write such BTF into objects, for a loader to complete.
	Object Verdict = 'O'
	// Warn means that all accept the blob, and that it is worth a remark.
	Warn Verdict = 'W'
	// Sound means that nothing is wrong, though readers tend to refuse such a blob.
	Sound Verdict = 'A'
)

// String returns who refuses.
func (v Verdict) String() string {
	switch v {
	case Open:
		return "Open refuses"
	case Verify:
		return "Verify refuses"
	case Validate:
		return "Validate refuses"
	case Object:
		return "Validate refuses, except in objects"
	case Warn:
		return "accepted, with a remark"
	case Sound:
		return "accepted"
	}
	return fmt.Sprintf("Verdict(%q)", byte(v))
}

// Opens reports whether Open accepts the blob.
func (v Verdict) Opens() bool { return v != Open }

// Verifies reports whether Open and Verify accept the blob.
func (v Verdict) Verifies() bool { return v != Open && v != Verify }

// A Case is one blob of the catalogue, with the blobs that it is split from, if any.
type Case struct {
	// Row is the number of the rule, from 1 to [Rows]. The blobs of a row share verdict and reason.
	Row int
	// Name describes the blob, such as "hdr_len 20". It is unique in its row.
	Name string
	// Rule is the row's heading: what kind of input it is about.
	Rule string
	// Verdict says who refuses the blob. Why is the reason, with its source if the rule is the
	// kernel's.
	Verdict Verdict
	Why     string

	make func(*maker)
}

// Rows is the number of rows of the catalogue.
const Rows = 103

// String returns row and name.
func (c Case) String() string { return fmt.Sprintf("%d %s: %s", c.Row, c.Rule, c.Name) }

// Chain makes the blob in the byte order given, and the blobs that it is split from. The root comes
// first, the blob last; those before it are sound. Most chains have one blob of some hundred
// bytes; rows 21, 22, 34 and 60 have up to 17 MiB. The result is the caller's.
func (c Case) Chain(order binary.ByteOrder) [][]byte {
	m := &maker{order: order}
	m.reset()
	c.make(m)
	return append(m.bases, m.bytes())
}

// All ranges over the cases by ascending row.
func All() iter.Seq[Case] {
	return func(yield func(Case) bool) {
		rows := slices.Concat(headerRows, recordRows, nameRows, typeRows, memberRows, linkRows)
		slices.SortFunc(rows, func(a, b row) int { return a.number - b.number })
		for _, r := range rows {
			for _, v := range r.variants {
				if !yield(Case{r.number, v.name, r.rule, r.verdict, r.why, v.make}) {
					return
				}
			}
		}
	}
}

// A row is one rule with the blobs that break it.
type row struct {
	number   int
	rule     string
	verdict  Verdict
	why      string
	variants []variant
}

// A variant is a blob of a row: a maker that holds "int" as type 1 is changed to become it.
type variant struct {
	name string
	make func(*maker)
}
