package session

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/bench/build"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

// readEnvironment asks the machine, and adds what is measured. It leaves out what the machine does
// not tell.
func readEnvironment(c *Config) results.Environment {
	var e results.Environment
	add := func(key, value string) {
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			e = append(e, results.Setting{Key: key, Value: value})
		}
	}
	add("btfkit", build.Version())
	add("goos", runtime.GOOS)
	add("goarch", runtime.GOARCH)
	add("pkg", "github.com/btfkit/btfkit/bench")
	for _, s := range readMachine() {
		add(s.Key, s.Value)
	}
	add("go", runtime.Version())
	add("gomaxprocs", fmt.Sprint(runtime.GOMAXPROCS(0)))
	add("seed", strconv.FormatUint(c.Queries.Seed, 10))
	add("queries", c.Queries.String())
	for _, s := range c.Sources {
		add("source-"+configKey(s.Name),
			fmt.Sprintf("%s %d bytes sha256:%s", s.Origin, s.Size, s.SHA256))
	}
	return e
}

// configKey makes a source's name fit for a key of the benchmark format, which has lower case
// letters and neither blanks nor colons.
func configKey(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}, name)
}

// configuration returns the environment in the form that every result carries.
func configuration(e results.Environment) []benchfmt.Config {
	var c []benchfmt.Config
	for _, s := range e {
		c = append(c, benchfmt.Config{Key: s.Key, Value: []byte(s.Value), File: true})
	}
	return c
}
