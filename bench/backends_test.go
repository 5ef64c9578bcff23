package bench_test

import (
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/btf/btftest"
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
		"default":    "cache",
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

func TestAbout(t *testing.T) {
	for _, b := range bench.Backends() {
		if bench.About(b) == "" {
			t.Errorf("no words about %s", b.Name())
		}
	}
	if about := bench.About(btftest.Plain); about != "" {
		t.Errorf("words about a backend that is not listed: %s", about)
	}
}
