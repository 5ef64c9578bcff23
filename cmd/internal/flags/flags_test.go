package flags_test

import (
	"errors"
	"flag"
	"fmt"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/cmd/internal/flags"
)

// program is a program with one command, whose options are bound to these variables.
func program(path *string, count *int, all *bool) []*flags.Command {
	return []*flags.Command{
		{
			Name: "tool", Usage: []string{"tool [options] FILE", "tool show FILE"}, Brief: "make things",
			About: "Makes things of a FILE that is long enough to need a second line in what people read.",
			Groups: []flags.Group{{Title: "Options", Options: []flags.Option{
				{Name: "out", Short: "o", Arg: "FILE", About: "where to; it's replaced",
					Bind: func(f *flag.FlagSet, name string) { f.StringVar(path, name, "", "") }},
				{Name: "count", Arg: "N", About: "how many",
					Bind: func(f *flag.FlagSet, name string) { f.IntVar(count, name, 1, "") }},
				{Name: "all-of-them-at-once", About: "everything",
					Bind: func(f *flag.FlagSet, name string) { f.BoolVar(all, name, false, "") }},
				{Name: "color", Arg: "WHEN", About: "colors", Values: []string{"always", "never"},
					Bind: func(f *flag.FlagSet, name string) { f.String(name, "", "") }},
			}}},
			Files: true, Status: "0, 1 on failure.",
		},
		{
			Name: "tool show", Usage: []string{"tool show FILE"}, Brief: "show a file",
			About: "Shows a file.", Status: "0.",
		},
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args   []string
		rest   []string
		given  map[string]bool
		path   string
		failed string
	}{
		{[]string{"a", "-o", "x", "b"}, []string{"a", "b"}, map[string]bool{"out": true}, "x", ""},
		{[]string{"--out=x", "--count", "3"}, nil, map[string]bool{"out": true, "count": true}, "x", ""},
		{[]string{"a", "--", "--out", "y"}, []string{"a", "--out", "y"}, map[string]bool{}, "", ""},
		{[]string{"--", "a", "--", "b"}, []string{"a", "--", "b"}, map[string]bool{}, "", ""},
		{[]string{"--bogus"}, nil, nil, "", "bogus"},
		{[]string{"--count", "x"}, nil, nil, "", "count"},
		{[]string{"a", "-h"}, nil, nil, "", "help requested"},
	} {
		var path string
		var count int
		rest, given, err := program(&path, &count, new(bool))[0].Parse(c.args)
		if c.failed != "" {
			if err == nil || !strings.Contains(err.Error(), c.failed) {
				t.Errorf("%q: error %v, want %q in it", c.args, err, c.failed)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(rest, c.rest) || !reflect.DeepEqual(given, c.given) ||
			path != c.path {
			t.Errorf("%q: rest %q, given %v, path %q, error %v", c.args, rest, given, path, err)
		}
	}
}

func TestRun(t *testing.T) {
	c := program(new(string), new(int), new(bool))[0]
	for _, test := range []struct {
		arg            string
		status         int
		stdout, stderr string
		ok             bool
	}{
		{"--help", 0, c.Help(), "", false},
		{"--bogus", 2, "", "tool: flag provided but not defined: -bogus\nTry tool --help.\n", false},
		{"x", 0, "", "", true},
	} {
		var stdout, stderr strings.Builder
		_, _, status, ok := c.Run([]string{test.arg}, &stdout, &stderr)
		if status != test.status || ok != test.ok || stdout.String() != test.stdout ||
			stderr.String() != test.stderr {
			t.Errorf("%s: status %d, ok %v, stdout %q, stderr %q", test.arg, status, ok, &stdout, &stderr)
		}
	}
}

func TestMan(t *testing.T) {
	page := flags.Man(`tool "1.0"`, program(new(string), new(int), new(bool))...)
	for _, want := range []string{
		`.TH TOOL 1 "" "tool ""1.0"""` + "\n", ".SH NAME\ntool \\- make things\n",
		"tool [options] FILE\n.br\ntool show FILE\n",
		".B \\-o, \\-\\-out FILE\nwhere to; it's replaced\n",
		".B \\-\\-all\\-of\\-them\\-at\\-once\neverything\n", ".SS \"tool show FILE\"\nShows a file.\n",
		".SH EXIT STATUS\n0, 1 on failure.\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if man, err := exec.LookPath("groff"); err == nil {
		cmd := exec.CommandContext(t.Context(), man, "-man", "-Tutf8", "-ww")
		cmd.Stdin = strings.NewReader(page)
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "warning") {
			t.Errorf("groff: %v\n%s", err, out)
		}
	}
}

// bash itself says what the script completes.
func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("install bash to run what it completes")
	}
	script, err := flags.Completion("bash", program(new(string), new(int), new(bool))...)
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"tool ":               "show --out -o --count --all-of-them-at-once --color",
		"tool --o":            "--out",
		"tool s":              "show",
		"tool --color ":       "always never",
		"tool --color n":      "never",
		"tool --count ":       "",
		"tool x --c":          "--count --color",
		"tool show --":        "",
		"tool --out no-such-": "",
		"tool x --out flags.": "flags.go",
		"tool -o fl":          "flags.go flags_test.go",
		"tool flags_t":        "flags_test.go",
	} {
		words := strings.Split(line, " ")
		run := fmt.Sprintf("%s\nCOMP_WORDS=(", script)
		for _, word := range words {
			run += fmt.Sprintf("'%s' ", word)
		}
		run += fmt.Sprintf(")\nCOMP_CWORD=%d\n_tool\necho ${COMPREPLY[*]}", len(words)-1)
		out, err := exec.CommandContext(t.Context(), bash, "-c", run).CombinedOutput()
		got := strings.Fields(string(out))
		if line == "tool " { // and the files that are here
			got = slices.DeleteFunc(got, func(word string) bool { return strings.Contains(word, ".") })
		}
		slices.Sort(got)
		if sorted := slices.Sorted(strings.FieldsSeq(want)); err != nil || !slices.Equal(got, sorted) {
			t.Errorf("%q completes as %q, want %q: %v", line, got, sorted, err)
		}
	}
}

func TestShells(t *testing.T) {
	for shell, want := range map[string][]string{
		"zsh": {"bashcompinit", "complete -o filenames -F _tool tool"},
		"fish": {
			"complete -c tool -n 'not __fish_seen_subcommand_from show' -a show -d 'show a file'",
			` -l out -s o -r -F -d 'where to'`, ` -l color -x -a 'always never' -d 'colors'`,
			` -l count -x -d 'how many'`, ` -l all-of-them-at-once -d 'everything'`,
		},
	} {
		script, err := flags.Completion(shell, program(new(string), new(int), new(bool))...)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(script, text) {
				t.Errorf("%s: no %q in\n%s", shell, text, script)
			}
		}
	}
	if _, err := flags.Completion("csh"); err == nil {
		t.Error("csh is known")
	}
}

// The help text is made of the table; its lines fit any terminal.
func ExampleCommand_Help() {
	fmt.Print(program(new(string), new(int), new(bool))[0].Help())
	// Output:
	// Usage: tool [options] FILE
	//        tool show FILE
	//
	// Makes things of a FILE that is long enough to need a second line in what people
	// read.
	//
	// Options:
	//   -o, --out FILE    where to; it's replaced
	//   --count N         how many
	//   --all-of-them-at-once
	//                     everything
	//   --color WHEN      colors
	//
	// Exit status: 0, 1 on failure.
}

// What goes wrong is said as programs do.
func ExampleCommand_Misused() {
	var out strings.Builder
	status := program(new(string), new(int), new(bool))[1].Misused(&out, errors.New("wants a file"))
	fmt.Printf("%s%d\n", &out, status)
	// Output:
	// tool show: wants a file
	// Try tool show --help.
	// 2
}
