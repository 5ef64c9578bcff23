package main

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

// source has something for each operator. It imports nothing, so that it can be checked alone.
const source = `package p

type T struct{ n int }

func (t *T) set(a, b int, name string) error {
	if a < b && t.ok() {
		t.n = 7
	}
	t.ok()
	for i := 0; i != b; i++ {
		if !t.ok() {
			continue
		}
		a += -min(a, b)
	}
	return t.set(a, b, name)
}

func (t *T) ok() bool { return t.n > 0 }
`

// plantAll lists the changes of a source.
func plantAll(t *testing.T, src string) (*planter, []mutant) {
	t.Helper()
	p := &planter{fset: token.NewFileSet(), path: "p.go", src: []byte(src), info: &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object),
		Uses: make(map[*ast.Ident]types.Object)}}
	file, err := parser.ParseFile(p.fset, p.path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := new(types.Config).Check("p", p.fset, []*ast.File{file}, p.info); err != nil {
		t.Fatal(err)
	}
	return p, p.plant(file)
}

// TestPlant wants each operator where it fits.
func TestPlant(t *testing.T) {
	_, mutants := plantAll(t, source)
	var got []string
	for _, m := range mutants {
		got = append(got, m.change)
	}
	slices.Sort(got)
	want := []string{
		"!= -> ==", "&& -> ||", "++ -> --", "+= -> -=", "0 -> (0 + 1)", "0 -> (0 + 1)",
		"7 -> (7 + 1)", "7 -> (7 - 1)", "< -> <=", "< -> >=", "> -> <=", "> -> >=",
		"a < b && t.ok() -> !(a < b && t.ok())", "a, b -> b, a", "continue -> break",
		"t.n > 0 -> false", "t.set(a, b, name) -> nil", "without !", "without -",
		"without t.n = 7", "without t.ok()",
	}
	if !slices.Equal(got, want) {
		t.Errorf("changes %q\nwant    %q", got, want)
	}
}

// TestApply changes what the mutant says, and nothing else.
func TestApply(t *testing.T) {
	_, mutants := plantAll(t, source)
	for _, m := range mutants {
		changed := string(m.apply([]byte(source)))
		old, now, ok := strings.Cut(m.change, " -> ")
		if !ok {
			old, now = strings.TrimPrefix(m.change, "without "), ""
		}
		line := strings.Split(source, "\n")[m.line-1]
		if got := strings.Split(changed, "\n")[m.line-1]; !strings.Contains(line, old) ||
			len(got) != len(line)-len(old)+len(now) || !strings.Contains(got, now) {
			t.Errorf("%s in %q gives %q", m.change, line, got)
		}
	}
}

// TestRun measures a package of its own: two changes are noticed, and one is not. What is known
// from before takes no tests.
func TestRun(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil || testing.Short() {
		t.Skip("it runs the go command several times: run it where that is, without -short")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.work": "go 1.25.0\nuse .\n", "go.mod": "module example.org/p\n\ngo 1.25.0\n",
		"p.go":    "package p\n\nfunc Less(a, b int) bool { return a < b }\n",
		"skip.go": "package p\n\nfunc more(a, b int) bool { return a > b }\n",
		"p_test.go": "package p\n\nimport \"testing\"\n\nfunc TestLess(t *testing.T) {\n" +
			"\tif !Less(1, 2) || Less(2, 1) {\n\t\tt.Error()\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("GOWORK", "")
	t.Setenv("GOFLAGS", "")
	args := []string{"-n", "0", "-state", "verdicts", "-files", "^p", "-floor", "70", "."}
	var first, second bytes.Buffer
	err := run(context.Background(), &first, io.Discard, args)
	if err == nil || !strings.Contains(err.Error(), "1 packages below 70 %") {
		t.Errorf("error %v", err)
	}
	for _, want := range []string{"2 of    3 noticed,  66.7 %", "lived: p.go:3: < -> <="} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("%q is not in\n%s", want, first.String())
		}
	}
	verdicts, err := os.ReadFile("verdicts")
	if err != nil {
		t.Fatal(err)
	}
	known := bytes.ReplaceAll(verdicts, []byte("lived\t"), []byte("killed\t"))
	if err := os.WriteFile("verdicts", known, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), &second, io.Discard, args); err != nil {
		t.Error(err)
	}
	if !strings.Contains(second.String(), "3 of    3 noticed, 100.0 %") {
		t.Errorf("verdicts were not taken from before:\n%s", second.String())
	}
}

// TestUsage refuses what cannot be meant.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-n", "-1"}, {"-workers", "0"}, {"-files", "("}, {"-bogus"}} {
		err := run(context.Background(), io.Discard, io.Discard, args)
		if !errors.Is(err, gocmd.ErrUsage) {
			t.Errorf("%q: error %v", args, err)
		}
	}
}
