package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/cilium/ebpf/btf"
)

// errUnsupported marks what the library cannot do.
var errUnsupported = errors.New("unsupported")

// A sample is one measurement: how long all its operations took, and the checksum.
type sample struct {
	time time.Duration
	sum  uint64
}

// opens tells the rows that open the source themselves.
func opens(row string) bool {
	switch row {
	case "Open", "OpenCold", "OpenFirstName", "SplitOpen":
		return true
	}
	return false
}

// runOpen measures n operations of a row that opens the source. Old specs are garbage, whose
// collection is part of the price.
func runOpen(row string, n int, s source, w *workload) (sample, error) {
	var base *btf.Spec
	var out sample
	switch {
	case row == "SplitOpen" && s.base == "":
		return out, errors.New("SplitOpen needs --base")
	case row == "SplitOpen":
		var err error
		if base, err = openBase(s.base); err != nil {
			return out, err
		}
	case row == "OpenFirstName" && len(w.hits) == 0:
		return out, noEntries("hit")
	}
	for i := range n {
		start := time.Now()
		c, err := chain{base, nil}, error(nil)
		if base != nil {
			c.spec, err = btf.LoadSplitSpec(s.path, base)
		} else {
			c, err = s.open()
		}
		if err != nil {
			return out, fmt.Errorf("open %s: %w", s.path, err)
		}
		add := uint64(1)
		if row == "OpenFirstName" {
			if add, err = lowestID(c, nil, w.hits[i%len(w.hits)]); err != nil {
				return out, err
			}
		}
		out.time += time.Since(start)
		out.sum += add
	}
	return out, nil
}

// runQuery measures n operations of a row that queries an open source.
func runQuery(row string, n int, c chain, w *workload) (sample, error) {
	name, label, isRegex := strings.Cut(row, "/pattern=")
	switch {
	case isRegex && (name == "IDsByRegex" || name == "TypesByRegex"):
		re, err := w.pattern(label)
		if err != nil {
			return sample{}, err
		}
		return runRegex(name, n, c, re)
	case row == "TypeByID" || row == "NameByID":
		if len(w.ids) == 0 {
			return sample{}, noEntries("id")
		}
		if row == "TypeByID" {
			return typeByID(n, c.spec, w.ids)
		}
		return nameByID(n, c.spec, w.ids)
	case row == "IDsByName/hit":
		return idsByName(n, c, w.hits, "hit")
	case row == "IDsByName/miss":
		return idsByName(n, c, w.misses, "miss")
	case row == "TypesByName/hit":
		return typesByName(n, c, w.hits)
	case row == "Iterate":
		return iterate(n, c)
	case row == "StructWalk":
		return structWalk(n, c)
	}
	return sample{}, fmt.Errorf("unknown row %s", row)
}

func noEntries(keyword string) error {
	return fmt.Errorf("the workload has no %s entries", keyword)
}

func (w *workload) pattern(label string) (*regexp.Regexp, error) {
	for _, p := range w.patterns {
		if p.label == label {
			if p.err != nil {
				return nil, fmt.Errorf("%w %v", errUnsupported, p.err)
			}
			return p.re, nil
		}
	}
	return nil, fmt.Errorf("the workload has no regex %s", label)
}

func typeByID(n int, spec *btf.Spec, ids []btf.TypeID) (sample, error) {
	var sum uint64
	next := 0
	start := time.Now()
	for range n {
		t, err := spec.TypeByID(ids[next])
		if err != nil {
			return sample{}, err
		}
		kind, size := kindSize(t)
		sum += kind + size
		if next++; next == len(ids) {
			next = 0
		}
	}
	return sample{time.Since(start), sum}, nil
}

func nameByID(n int, spec *btf.Spec, ids []btf.TypeID) (sample, error) {
	var sum uint64
	next := 0
	start := time.Now()
	for range n {
		t, err := spec.TypeByID(ids[next])
		if err != nil {
			return sample{}, err
		}
		sum += nameSum(t.TypeName())
		if next++; next == len(ids) {
			next = 0
		}
	}
	return sample{time.Since(start), sum}, nil
}

func idsByName(n int, c chain, names []string, keyword string) (sample, error) {
	if len(names) == 0 {
		return sample{}, noEntries(keyword)
	}
	var sum uint64
	next := 0
	buf := make([]btf.TypeID, 0, 1024)
	start := time.Now()
	for range n {
		id, err := lowestID(c, buf, names[next])
		if err != nil {
			return sample{}, err
		}
		sum += id
		if next++; next == len(names) {
			next = 0
		}
	}
	return sample{time.Since(start), sum}, nil
}

func typesByName(n int, c chain, names []string) (sample, error) {
	if len(names) == 0 {
		return sample{}, noEntries("hit")
	}
	var sum uint64
	next := 0
	start := time.Now()
	for range n {
		types, err := c.typesByName(names[next])
		if err != nil {
			return sample{}, err
		}
		if len(types) > 0 {
			kind, size := kindSize(types[0])
			sum += kind + size
		}
		if next++; next == len(names) {
			next = 0
		}
	}
	return sample{time.Since(start), sum}, nil
}

func runRegex(row string, n int, c chain, re *regexp.Regexp) (sample, error) {
	var sum uint64
	start := time.Now()
	for range n {
		if row == "IDsByRegex" {
			ids, err := c.appendMatchingIDs(nil, re)
			if err != nil {
				return sample{}, err
			}
			sum += uint64(len(ids))
			for _, id := range ids {
				sum += uint64(id)
			}
			continue
		}
		types, err := c.appendMatching(nil, re)
		if err != nil {
			return sample{}, err
		}
		for _, t := range types {
			kind, size := kindSize(t)
			sum += kind + size
		}
	}
	return sample{time.Since(start), sum}, nil
}

func iterate(n int, c chain) (sample, error) {
	var sum uint64
	start := time.Now()
	for range n {
		for t, err := range c.all() {
			if err != nil {
				return sample{}, err
			}
			kind, _ := kindSize(t)
			sum += kind
			if t.TypeName() != "" {
				sum++
			}
		}
	}
	return sample{time.Since(start), sum}, nil
}

func structWalk(n int, c chain) (sample, error) {
	var sum uint64
	start := time.Now()
	for range n {
		for t, err := range c.all() {
			if err != nil {
				return sample{}, err
			}
			s, ok := t.(*btf.Struct)
			if !ok {
				continue
			}
			for i := range s.Members {
				sum += nameSum(s.Members[i].Name) + uint64(s.Members[i].Offset)
			}
		}
	}
	return sample{time.Since(start), sum}, nil
}

// lowestID is the lowest id with a name, 0 if there is none.
func lowestID(c chain, buf []btf.TypeID, name string) (uint64, error) {
	ids, err := c.appendIDs(buf[:0], name)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	lowest := ids[0]
	for _, id := range ids {
		lowest = min(lowest, id)
	}
	return uint64(lowest), nil
}

func nameSum(name string) uint64 {
	if name == "" {
		return 0
	}
	return uint64(len(name)) + uint64(name[0])
}
