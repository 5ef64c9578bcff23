package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// A pattern is compiled before anything is timed; err says why it could not be.
type pattern struct {
	label string
	re    *regexp.Regexp
	err   error
}

type workload struct {
	ids          []btf.TypeID
	hits, misses []string
	patterns     []pattern
}

func readWorkload(path string) (workload, error) {
	var w workload
	text, err := os.ReadFile(path)
	if err != nil {
		return w, fmt.Errorf("workload: %w", err)
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if err := w.add(strings.TrimSuffix(line, "\n")); err != nil {
			return w, fmt.Errorf("workload %s, line %d: %w", path, number, err)
		}
	}
	return w, nil
}

func (w *workload) add(line string) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	keyword, rest, ok := strings.Cut(line, " ")
	if !ok {
		return fmt.Errorf("no entry after %q", keyword)
	}
	switch keyword {
	case "id":
		id, err := strconv.ParseUint(rest, 10, 32)
		if err != nil {
			return err
		}
		w.ids = append(w.ids, btf.TypeID(id))
	case "hit":
		w.hits = append(w.hits, rest)
	case "miss":
		w.misses = append(w.misses, rest)
	case "regex":
		label, text, ok := strings.Cut(rest, " ")
		if !ok {
			return fmt.Errorf("no pattern after label %q", label)
		}
		re, err := regexp.Compile(text)
		w.patterns = append(w.patterns, pattern{label, re, err})
	default:
		return fmt.Errorf("unknown keyword %q", keyword)
	}
	return nil
}
