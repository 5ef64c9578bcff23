// Treecheck holds a repository to rules that no other tool checks and prints what breaks them:
//
//   - Go and shell lines of at most 100 columns, Go files of at most 600 lines, functions of at
//     most 80;
//   - every exported name of a package that users import has a doc comment;
//   - no note of unfinished work, and no path of one developer's machine;
//   - relative links in documents lead somewhere, and the commands that documents show exist;
//   - fuzzing seeds of at most 64 KiB (larger ones stall Go's fuzzer).
//
// Usage: treecheck [DIR]. It reads what git tracks, and exits 1 if a rule is broken.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A tree is a repository's work tree and what was found in it.
type tree struct {
	root   string
	files  []string // tracked and present, relative to root, with slashes
	broken []string
}

func main() {
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	broken, err := check(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "treecheck:", err)
		os.Exit(1)
	}
	for _, b := range broken {
		fmt.Println(b)
	}
	if len(broken) > 0 {
		os.Exit(1)
	}
}

// check applies every rule to the repository at dir.
func check(dir string) ([]string, error) {
	t := &tree{root: dir}
	list, err := exec.Command("git", "-C", dir, "ls-files", "-z").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files in %s: %w", dir, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			t.files = append(t.files, name)
		}
	}
	for _, name := range t.files {
		if err := t.checkFile(name); err != nil {
			return nil, err
		}
	}
	return t.broken, nil
}

// checkFile applies the rules of one file's kind.
func (t *tree) checkFile(name string) error {
	data, err := os.ReadFile(filepath.Join(t.root, name))
	if err != nil {
		return err
	}
	if strings.Contains("/"+name, "/testdata/") {
		t.checkSeed(name, data)
		return nil
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil // not text
	}
	t.checkText(name, data)
	switch {
	case strings.HasSuffix(name, ".go"):
		t.checkGo(name, data)
	case strings.HasSuffix(name, ".md"):
		t.checkLinks(name, data)
		t.checkCommands(name, data)
	}
	return nil
}

// checkSeed bounds what Go's fuzzer is given.
func (t *tree) checkSeed(name string, data []byte) {
	const most = 64 << 10
	// A seed file spells unprintable bytes with four characters each.
	if strings.Contains("/"+name, "/testdata/fuzz/") && len(data) > 4*most {
		t.add(name, 0, "a seed of %d bytes", len(data))
	}
}

// add records a broken rule; line 0 is the file as a whole.
func (t *tree) add(name string, line int, format string, args ...any) {
	if line > 0 {
		name = fmt.Sprintf("%s:%d", name, line)
	}
	t.broken = append(t.broken, name+": "+fmt.Sprintf(format, args...))
}
