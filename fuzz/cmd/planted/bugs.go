package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// bug is one patch. Above the diff it says, in a line each, what the bug is and which targets
// besides the sweep should see it:
//
//	Bug: vlen keeps its 16 bits
//	Targets: FuzzParse btf.FuzzWalk TestBombs
//
// A target is a fuzz function of package fuzz, a test of package differential, or either of the
// package before the dot.
type bug struct {
	name, path, about string
	targets           []string
}

func readBugs(root, name string) (bugs []bug, err error) {
	if name == "" {
		name = "*"
	}
	paths, err := filepath.Glob(filepath.Join(root, "fuzz", "planted", name+".patch"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no bug %s in %s/fuzz/planted", name, root)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		b := bug{path: path, name: strings.TrimSuffix(filepath.Base(path), ".patch")}
		for line := range strings.Lines(string(text)) {
			if v, ok := strings.CutPrefix(line, "Bug: "); ok {
				b.about = strings.TrimSpace(v)
			}
			if v, ok := strings.CutPrefix(line, "Targets: "); ok {
				b.targets = strings.Fields(v)
			}
		}
		if b.about == "" || len(b.targets) == 0 {
			return nil, fmt.Errorf("%s: no line \"Bug: …\" or \"Targets: …\"", path)
		}
		bugs = append(bugs, b)
	}
	return bugs, nil
}

// sweep looks for every bug.
const sweep = "TestSweep"

// folder returns the package of a target, relative to the workspace, and its function.
func folder(target string) (dir, function string) {
	pkg, function, ok := strings.Cut(target, ".")
	switch {
	case !ok && strings.HasPrefix(target, "Fuzz"):
		return "fuzz", target
	case !ok:
		return filepath.Join("fuzz", "differential"), target
	case pkg == "match", pkg == "raw":
		return filepath.Join("btf", "internal", pkg), function
	}
	return pkg, function
}

// The engines that targets can run under.
const (
	goEngine  = "go"
	libFuzzer = "libfuzzer"
)

// isBuilt reports whether .clusterfuzzlite/build.sh builds a target for libFuzzer: it does those
// of module fuzz.
func isBuilt(target string) bool {
	dir, function := folder(target)
	return strings.HasPrefix(function, "Fuzz") &&
		(dir == "fuzz" || strings.HasPrefix(dir, "fuzz"+string(filepath.Separator)))
}
