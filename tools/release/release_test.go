package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree is a workspace of three modules, a command at the end of the arrows.
var tree = map[string]string{
	"LICENSE":      "free\n",
	"CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- All of it.\n",
	"go.work":      "go 1.25.0\n\nuse (\n\t./cmd/tool\n\t./more\n\t./one\n)\n",
	"one/go.mod":   "module github.com/example/tree/one\n\ngo 1.25.0\n",
	"one/one.go":   "// Package one is one.\npackage one\n\nfunc One() int { return 1 }\n",
	"one/example_test.go": "package one_test\n\nimport (\n\t\"fmt\"\n\n" +
		"\t\"github.com/example/tree/one\"\n)\n\n" +
		"func Example() {\n\tfmt.Println(one.One())\n\t// Output: 1\n}\n",
	"more/go.mod": "module github.com/example/tree/more\n\ngo 1.25.0\n\n" +
		"require github.com/example/tree/one v0.0.0\n\n" +
		"replace github.com/example/tree/one => ../one\n",
	"more/more.go": "package more\n\nimport \"github.com/example/tree/one\"\n\n" +
		"func Two() int { return one.One() + one.One() }\n",
	"cmd/tool/go.mod": "module github.com/example/tree/cmd/tool\n\ngo 1.25.0\n\n" +
		"require github.com/example/tree/more v0.0.0\n\n" +
		"require github.com/example/tree/one v0.0.0 // indirect\n\n" +
		"replace (\n\tgithub.com/example/tree/more => ../../more\n" +
		"\tgithub.com/example/tree/one => ../../one\n)\n",
	"cmd/tool/main.go": "package main\n\nimport (\n\t\"fmt\"\n\t\"runtime/debug\"\n\n" +
		"\t\"github.com/example/tree/more\"\n)\n\nfunc main() {\n" +
		"\tinfo, _ := debug.ReadBuildInfo()\n\tfmt.Println(info.Main.Version, more.Two())\n}\n",
}

const program = "package main\n\nimport \"github.com/example/tree/more\"\n\n" +
	"func main() { println(more.Two()) }\n"

// TestMain keeps the go command from asking any proxy but the release's own.
func TestMain(m *testing.M) {
	os.Setenv("GOPROXY", "off")
	os.Setenv("GOWORK", "off")
	os.Exit(m.Run())
}

// newRelease commits the tree, with some files changed, for a release of v0.1.0.
func newRelease(t *testing.T, changed map[string]string) *release {
	t.Helper()
	root := t.TempDir()
	for name := range tree {
		text, ok := changed[name]
		if !ok {
			text = tree[name]
		}
		write(t, filepath.Join(root, name), text)
	}
	for name, text := range changed {
		write(t, filepath.Join(root, name), text)
	}
	git(t, root, "init", "-q", "-b", "main")
	git(t, root, "config", "user.name", "tester")
	git(t, root, "config", "user.email", "tester@example.com")
	git(t, root, "add", ".")
	git(t, root, "commit", "-q", "-m", "All of it")
	return &release{ctx: t.Context(), root: root, scratch: t.TempDir(), version: "v0.1.0",
		program: program, out: io.Discard}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestRelease(t *testing.T) {
	t.Parallel()
	r := newRelease(t, nil)
	var out strings.Builder
	r.out = &out
	if err := r.make(); err != nil {
		t.Fatal(err)
	}
	r.explain()
	push := " push --atomic " + r.root +
		" HEAD:main cmd/tool/v0.1.0 more/v0.1.0 one/v0.1.0\n"
	if !strings.Contains(out.String(), push) {
		t.Errorf("no command ending in %q in\n%s", push, out.String())
	}
	if tags := git(t, r.root, "tag"); tags != "" {
		t.Errorf("tags in the repository itself: %s", tags)
	}
	released := git(t, r.clone(), "show", "cmd/tool/v0.1.0:cmd/tool/go.mod")
	if strings.Contains(released, "replace") || strings.Contains(released, "v0.0.0") {
		t.Errorf("released go.mod:\n%s", released)
	}
	after := git(t, r.clone(), "show", "HEAD:cmd/tool/go.mod")
	if after != strings.TrimSpace(strings.ReplaceAll(tree["cmd/tool/go.mod"], "v0.0.0", "v0.1.0")) {
		t.Errorf("go.mod after the release:\n%s", after)
	}
	want := "CHANGELOG.md\ncmd/tool/go.mod\nmore/go.mod"
	if files := git(t, r.clone(), "diff", "--name-only", "HEAD~2"); files != want {
		t.Errorf("changed for good: %s", files)
	}
	checkPublished(t, r)
}

// checkPublished lets the go command take the tags out of the repository, as it does for users:
// sums must be those of the proxy of files, since go.sum has them already.
func checkPublished(t *testing.T, r *release) {
	t.Helper()
	git(t, r.clone(), "checkout", "-q", "cmd/tool/v0.1.0")
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = filepath.Join(r.clone(), "cmd", "tool")
	cmd.Env = append(os.Environ(), "GOPROXY=direct", "GONOSUMDB=github.com/example",
		"GOMODCACHE="+t.TempDir(), "GOFLAGS=-mod=readonly -modcacherw",
		"GIT_ALLOW_PROTOCOL=file", "GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=url."+fileURL(r.clone())+".insteadOf",
		"GIT_CONFIG_VALUE_0=https://github.com/example/tree")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), " 2\n") {
		t.Errorf("from the tags: %v: %s", err, out)
	}
}

func TestReleaseFails(t *testing.T) {
	hidden := strings.ReplaceAll(tree["more/go.mod"], "tree/one", "tree/hidden")
	for _, test := range []struct {
		about   string
		changed map[string]string
		prepare func(*release)
		want    string
	}{
		{"a sibling that is not in go.work", map[string]string{
			"more/go.mod":      strings.ReplaceAll(hidden, "../one", "../hidden"),
			"more/more.go":     "package more\n\nimport _ \"github.com/example/tree/hidden\"\n",
			"hidden/go.mod":    "module github.com/example/tree/hidden\n\ngo 1.25.0\n",
			"hidden/hidden.go": "package hidden\n",
		}, nil, "tree/hidden: "},
		{"a test that fails outside of the workspace", map[string]string{
			"one/one_test.go": "package one\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
				"func Test(t *testing.T) {\n\tif os.Getenv(\"GOWORK\") == \"off\" {\n" +
				"\t\tt.Fatal(\"alone\")\n\t}\n}\n",
		}, nil, "test every module without the workspace: module one: "},
		{"an example that reads what is not published", map[string]string{
			"one/example_test.go": "package one_test\n\nimport \"os\"\n\nfunc Example() {\n" +
				"\t_, err := os.Stat(\"../more\")\n\tprintln(err == nil)\n\tif err != nil {\n" +
				"\t\tpanic(err)\n\t}\n\t// Output:\n}\n",
		}, nil, "use it from outside: "},
		{"a program that does not compile", nil, func(r *release) {
			r.program = strings.Replace(program, "Two", "Three", 1)
		}, "undefined: more.Three"},
		{"a command that does not know its version", map[string]string{
			"cmd/tool/main.go": "package main\n\nimport _ \"github.com/example/tree/more\"\n\n" +
				"func main() { print(2) }\n",
		}, nil, "does not have v0.1.0"},
		{"nothing to tell", map[string]string{
			"CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n## v0.0.1 - 2026-01-01\n\n- This.\n",
		}, nil, "nothing under"},
		{"no version", nil, func(r *release) { r.version = "0.1" }, "no version such as"},
		{"an old version", nil, func(r *release) {
			git(t, r.root, "tag", "btf/v0.1.0")
		}, "v0.1.0 does not follow v0.1.0"},
		{"work in progress", nil, func(r *release) {
			write(t, filepath.Join(r.root, "one/one.go"), "package one\n")
		}, "not committed"},
		{"a circle", map[string]string{
			"one/go.mod": tree["one/go.mod"] + "\nrequire github.com/example/tree/more v0.0.0\n",
		}, nil, "circle"},
		{"a module elsewhere", map[string]string{
			"one/go.mod": "module example.com/one\n\ngo 1.25.0\n",
		}, nil, "a tag cannot name it"},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t, test.changed)
			if test.prepare != nil {
				test.prepare(r)
			}
			err := r.make()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant %q", err, test.want)
			}
		})
	}
}

// TestDryRun: a version follows the last, and what is not committed is left out.
func TestDryRun(t *testing.T) {
	t.Parallel()
	r := newRelease(t, nil)
	git(t, r.root, "tag", "btf/v0.9.1")
	git(t, r.root, "tag", "btf/v0.10.2")
	write(t, filepath.Join(r.root, "one/one.go"), "package one\n")
	r.version, r.dry = "", true
	if err := r.make(); err != nil {
		t.Fatal(err)
	}
	if tags := strings.Fields(git(t, r.clone(), "tag")); !slices.Contains(tags, "one/v0.11.0-dry") {
		t.Errorf("tags %q", tags)
	}
}
