package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// target is one fuzz function.
type target struct {
	name, dir, root string
	seeds           []string // files of testdata/fuzz
}

var declaration = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// findTargets reads the test files below root. What lies in folders named testdata, or
// hidden, is none of the workspace's packages.
func findTargets(root string) (targets []target, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != root &&
			(name == "testdata" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			t := target{name: m[1], dir: filepath.Dir(path), root: root}
			t.seeds, err = filepath.Glob(filepath.Join(t.dir, "testdata", "fuzz", t.name, "*"))
			if err != nil {
				return err
			}
			targets = append(targets, t)
		}
		return nil
	})
	return targets, err
}

func selectTargets(targets []target, name string) []target {
	if name == "" {
		return targets
	}
	return slices.DeleteFunc(targets, func(t target) bool { return t.name != name })
}

// maxSeed bounds the bytes of a seed's arguments: on megabytes the engine runs once or twice
// a second, if at all, and prints PASS.
const maxSeed = 64 << 10

var literal = regexp.MustCompile(`(?m)^(?:\[\]byte|string)\((".*")\)$`)

// checkSeeds measures the arguments of a target's seeds.
func checkSeeds(seeds []string) error {
	for _, path := range seeds {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		size := 0
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			arg, err := strconv.Unquote(m[1])
			if err != nil {
				return fmt.Errorf("seed %s: %w", path, err)
			}
			size += len(arg)
		}
		if size > maxSeed {
			return fmt.Errorf("seed %s: %d bytes exceed %d", path, size, maxSeed)
		}
	}
	return nil
}
