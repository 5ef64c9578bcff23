package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

// TestTargets checks that every target that a patch names, and the sweep, is where the command
// looks for it.
func TestTargets(t *testing.T) {
	root, err := gocmd.Workspace()
	if err != nil {
		t.Skip(err) // outside of the workspace there are no other modules to look at
	}
	bugs, err := readBugs(root, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range append(bugs, bug{name: "every bug", targets: []string{sweep}}) {
		for _, target := range b.targets {
			if !isDeclared(t, root, target) {
				dir, function := folder(target)
				t.Errorf("%s: no %s in %s", b.name, function, dir)
			}
		}
	}
}

// isDeclared reports whether a test file of the target's package declares its function.
func isDeclared(t *testing.T, root, target string) bool {
	t.Helper()
	dir, function := folder(target)
	paths, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	declaration := regexp.MustCompile(`(?m)^func ` + function + `\(`)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if declaration.Match(text) {
			return true
		}
	}
	return false
}
