package main

import (
	"archive/zip"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTargets checks that every target of this module, which .clusterfuzzlite/build.sh builds, has
// seeds of the arguments that it takes.
func TestTargets(t *testing.T) {
	t.Chdir("../..") // where the command runs
	declared := declaredTargets(t)
	for _, target := range slices.Concat(targets, coded) {
		want, ok := declared[target.name]
		if !ok {
			t.Errorf("%s is no target of this module", target.name)
		}
		delete(declared, target.name)
		n := 0
		err := target.seeds(func(name string, args ...any) {
			var got []string
			for _, arg := range args {
				got = append(got, strings.ReplaceAll(fmt.Sprintf("%T", arg), "uint8", "byte"))
			}
			if n++; !slices.Equal(got, want) {
				t.Errorf("%s takes %v, and its seed %s has %v", target.name, want, name, got)
			}
		})
		if err != nil || n == 0 {
			t.Errorf("%s: %d seeds, %v", target.name, n, err)
		}
	}
	for name := range declared {
		t.Errorf("%s has no seeds here, so that build.sh fails", name)
	}
}

// declaredTargets returns the fuzz functions below the current folder, with the types of what they
// take besides *testing.T.
func declaredTargets(t *testing.T) map[string][]string {
	t.Helper()
	declared := map[string][]string{}
	var paths []string
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "*/*/*_test.go", "*/*/*/*_test.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Fuzz") {
				declared[f.Name.Name] = argumentsOf(f)
			}
		}
	}
	return declared
}

// argumentsOf returns the types of the second and later parameters of the function that a target
// gives to f.Fuzz.
func argumentsOf(f *ast.FuncDecl) (args []string) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || types.ExprString(call.Fun) != "f.Fuzz" {
			return true
		}
		for _, field := range call.Args[0].(*ast.FuncLit).Type.Params.List[1:] {
			for range field.Names {
				args = append(args, types.ExprString(field.Type))
			}
		}
		return false
	})
	return args
}

// TestArchive writes the seeds of a target of either list as libFuzzer takes them, and fails for
// any other.
func TestArchive(t *testing.T) {
	t.Chdir("../..")
	for _, name := range []string{"FuzzCollection", "FuzzRelocations"} {
		path := filepath.Join(t.TempDir(), "seeds.zip")
		if err := writeAll(path, name); err != nil {
			t.Fatal(err)
		}
		r, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if len(r.File) < 4 {
			t.Errorf("%s: %d seeds", name, len(r.File))
		}
	}
	if err := writeAll(filepath.Join(t.TempDir(), "none.zip"), "FuzzNothing"); err == nil {
		t.Error("seeds of no target")
	}
}
