package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
)

// The report of a run with peers shows every backend and every peer that is built.
func TestReportShowsPeers(t *testing.T) {
	peers, err := session.Peers(t.Context(), findPeers())
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "peers") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	kernel, _, _ := files(t)
	page := filepath.Join(t.TempDir(), "out.html")
	status, _, stderr := benchmark(t, t.Context(), "--base", kernel, "--backend", "all", "--peers",
		"--report", page, "--full=false", "--count", "1", "-i", "1")
	if status != 0 {
		t.Fatalf("status %d, stderr %q", status, stderr)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range bench.Backends() {
		names = append(names, b.Name())
	}
	for _, p := range peers {
		names = append(names, p.Name)
	}
	for _, name := range names {
		if !strings.Contains(string(html), `">`+name+`</span>`) {
			t.Errorf("the report does not show %s", name)
		}
	}
	renderedIn(t, page, names)
}

// renderedIn has a real browser lay out the page and looks for the names in what it made of it.
func renderedIn(t *testing.T, page string, names []string) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "chromium") {
			t.Fatal(err)
		}
		t.Log("not looked at in a browser: install chromium")
		return
	}
	for _, size := range []string{"400,900", "1400,900"} {
		out, err := exec.CommandContext(t.Context(), chromium, "--headless=new", "--no-sandbox",
			"--disable-gpu", "--user-data-dir="+t.TempDir(), "--window-size="+size, "--dump-dom",
			"file://"+page).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !strings.Contains(string(out), name) {
				t.Errorf("chromium %s: the page does not show %s", size, name)
			}
		}
	}
}
