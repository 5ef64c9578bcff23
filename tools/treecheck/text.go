package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	// The brackets keep these lines from matching themselves.
	unfinished = regexp.MustCompile(`\b(TO[D]O|FIX[M]E|XX[X])\b`)
	ownMachine = regexp.MustCompile(`(^|[\s"'=(])/(home|root|wor[k]|Users)/[\w.]`)

	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	goRun   = regexp.MustCompile(`\bgo (?:run|build|install|test|vet)\b[^#|;&]*`)
	makeRun = regexp.MustCompile(`(?:^|[\s;&])make +([a-z][a-z-]*)`)
	script  = regexp.MustCompile(`(?:^|[\s;&])((?:\.ci|corpus|bench|fuzz)/[\w./-]+)`)
)

// checkText applies the rules of every text file.
func (t *tree) checkText(name string, data []byte) {
	narrow := strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".sh") ||
		strings.HasPrefix(name, ".ci/") && path.Ext(name) == ""
	for i, line := range strings.Split(string(data), "\n") {
		if narrow && utf8.RuneCountInString(line) > 100 {
			t.add(name, i+1, "%d columns", utf8.RuneCountInString(line))
		}
		if m := unfinished.FindString(line); m != "" && !strings.HasSuffix(name, ".html") {
			t.add(name, i+1, "a note of unfinished work: %s", m)
		}
		if m := ownMachine.FindString(line); m != "" {
			t.add(name, i+1, "a path of one machine: %s", m)
		}
	}
}

// checkLinks follows the relative links of a document.
func (t *tree) checkLinks(name string, data []byte) {
	for i, line := range strings.Split(string(data), "\n") {
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			if !t.exists(path.Join(path.Dir(name), target)) {
				t.add(name, i+1, "a link to %s, which is not there", target)
			}
		}
	}
}

// checkCommands looks for what the indented and fenced commands of a document name: packages
// that go is told to use, targets of the Makefile, scripts.
func (t *tree) checkCommands(name string, data []byte) {
	fenced := false
	for i, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if !fenced && !strings.HasPrefix(line, "    ") {
			continue
		}
		line, _, _ = strings.Cut(line, " #")
		for _, command := range goRun.FindAllString(line, -1) {
			for _, arg := range strings.Fields(command) {
				arg = strings.TrimSuffix(arg, "/...")
				if strings.HasPrefix(arg, "./") && !t.exists(arg) && !makes(line, arg) {
					t.add(name, i+1, "%s is not there", arg)
				}
			}
		}
		for _, m := range makeRun.FindAllStringSubmatch(line, -1) {
			if !t.hasTarget(m[1]) {
				t.add(name, i+1, "make %s: no such target", m[1])
			}
		}
		for _, m := range script.FindAllStringSubmatch(line, -1) {
			if !t.exists(m[1]) {
				t.add(name, i+1, "%s is not there", m[1])
			}
		}
	}
}

// makes reports whether a command line writes the path: go build -o PATH.
func makes(line, p string) bool { return strings.Contains(line, "-o "+p) }

func (t *tree) exists(name string) bool {
	_, err := os.Stat(filepath.Join(t.root, filepath.FromSlash(name)))
	return err == nil
}

// hasTarget reports whether the Makefile at the root, or the one of the peers, has a target. The
// legs of .ci/run are targets of the first.
func (t *tree) hasTarget(target string) bool {
	name := regexp.QuoteMeta(target)
	rule := regexp.MustCompile(`(?m)^` + name + `( [\w -]+)?:`)
	leg := regexp.MustCompile(`(?m)^(leg|part) ` + name + ` `)
	for file, want := range map[string]*regexp.Regexp{
		"Makefile": rule, "bench/peers/Makefile": rule, ".ci/run": leg,
	} {
		data, err := os.ReadFile(filepath.Join(t.root, file))
		if err == nil && want.Match(data) {
			return true
		}
	}
	return false
}
