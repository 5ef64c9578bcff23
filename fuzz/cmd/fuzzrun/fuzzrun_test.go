package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

func TestCounts(t *testing.T) {
	out := []byte("fuzz: elapsed: 3s, execs: 28209 (9402/sec), new interesting: 5 (total: 5)\n" +
		"fuzz: elapsed: 5s, execs: 74417 (22034/sec), new interesting: 8 (total: 9)\nPASS\n")
	if execs, interesting := counts(out); execs != 74417 || interesting != 8 {
		t.Errorf("%d executions, %d interesting", execs, interesting)
	}
	out = append([]byte("fuzz: elapsed: 0s, gathering baseline coverage: 0/1634 completed\n"), out...)
	if n := baseline(out); n != 1634 {
		t.Errorf("%d inputs to start from", n)
	}
	if n := baseline([]byte("PASS\n")); n != 0 {
		t.Errorf("%d inputs to start from", n)
	}
	if execs, _ := counts([]byte("PASS\n")); execs != 0 {
		t.Errorf("%d executions of none", execs)
	}
}

// TestSeeds holds every seed of the workspace to the size that the engine can work with.
func TestSeeds(t *testing.T) {
	root, err := gocmd.Workspace()
	if err != nil {
		t.Skip(err) // outside of the workspace there are no other modules to look at
	}
	targets, err := findTargets(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(selectTargets(targets, "FuzzParse")) != 1 {
		t.Errorf("no FuzzParse among %d targets", len(targets))
	}
	for _, target := range targets {
		if err := checkSeeds(target.seeds); err != nil {
			t.Errorf("%s: %v", target.name, err)
		}
	}
}

func TestCheckSeedsRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large")
	text := "go test fuzz v1\n[]byte(\"" + strings.Repeat(`\x00`, maxSeed) + "\")\nstring(\"x\")\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkSeeds([]string{path}); err == nil || !strings.Contains(err.Error(), "65537 bytes") {
		t.Errorf("a seed of 65,537 bytes: %v", err)
	}
}

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-time", "x"}, {"extra"}, {"-floor", "-1"}} {
		if err := run(context.Background(), &out, &out, args); !errors.Is(err, gocmd.ErrUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
