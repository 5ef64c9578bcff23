package row

import (
	"fmt"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// A Name says what a result is about: a row, asked of a backend about a source. Backend and Source
// are empty in results of other programs, which package figures compares all the same.
type Name struct {
	Row             Row
	Backend, Source string
}

// String returns the name without GOMAXPROCS.
func (n Name) String() string {
	text := n.Row.String()
	if n.Backend != "" {
		text += backendKey + n.Backend
	}
	if n.Source != "" {
		text += sourceKey + n.Source
	}
	return text
}

const (
	backendKey = "/backend="
	sourceKey  = "/source="
)

// Result returns the name of a result that was measured with a GOMAXPROCS of procs.
func (n Name) Result(procs int) benchfmt.Name {
	return fmt.Appendf(nil, "%s-%d", n, procs)
}

// ParseName reads the name of any result in Go's benchmark format. A row that is none of ours
// becomes an operation of that name.
func ParseName(result benchfmt.Name) (n Name) {
	base, parts := result.Parts()
	text := string(base)
	for _, p := range parts {
		part := string(p)
		if backend, ok := strings.CutPrefix(part, backendKey); ok {
			n.Backend = backend
		} else if source, ok := strings.CutPrefix(part, sourceKey); ok {
			n.Source = source
		} else if part[0] == '/' { // not GOMAXPROCS
			text += part
		}
	}
	r, err := Parse(text)
	if err != nil {
		r = Row{Op: Op(text)}
	}
	n.Row = r
	return n
}
