package bench_test

import (
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
)

func TestSelect(t *testing.T) {
	names := func(option string) string {
		backends, err := bench.Select(option)
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, b := range backends {
			list = append(list, b.Name())
		}
		return strings.Join(list, " ")
	}
	for option, want := range map[string]string{
		"default":    bench.Default,
		"all":        "cache mmap arena",
		"arena,mmap": "arena mmap",
		"nope":       `backend "nope": unknown, one of default, all, cache, mmap, arena`,
		"":           `backend "": unknown, one of default, all, cache, mmap, arena`,
	} {
		if got := names(option); got != want {
			t.Errorf("%q: %s, want %s", option, got, want)
		}
	}
}
