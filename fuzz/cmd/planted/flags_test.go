//go:build unix

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMarker runs a program with a bug that is reached by any argument and triggered by some.
func TestMarker(t *testing.T) {
	root := t.TempDir()
	patch := filepath.Join(root, "bug.patch")
	for path, text := range map[string]string{
		patch:                              "+++ b/p/main.go\n+	plantedBug(uint64(len(os.Args) - 1))\n",
		filepath.Join(root, "p", "go.mod"): "module p\n",
		filepath.Join(root, "p", "main.go"): "package main\n\nimport \"os\"\n\n" +
			"func main() { plantedBug(uint64(len(os.Args) - 1)) }\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOWORK", "off")
	copied := &tree{root}
	remove, err := copied.addMarker(bug{path: patch})
	if err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]string{"": "triggered never)", "more": "s)"} {
		ctx, stop := context.WithCancel(t.Context())
		w, done, err := copied.watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		command := append([]string{"p", "go", "run", "."}, strings.Fields(arg)...)
		out, start, _, err := copied.runCommand(t.Context(), command, time.Minute)
		stop()
		<-done
		if err != nil {
			t.Fatal(err, out)
		}
		got := w.since(start)
		if !strings.HasPrefix(got, " (reached ") || !strings.HasSuffix(got, want) {
			t.Errorf("argument %q:%s, not %s", arg, got, want)
		}
	}
	remove()
	if _, err := os.Stat(filepath.Join(root, "p", "planted_marker.go")); err == nil {
		t.Error("the marker stays")
	}
}

// TestEngines wants the command of the engine that is asked for, and tests by the go command.
func TestEngines(t *testing.T) {
	copied := &tree{t.TempDir()}
	for target, is := range map[string][2]string{
		"FuzzParse":    {"-fuzz", "fuzz/oss-fuzz/try.sh"},
		"raw.FuzzWalk": {"-fuzz", ""},
		"TestBombs":    {"^TestBombs$", ""},
	} {
		if isBuilt(target) != (is[1] != "") {
			t.Errorf("%s: built for libFuzzer: %v", target, isBuilt(target))
		}
		for i, engine := range []string{goEngine, libFuzzer} {
			cmd, remove, err := copied.command(target, config{engine: engine, limit: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			remove()
			if is[i] != "" && !slices.Contains(cmd, is[i]) {
				t.Errorf("%s by %s: %q", target, engine, cmd)
			}
		}
	}
}

// TestFound tells a failure that a bug causes from others, by each engine.
func TestFound(t *testing.T) {
	for out, want := range map[string]bool{
		"run: FuzzParse\n==7== ERROR: libFuzzer: deadly signal": true,
		"Failing input written to testdata":                     true,
		"./a.go:1:2: no [build failed]":                         false,
		"run: FuzzParse\nFuzzParse: 10 executions":              false,
	} {
		if found(out) != want {
			t.Errorf("%q: %v", out, !want)
		}
	}
}
