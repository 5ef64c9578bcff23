package session

import (
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// An Environment is what figures depend on besides the code: key and value, in the order of
// reports. Keys follow those of package testing where it has one.
type Environment []Setting

// A Setting is one line of an Environment.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ReadEnvironment asks the machine. What it does not tell is left out.
func ReadEnvironment(sources []*Source) Environment {
	var e Environment
	add := func(key, value string) {
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			e = append(e, Setting{key, value})
		}
	}
	add("goos", runtime.GOOS)
	add("goarch", runtime.GOARCH)
	add("pkg", "github.com/btfkit/btfkit/bench")
	m := readMachine()
	add("cpu", m.cpu)
	add("kernel", m.kernel)
	add("governor", m.governor)
	add("memory", m.memory)
	add("go", runtime.Version())
	add("gomaxprocs", fmt.Sprint(runtime.GOMAXPROCS(0)))
	for _, s := range sources {
		add("source-"+configKey(s.Name),
			fmt.Sprintf("%s %d bytes sha256:%s", s.Origin, s.Size, s.SHA256))
	}
	return e
}

// configKey makes a source's name fit for a key of the benchmark format: lower case letters
// and no blanks or colons.
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

// config returns the environment as configuration of results.
func (e Environment) config() []benchfmt.Config {
	var c []benchfmt.Config
	for _, s := range e {
		c = append(c, benchfmt.Config{Key: s.Key, Value: []byte(s.Value), File: true})
	}
	return c
}

// Get returns the value of a key, or "".
func (e Environment) Get(key string) string {
	for _, s := range e {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// machine is what an operating system tells about itself; empty where it does not.
type machine struct{ cpu, kernel, governor, memory string }
