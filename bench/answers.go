package bench

import (
	"bufio"
	"fmt"
	"strconv"

	"github.com/btfkit/btfkit/btf"
)

// answers writes every answer to the workload in the protocol's canonical form, to be compared with
// that of other subjects before anything is timed.
func (t *Target) answers(out *bufio.Writer) error {
	spec, err := t.Spec()
	if err != nil {
		return err
	}
	w := t.Workload
	_, end := spec.IDs()
	fmt.Fprintf(out, "types %d\n", end-1)
	for _, id := range w.IDs {
		t, err := spec.TypeByID(id)
		if err != nil {
			return fmt.Errorf("id %d: %w", id, err)
		}
		size, _ := t.Size()
		fmt.Fprintf(out, "type %d %d %d %s\n", id, kindNumber(t), size, t.Name())
	}
	for _, names := range [][]string{w.Hits, w.Misses} {
		for _, name := range names {
			ids, err := spec.IDsByName(name)
			if err != nil {
				return fmt.Errorf("name %q: %w", name, err)
			}
			fmt.Fprintf(out, "ids %s %s\n", joinIDs(ids), name)
		}
	}
	for _, p := range w.Patterns {
		m, err := t.matchers.get(w, p.Label)
		if err != nil {
			return fmt.Errorf("regex %s: %w", p.Label, err)
		}
		ids, err := spec.AppendIDsByMatch(nil, m)
		if err != nil {
			return fmt.Errorf("regex %s: %w", p.Label, err)
		}
		var sum uint64
		for _, id := range ids {
			sum += uint64(id)
		}
		fmt.Fprintf(out, "matches %d %d %s\n", len(ids), sum, p.Label)
	}
	return nil
}

func joinIDs(ids []btf.TypeID) string {
	if len(ids) == 0 {
		return "-"
	}
	var b []byte
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(id), 10)
	}
	return string(b)
}
