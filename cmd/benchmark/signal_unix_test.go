//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start starts the program as a process of its own. temp is its folder for temporary files.
func start(t *testing.T, stdout io.Writer, args ...string) (cmd *exec.Cmd, temp string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	temp = t.TempDir()
	cmd = exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), "BTFKIT_BENCHMARK=1", "TMPDIR="+temp)
	cmd.Stdout = stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, temp
}

// checkEnd waits for the end of a process, and looks for what it left behind.
func checkEnd(t *testing.T, cmd *exec.Cmd, temp string) (status int) {
	t.Helper()
	err := cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(temp, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return cmd.ProcessState.ExitCode()
}

// Ctrl-C ends the program within a second in every phase: extracting, generating synthetic BTF,
// drawing workloads, checking answers, calibrating, taking samples. It leaves nothing behind.
func TestCtrlC(t *testing.T) {
	delays := []time.Duration{50, 300, 1000, 2500}
	if testing.Short() {
		delays = delays[1:2]
	}
	for _, delay := range delays {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			cmd, temp := start(t, nil, "--embedded", "--full", "--count", "1000000")
			time.Sleep(delay * time.Millisecond)
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			status := checkEnd(t, cmd, temp)
			// On an idle machine it takes 0.4 s at most. Here many tests run at once.
			if took := time.Since(began); status != 130 || took > 5*time.Second {
				t.Errorf("after %v ms: status %d, %v after the signal", int(delay), status, took)
			}
		})
	}
}

// A collector gathers what a process prints, and says when a text is there.
type collector struct {
	all  []byte
	text string
	seen chan struct{}
}

func (c *collector) Write(b []byte) (int, error) {
	c.all = append(c.all, b...)
	if c.seen != nil && strings.Contains(string(c.all), c.text) {
		close(c.seen)
		c.seen = nil
	}
	return len(b), nil
}

// What was measured by then is printed after Ctrl-C, in every format, and the page is written.
func TestCtrlCPrintsResults(t *testing.T) {
	kernel, _, _ := files(t)
	page := filepath.Join(t.TempDir(), "page.html")
	for format, want := range map[string]string{
		"table": "note: interrupted: these are the results so far", "json": `"row": "Open"`,
		"bench": "BenchmarkOpen/",
	} {
		var out bytes.Buffer
		cmd, temp := start(t, &out, "--base", kernel, "--rows", "^Open$", "--count", "1000000",
			"--report", page, "--full=false", "--format", format)
		time.Sleep(time.Second)
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if status := checkEnd(t, cmd, temp); status != 143 || !strings.Contains(out.String(), want) {
			t.Errorf("%s: status %d, no %q in %q", format, status, want, out.String())
		}
		if _, err := os.Stat(page); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		os.Remove(page)
	}
}

// A pipe that nobody reads any more ends the program, which then leaves nothing behind.
func TestClosedPipe(t *testing.T) {
	kernel, _, _ := files(t)
	for _, format := range []string{"bench", "table", "json"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd, temp := start(t, w, "--base", kernel, "--rows", "^Open$", "--count", "20",
			"-i", "1", "--format", format)
		w.Close()
		r.Close()
		if status := checkEnd(t, cmd, temp); status != 1 {
			t.Errorf("%s: status %d", format, status)
		}
	}
}

// A pipe given as --report is written through. One that nobody reads does not keep Ctrl-C from
// ending the program, nor the results from being printed.
func TestReportThroughPipe(t *testing.T) {
	kernel, _, _ := files(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	page := make(chan []byte, 1)
	go func() {
		data, err := os.ReadFile(pipe)
		if err != nil {
			t.Error(err)
		}
		page <- data
	}()
	status, _, stderr := benchmark(t, t.Context(), quickly(kernel, "--report", pipe)...)
	if data := <-page; status != 0 || !bytes.HasSuffix(data, []byte("</html>\n")) {
		t.Errorf("status %d, stderr %q, page of %d bytes", status, stderr, len(data))
	}
	if st, err := os.Lstat(pipe); err != nil || st.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("the pipe is %v, %v", st, err)
	}

	out := &collector{text: "Time per operation", seen: make(chan struct{})}
	seen := out.seen
	cmd, temp := start(t, out, quickly(kernel, "--report", pipe)...)
	<-seen
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if status := checkEnd(t, cmd, temp); status != 130 {
		t.Errorf("a pipe that nobody reads: status %d", status)
	}
}
