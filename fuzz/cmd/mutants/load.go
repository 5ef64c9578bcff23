package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A pkg is a package with its types, so that changes that do not compile can be left out.
type pkg struct {
	path, dir string
	files     []string
	sources   map[string][]byte
	tests     []string          // the folders whose tests count
	exports   map[string]string // files of what it imports
	fset      *token.FileSet
	imports   types.Importer
}

// listed is what "go list" says of a package.
type listed struct {
	ImportPath, Dir, Export   string
	GoFiles                   []string
	TestGoFiles, XTestGoFiles []string
	DepOnly                   bool
}

// loadPackages returns the packages that match patterns.
func loadPackages(ctx context.Context, root string, patterns []string) ([]*pkg, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-export", "-deps", "-json"},
		patterns...)...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := make(map[string]string)
	var pkgs []*pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := decoder.Decode(&l); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		exports[l.ImportPath] = l.Export
		if l.DepOnly {
			continue
		}
		p := &pkg{path: l.ImportPath, dir: l.Dir, sources: make(map[string][]byte), exports: exports}
		if len(l.TestGoFiles)+len(l.XTestGoFiles) > 0 {
			p.tests = testsOf(l.Dir)
		}
		for _, name := range l.GoFiles {
			path := filepath.Join(l.Dir, name)
			if p.sources[path], err = os.ReadFile(path); err != nil {
				return nil, err
			}
			p.files = append(p.files, path)
		}
		pkgs = append(pkgs, p)
	}
}

// testsOf returns the folders whose tests count for a package that has some: its own, and for an
// internal one the folder that it is internal to, whose tests are of the whole.
func testsOf(dir string) []string {
	slashed := filepath.ToSlash(dir)
	if at := strings.LastIndex(slashed, "/internal/"); at >= 0 {
		if whole := filepath.FromSlash(slashed[:at]); hasTests(whole) {
			return []string{dir, whole}
		}
	}
	return []string{dir}
}

func hasTests(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	return err == nil && len(files) > 0
}

// mutants lists all mutants of the package, those that do not compile included.
func (p *pkg) mutants() ([]mutant, error) {
	p.fset = token.NewFileSet()
	p.imports = importer.ForCompiler(p.fset, runtime.Compiler, func(path string) (
		io.ReadCloser, error) {
		return os.Open(p.exports[path])
	})
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue),
		Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object)}
	files, err := p.check(nil, info)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for i, file := range files {
		f := &planter{fset: p.fset, info: info, path: p.files[i], src: p.sources[p.files[i]]}
		all = append(all, f.plant(file)...)
	}
	return all, nil
}

// compiles reports whether the package does with the change.
func (p *pkg) compiles(m mutant) bool {
	_, err := p.check(&m, nil)
	return err == nil
}

// check parses and checks the package, with a change if there is one.
func (p *pkg) check(m *mutant, info *types.Info) ([]*ast.File, error) {
	var files []*ast.File
	for _, path := range p.files {
		src := p.sources[path]
		if m != nil && m.file == path {
			src = m.apply(src)
		}
		file, err := parser.ParseFile(p.fset, path, src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	config := types.Config{Importer: p.imports, Sizes: types.SizesFor(runtime.Compiler,
		runtime.GOARCH)}
	_, err := config.Check(p.path, p.fset, files, info)
	return files, err
}
