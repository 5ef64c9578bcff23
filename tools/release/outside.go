package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// useOutside makes a module that has never heard of the workspace, gets every module of the
// release, builds and runs a program, and runs the examples of all packages.
func (r *release) useOutside() error {
	dir := filepath.Join(r.scratch, "outside")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	name := filepath.Join(dir, "main.go")
	if err := os.WriteFile(name, []byte(r.program), 0o644); err != nil {
		return err
	}
	const format = `{{range .XTestGoFiles}}{{if eq . "example_test.go"}}{{$.ImportPath}}{{end}}{{end}}`
	get := []string{"get"}
	list := []string{"list", "-f", format}
	for _, m := range r.modules {
		get = append(get, m.path+"@"+r.version)
		list = append(list, m.path+"/...")
	}
	for _, args := range [][]string{{"mod", "init", "example.com/outside"}, get, {"run", "."}} {
		out, err := r.command(dir, "go", args...)
		if err != nil {
			return err
		}
		fmt.Fprint(r.out, out)
	}
	examples, err := r.command(dir, "go", list...)
	if err != nil {
		return err
	}
	out, err := r.command(dir, "go", append([]string{"test", "-run", "^Example"},
		strings.Fields(examples)...)...)
	fmt.Fprintln(r.out, "\n"+out)
	return err
}

// installCommands installs the programs of the release as users do, and asks those that users
// have, the ones of folder cmd, which version they are.
func (r *release) installCommands() error {
	for _, m := range r.modules {
		const format = `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`
		list, err := r.command(r.folder(m), "go", "list", "-f", format, "./...")
		if err != nil {
			return err
		}
		for program := range strings.FieldsSeq(list) {
			if err := r.install(m, program); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *release) install(m *module, program string) error {
	if _, err := r.command(r.scratch, "go", "install", program+"@"+r.version); err != nil {
		return err
	}
	bin, err := filepath.Glob(filepath.Join(r.scratch, "bin", filepath.Base(program)+"*"))
	if err != nil || len(bin) != 1 {
		return fmt.Errorf("go install %s made %q: %w", program, bin, err)
	}
	if !strings.HasPrefix(m.dir, "cmd/") {
		return nil
	}
	out, err := r.command(r.scratch, bin[0], "--version")
	if err != nil {
		return err
	}
	if !strings.Contains(out, r.version) {
		return fmt.Errorf("%s --version: %q does not have %s", program, out, r.version)
	}
	fmt.Fprintln(r.out, out)
	return nil
}
