package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// items are empty items of the commands' JSON.
var items = map[string]any{
	"find": match{}, "show": shown{}, "path": placeItem{}, "list": listed{}, "diff": changed{},
	"verify": verdict{}, "extract": extracted{}, "check": checked{}, "min": minimized{},
}

// All commands of the transcripts are run with --json, and what they write is read back.
func TestJSON(t *testing.T) {
	expected, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, file := range expected {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if command, ok := strings.CutPrefix(line, "$ btf "); ok {
				lines = append(lines, strings.TrimSpace(command))
			}
		}
	}
	workspace(t)
	read := map[string]int{}
	for _, line := range lines {
		var out strings.Builder
		args := append(words(line), "--json")
		if _, status := run(&out, args...); status == statusUsage || args[0] == "dump" {
			continue
		}
		command, n := readBack(t, out.String())
		if command != args[0] {
			t.Errorf("%s: JSON of command %q", line, command)
		}
		read[command] += n
	}
	for command := range items {
		if read[command] == 0 {
			t.Errorf("no item of %s", command)
		}
	}
}

// readBack returns the command and how many items there are.
func readBack(t *testing.T, text string) (command string, n int) {
	t.Helper()
	var all struct {
		Schema  int               `json:"schema"`
		Command string            `json:"command"`
		Items   []json.RawMessage `json:"items"`
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil || all.Schema != schema || all.Items == nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("more behind the object: %v", err)
	}
	for _, raw := range all.Items {
		v := reflect.New(reflect.TypeOf(items[all.Command]))
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.DisallowUnknownFields()
		if err := d.Decode(v.Interface()); err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
	}
	return all.Command, len(all.Items)
}

// README.md names every field of the JSON.
func TestFieldsDocumented(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for command, item := range items {
		row := regexp.MustCompile("(?m)^. `" + command + "` .*$").FindString(string(text))
		typ := reflect.TypeOf(item)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(row, "`"+name+"`") {
				t.Errorf("README.md: nothing about %s of %s", name, command)
			}
		}
	}
}

// Each command that the documents show runs, and finds something.
func TestDocumentedCommands(t *testing.T) {
	shown := regexp.MustCompile(`(?m)^    (?:go run \./cmd/btf|btf) (.*?)(?: *#.*)?$`)
	var commands []string
	for _, file := range []string{"README.md", "../../README.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := shown.FindAllStringSubmatch(string(text), -1)
		if len(found) < 3 {
			t.Errorf("%s: %d commands", file, len(found))
		}
		for _, f := range found {
			commands = append(commands, f[1])
		}
	}
	for _, c := range new(app).rootCommand().Commands() {
		for line := range strings.Lines(c.Example) {
			commands = append(commands, strings.TrimPrefix(strings.TrimSpace(line), "btf "))
		}
	}
	workspace(t)
	for _, command := range commands {
		command, _, _ = strings.Cut(command, " >")
		if strings.Contains(command, "/boot/") || strings.Contains(command, "/lib/modules") ||
			strings.Contains(command, "nf_tables") || strings.Contains(command, "/sys/") {
			continue // of another machine
		}
		var out strings.Builder
		if stderr, status := run(&out, words(command)...); status != 0 || stderr != "" ||
			out.Len() == 0 {
			t.Errorf("btf %s: status %d, %q, %d bytes", command, status, stderr, out.Len())
		}
	}
}

// The manual pages are made from the table of commands.
func TestManualPages(t *testing.T) {
	dir := t.TempDir()
	if *update {
		dir = "man"
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	root := new(app).rootCommand()
	root.Version = ""
	disable(root)
	date := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	header := doc.GenManHeader{Title: "BTF", Section: "1", Date: &date, Source: "btfkit",
		Manual: "btfkit"}
	if err := doc.GenManTree(root, &header, dir); err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadDir("man")
	if err != nil || len(made) != len(committed) {
		t.Fatalf("%d pages, %d in man: %v", len(made), len(committed), err)
	}
	for _, file := range made {
		got, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("man", file.Name()))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s differs, %v: go test ./cmd/btf -run ManualPages -update", file.Name(), err)
		}
	}
}

// Help fits 80 columns.
func TestHelpWidth(t *testing.T) {
	names := []string{""}
	for _, c := range new(app).rootCommand().Commands() {
		names = append(names, c.Name())
	}
	for _, name := range names {
		var out strings.Builder
		stderr, status := run(&out, strings.Fields(name+" --help")...)
		if status != 0 || out.Len() < 100 {
			t.Errorf("%s: status %d, %q, %d bytes", name, status, stderr, out.Len())
		}
		for line := range strings.Lines(out.String()) {
			if len(line) > 81 {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

// disable leaves the date out of the pages.
func disable(c *cobra.Command) {
	c.DisableAutoGenTag = true
	for _, c := range c.Commands() {
		disable(c)
	}
}

// Shells get commands, flags, kinds and the names of types.
func TestCompletion(t *testing.T) {
	workspace(t)
	for line, want := range map[string]string{
		"__complete fin":                           "find",
		"__complete find --tra":                    "--traceable",
		"__complete find --kind struct,en":         "struct,enum64",
		"__complete find --color al":               "always",
		"__complete show tcf_mir":                  "tcf_mirred_init",
		"__complete show --btf vmlinux-6.12 tcp_v": "tcp_v4_rcv",
		"__complete dump js":                       "json",
		"completion bash":                          "__start_btf",
		"completion zsh":                           "#compdef btf",
		"completion fish":                          "fish completion for btf",
	} {
		var out strings.Builder
		if stderr, status := run(&out, words(line)...); status != 0 ||
			!strings.Contains(out.String(), want) {
			t.Errorf("%s: status %d, %q, no %s in\n%.300s", line, status, stderr, want, out.String())
		}
	}
}

// The version is the release's, if the linker was told.
func TestVersion(t *testing.T) {
	defer func(before string) { release = before }(release)
	release = "v1.2.3"
	var out strings.Builder
	if _, status := run(&out, "--version"); status != 0 || out.String() != "btf version v1.2.3\n" {
		t.Errorf("status %d, %s", status, &out)
	}
}
