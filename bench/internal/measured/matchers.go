package measured

import (
	"errors"

	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
)

// matchers are the compiled patterns of a workload, by label.
type matchers map[string]*btf.Matcher

// get returns the matcher of the pattern with that label. The first call compiles it.
func (m *matchers) get(w *workload.Workload, label string) (*btf.Matcher, error) {
	if compiled := (*m)[label]; compiled != nil {
		return compiled, nil
	}
	for _, pattern := range w.Patterns {
		if pattern.Label != label {
			continue
		}
		compiled, err := btf.NewMatcher(pattern.Expr)
		if err != nil {
			return nil, err
		}
		if *m == nil {
			*m = make(matchers)
		}
		(*m)[label] = compiled
		return compiled, nil
	}
	return nil, errors.New("the workload has no pattern with that label")
}
