package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"
)

const (
	fileLines = 600
	funcLines = 80
)

// checkGo applies the rules of Go files. What does not parse is left to the compiler.
func (t *tree) checkGo(name string, data []byte) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, data, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil || ast.IsGenerated(f) {
		return
	}
	line := func(p token.Pos) int { return fset.Position(p).Line }
	if n := fset.File(f.Pos()).LineCount(); n > fileLines {
		t.add(name, 0, "%d lines", n)
	}
	public := f.Name.Name != "main" && !strings.HasSuffix(name, "_test.go") &&
		!strings.Contains("/"+path.Dir(name)+"/", "/internal/")
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if n := line(d.End()) - line(d.Pos()) + 1; n > funcLines {
				t.add(name, line(d.Pos()), "%s has %d lines", d.Name.Name, n)
			}
			if public && d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) && !known(d) {
				t.add(name, line(d.Pos()), "%s has no doc comment", d.Name.Name)
			}
		case *ast.GenDecl:
			if public {
				t.checkDecl(name, d, line)
			}
		}
	}
}

// known reports whether a function is one of the methods whose contract the standard library
// states: Error and Unwrap.
func known(d *ast.FuncDecl) bool {
	return d.Recv != nil && (d.Name.Name == "Error" || d.Name.Name == "Unwrap")
}

// exportedReceiver reports whether users can name a function's receiver, if it has one.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

// checkDecl wants a comment on every exported type, and on every exported constant and
// variable, on the group that holds it, or on the first of the lines that it stands among.
func (t *tree) checkDecl(name string, d *ast.GenDecl, line func(token.Pos) int) {
	covered, last := false, 0
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				t.add(name, line(s.Pos()), "%s has no doc comment", s.Name.Name)
			}
		case *ast.ValueSpec:
			covered = d.Doc != nil || s.Doc != nil || covered && line(s.Pos()) == last+1
			last = line(s.End())
			for _, id := range s.Names {
				if id.IsExported() && !covered && s.Comment == nil {
					t.add(name, line(s.Pos()), "%s has no doc comment", id.Name)
				}
			}
		}
	}
}
