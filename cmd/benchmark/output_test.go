package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// quickly are options for a run that takes no time.
func quickly(kernel string, more ...string) []string {
	return append([]string{"--base", kernel, "--count", "1", "-i", "1", "--full=false", "--rows",
		"^Open$"}, more...)
}

// An output path that cannot be written is refused before anything is measured.
func TestReportIsChecked(t *testing.T) {
	kernel, _, text := files(t)
	dir := t.TempDir()
	locked := filepath.Join(dir, "locked.html")
	if err := os.WriteFile(locked, []byte("mine"), 0o400); err != nil {
		t.Fatal(err)
	}
	paths := []string{dir, filepath.Join(dir, "gone", "x.html"), filepath.Join(text, "x.html")}
	if os.Getuid() != 0 && runtime.GOOS != "windows" {
		paths = append(paths, locked)
	}
	for _, path := range paths {
		// Measuring would take forever.
		status, stdout, stderr := benchmark(t, t.Context(), "--base", kernel, "--count", "1000000000",
			"--report", path)
		if status != 1 || stdout != "" || !strings.Contains(stderr, "--report: ") {
			t.Errorf("%s: status %d, stdout %q, stderr %q", path, status, stdout, stderr)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A link is written through, to a file that is there or not; the link stays.
func TestReportThroughLink(t *testing.T) {
	kernel, _, _ := files(t)
	for _, exists := range []bool{true, false} {
		dir := t.TempDir()
		target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
		if err := os.Symlink("target", link); err != nil {
			t.Skip(err)
		}
		if exists {
			if err := os.WriteFile(target, bytes.Repeat([]byte("old "), 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		status, _, stderr := benchmark(t, t.Context(), quickly(kernel, "--report", link)...)
		if st, err := os.Lstat(link); status != 0 || err != nil || st.Mode().Type() != os.ModeSymlink {
			t.Errorf("status %d, stderr %q, the link is %v, %v", status, stderr, st, err)
		}
		page, err := os.ReadFile(target)
		if err != nil || !bytes.HasPrefix(page, []byte("<!doctype html>")) ||
			!bytes.HasSuffix(page, []byte("</html>\n")) {
			t.Errorf("target of %d bytes, %v", len(page), err)
		}
	}
}

// A regular file is replaced whole, and keeps its permissions.
func TestReportReplaces(t *testing.T) {
	kernel, _, _ := files(t)
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := benchmark(t, t.Context(), quickly(kernel, "--report", path)...)
	st, err := os.Stat(path)
	if status != 0 || err != nil || st.Mode().Perm() != 0o600 && runtime.GOOS != "windows" ||
		st.Size() < 1000 {
		t.Errorf("status %d, stderr %q, file %v, %v", status, stderr, st, err)
	}
	broken := errors.New("broken")
	err = writeFile(path, func(out io.Writer) error { io.WriteString(out, "half"); return broken })
	after, statErr := os.Stat(path)
	if !errors.Is(err, broken) || statErr != nil || after.Size() != st.Size() {
		t.Errorf("%v: a page that fails is written by halves: %v, %v", err, after, statErr)
	}
}

// Results are printed whatever happens to the page.
func TestResultsWithoutPage(t *testing.T) {
	kernel, _, _ := files(t)
	full := "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("no /dev/full here")
	}
	for _, format := range []string{"table", "json", "bench"} {
		args := quickly(kernel, "--report", full, "--format", format)
		status, stdout, stderr := benchmark(t, t.Context(), args...)
		if status != 1 || !strings.Contains(stdout, "Open") || !strings.Contains(stderr, "--report: ") {
			t.Errorf("%s: status %d, stdout %q, stderr %q", format, status, stdout, stderr)
		}
		if st, err := os.Stat(full); err != nil || st.Mode()&os.ModeCharDevice == 0 {
			t.Fatalf("%s is no device any more: %v, %v", full, st, err)
		}
	}
}

// The progress line never wraps.
func TestProgressLine(t *testing.T) {
	const now = "vmlinux, calibrating IDsByRegex/pattern=^(tcp|udp)_.*_(send|recv) → ünd more of it"
	for _, columns := range []int{0, 1, 20, 80, 200} {
		line := []rune(progressLine(0.42, now, columns))
		if want := min(len([]rune(now))+len(" 42 % "), max(columns-1, 0)); len(line) != want {
			t.Errorf("%d columns: %d characters, want %d", columns, len(line), want)
		}
	}
	bar := &progress{out: new(bytes.Buffer), width: func() int { return 80 }}
	bar.show(0, "begin")
	bar.stop()
	time.Sleep(110 * time.Millisecond)
	bar.show(1, "end")
	if bar.used {
		t.Error("a line is shown after the end")
	}
}
