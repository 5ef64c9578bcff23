package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// A mutant is one change of one file.
type mutant struct {
	file       string // its path
	line       int
	start, end int // the bytes of the file that text replaces
	text       string
	change     string // for people
}

// apply returns the file's source with the change.
func (m mutant) apply(src []byte) []byte {
	return []byte(string(src[:m.start]) + m.text + string(src[m.end:]))
}

// operators are what stands in the place of a binary operator.
var operators = map[token.Token][]string{
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
	token.EQL: {"!="}, token.NEQ: {"=="}, token.LAND: {"||"}, token.LOR: {"&&"},
	token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"}, token.REM: {"*"},
	token.SHL: {">>"}, token.SHR: {"<<"}, token.AND: {"|"}, token.OR: {"&"}, token.XOR: {"&"},
	token.AND_NOT: {"&"}, token.ADD_ASSIGN: {"-="}, token.SUB_ASSIGN: {"+="},
	token.MUL_ASSIGN: {"/="}, token.QUO_ASSIGN: {"*="}, token.SHL_ASSIGN: {">>="},
	token.SHR_ASSIGN: {"<<="}, token.OR_ASSIGN: {"&="}, token.AND_ASSIGN: {"|="},
	token.INC: {"--"}, token.DEC: {"++"}, token.BREAK: {"continue"}, token.CONTINUE: {"break"},
}

// A planter lists the mutants of one file.
type planter struct {
	fset    *token.FileSet
	info    *types.Info
	path    string
	src     []byte
	mutants []mutant
}

// plant lists the mutants of a file, in the order of its nodes.
func (p *planter) plant(file *ast.File) []mutant {
	ast.PreorderStack(file, nil, func(n ast.Node, around []ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok != token.IMPORT
		case *ast.BinaryExpr:
			p.operator(n.OpPos, n.Op)
		case *ast.AssignStmt:
			p.operator(n.TokPos, n.Tok)
			p.assignment(n, around)
		case *ast.IncDecStmt:
			p.operator(n.TokPos, n.Tok)
		case *ast.BranchStmt:
			if n.Label == nil {
				p.operator(n.TokPos, n.Tok)
			}
		case *ast.UnaryExpr:
			if n.Op == token.NOT || n.Op == token.SUB {
				p.add(n.OpPos, n.OpPos+1, "")
			}
		case *ast.IfStmt:
			p.condition(n.Cond)
		case *ast.ForStmt:
			p.condition(n.Cond)
		case *ast.BasicLit:
			p.constant(n, around)
		case *ast.ReturnStmt:
			p.returned(n, around)
		case *ast.ExprStmt:
			p.remove(n, around)
		case *ast.CallExpr:
			p.swap(n)
		}
		return true
	})
	return p.mutants
}

// offset is where a position lies in the file.
func (p *planter) offset(pos token.Pos) int { return p.fset.Position(pos).Offset }

func (p *planter) source(n ast.Node) string {
	return string(p.src[p.offset(n.Pos()):p.offset(n.End())])
}

// add lists the mutant that has text from one position to another.
func (p *planter) add(from, to token.Pos, text string) {
	start, end := p.offset(from), p.offset(to)
	old := strings.Join(strings.Fields(string(p.src[start:end])), " ")
	change := fmt.Sprintf("%s -> %s", old, strings.Join(strings.Fields(text), " "))
	if text == "" {
		change = "without " + old
	}
	p.mutants = append(p.mutants, mutant{
		p.path, p.fset.Position(from).Line, start, end, text, change,
	})
}

func (p *planter) operator(pos token.Pos, tok token.Token) {
	for _, other := range operators[tok] {
		p.add(pos, pos+token.Pos(len(tok.String())), other)
	}
}

// condition negates a condition that has no comparison to be turned round.
func (p *planter) condition(cond ast.Expr) {
	if cond == nil {
		return
	}
	if b, ok := cond.(*ast.BinaryExpr); ok && b.Op != token.LAND && b.Op != token.LOR {
		return
	}
	if u, ok := cond.(*ast.UnaryExpr); !ok || u.Op != token.NOT {
		p.add(cond.Pos(), cond.End(), "!("+p.source(cond)+")")
	}
}

// constant moves a number by one. The length of an array is not made smaller.
func (p *planter) constant(n *ast.BasicLit, around []ast.Node) {
	if n.Kind != token.INT {
		return
	}
	p.add(n.Pos(), n.End(), "("+n.Value+" + 1)")
	if _, inArray := around[len(around)-1].(*ast.ArrayType); n.Value != "0" && !inArray {
		p.add(n.Pos(), n.End(), "("+n.Value+" - 1)")
	}
}

// returned returns nil for an error, and zero for another result.
func (p *planter) returned(n *ast.ReturnStmt, around []ast.Node) {
	for _, result := range n.Results {
		t := p.info.TypeOf(result)
		if len(n.Results) == 1 {
			if tuple, ok := t.(*types.Tuple); ok && tuple != nil {
				return // of a call that returns several
			}
			t = resultType(p.info, around)
		}
		zero := zeroOf(t)
		if value := p.source(result); zero != "" && value != zero {
			p.add(result.Pos(), result.End(), zero)
		}
	}
}

// resultType returns the type of the only result of the function around, or nil.
func resultType(info *types.Info, around []ast.Node) types.Type {
	for i := len(around) - 1; i >= 0; i-- {
		var t types.Type
		switch f := around[i].(type) {
		case *ast.FuncLit:
			t = info.TypeOf(f)
		case *ast.FuncDecl:
			t = info.TypeOf(f.Name)
		default:
			continue
		}
		if s, ok := t.(*types.Signature); ok && s.Results().Len() == 1 {
			return s.Results().At(0).Type()
		}
		return nil
	}
	return nil
}

// zeroOf returns how the zero value of a type is written, "" if that takes its name.
func zeroOf(t types.Type) string {
	if t == nil {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsBoolean != 0:
			return "false"
		case u.Info()&types.IsNumeric != 0:
			return "0"
		case u.Info()&types.IsString != 0:
			return `""`
		}
	case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature:
		return "nil"
	case *types.Interface:
		if _, ok := t.(*types.TypeParam); !ok {
			return "nil"
		}
	}
	return ""
}

// remove drops a statement that is a call.
func (p *planter) remove(n *ast.ExprStmt, around []ast.Node) {
	if _, ok := n.X.(*ast.CallExpr); ok && inBlock(around) {
		p.add(n.Pos(), n.End(), "")
	}
}

// assignment drops one to a field or an element.
func (p *planter) assignment(n *ast.AssignStmt, around []ast.Node) {
	if len(n.Lhs) != 1 || n.Tok == token.DEFINE || !inBlock(around) {
		return
	}
	switch n.Lhs[0].(type) {
	case *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
		p.add(n.Pos(), n.End(), "")
	}
}

// inBlock reports whether a statement is one of a list, so that it can be missing.
func inBlock(around []ast.Node) bool {
	switch around[len(around)-1].(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		return true
	}
	return false
}

// swap exchanges arguments that stand next to each other and have one type, unless their order
// does not matter.
func (p *planter) swap(n *ast.CallExpr) {
	if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "min" || f.Name == "max") {
		return
	}
	for i := 1; i < len(n.Args); i++ {
		a, b := n.Args[i-1], n.Args[i]
		ta, tb := p.info.TypeOf(a), p.info.TypeOf(b)
		if ta == nil || tb == nil || !types.Identical(types.Default(ta), types.Default(tb)) ||
			p.source(a) == p.source(b) {
			continue
		}
		between := string(p.src[p.offset(a.End()):p.offset(b.Pos())])
		p.add(a.Pos(), b.End(), p.source(b)+between+p.source(a))
	}
}
