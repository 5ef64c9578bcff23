package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// bug is one patch. Above the diff it says, in a line each, what the bug is and which targets
// besides the sweep should see it:
//
//	Bug: vlen keeps its 16 bits
//	Targets: FuzzParse btf.FuzzWalk TestBombs
//
// A target is a test or fuzz function of package fuzz, or of the package before the dot.
type bug struct {
	name, path, about string
	targets           []string
}

// workspace returns the folder of go.work.
func workspace() (string, error) {
	out, err := exec.Command("go", "env", "GOWORK").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOWORK: %w", err)
	}
	path := strings.TrimSpace(string(out))
	if path == "" || path == "off" {
		return "", fmt.Errorf("no go.work in this folder or above; run it in the repository")
	}
	return filepath.Dir(path), nil
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

// folder returns the package of a target, relative to the workspace, and its function.
func folder(target string) (dir, function string) {
	pkg, function, ok := strings.Cut(target, ".")
	switch {
	case !ok:
		return "fuzz", target
	case pkg == "match" || pkg == "raw":
		return filepath.Join("btf", "internal", pkg), function
	}
	return pkg, function
}
