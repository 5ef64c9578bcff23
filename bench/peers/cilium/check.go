package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// check prints every answer to the workload in the protocol's canonical form.
func check(out io.Writer, c chain, w *workload) error {
	count, err := c.count()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "types", count)
	for _, id := range w.ids {
		t, err := c.spec.TypeByID(id)
		if err != nil {
			return fmt.Errorf("id %d: %w", id, err)
		}
		kind, size := kindSize(t)
		fmt.Fprintf(out, "type %d %d %d %s\n", id, kind, size, t.TypeName())
	}
	for _, name := range slices.Concat(w.hits, w.misses) {
		ids, err := c.appendIDs(nil, name)
		if err != nil {
			return fmt.Errorf("name %s: %w", name, err)
		}
		fmt.Fprintf(out, "ids %s %s\n", join(ids), name)
	}
	for _, p := range w.patterns {
		if p.err != nil {
			fmt.Fprintln(out, "matches - -", p.label)
			continue
		}
		ids, err := c.appendMatchingIDs(nil, p.re)
		if err != nil {
			return fmt.Errorf("regex %s: %w", p.label, err)
		}
		var sum uint64
		for _, id := range ids {
			sum += uint64(id)
		}
		fmt.Fprintln(out, "matches", len(ids), sum, p.label)
	}
	return nil
}

// join writes ids in ascending order, or a dash if there are none.
func join(ids []btf.TypeID) string {
	if len(ids) == 0 {
		return "-"
	}
	slices.Sort(ids)
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = strconv.FormatUint(uint64(id), 10)
	}
	return strings.Join(text, ",")
}
