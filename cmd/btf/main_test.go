package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/btfkit/btfkit/corpus"
)

var update = flag.Bool("update", false, "write the expected output anew")

// TestMain runs the program itself where a test asks for a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("BTF_TEST_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

// files are what a test finds in its working directory, by the names of blobs of the corpus. Those
// below sys are the running kernel and its modules.
var files = map[string]string{
	"sys/kernel/btf/vmlinux":    "deb-6.1-cloud-amd64/vmlinux",
	"sys/kernel/btf/act_mirred": "deb-6.1-cloud-amd64/act_mirred",
	"sys/kernel/btf/vhost_net":  "deb-6.1-cloud-amd64/vhost_net",
	"vmlinux":                   "deb-6.1-cloud-amd64/vmlinux",
	"act_mirred.ko":             "deb-6.1-cloud-amd64/act_mirred",
	"vmlinux-6.1":               "deb-6.1-cloud-amd64/vmlinux",
	"vmlinux-6.12":              "deb-6.12-cloud-amd64/vmlinux",
	"prog.btf":                  "fixtures/clang-prog-bpfel",
	"tour.btf":                  "fixtures/clang-tour-bpfeb",
}

// workspace makes a directory with the files and some that are damaged, and goes there.
func workspace(t *testing.T) {
	t.Helper()
	objects := map[string][]byte{}
	for _, name := range []string{"prog.bpf.o", "tool.bpf.o"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		objects[name] = data
	}
	t.Chdir(t.TempDir())
	for name, data := range objects {
		writeFile(t, name, data)
	}
	for name, blob := range files {
		writeFile(t, name, bytesOf(t, blob))
	}
	prog := bytesOf(t, "fixtures/clang-prog-bpfel")
	writeFile(t, "cut.btf", prog[:len(prog)-1])
	writeFile(t, "text", []byte("no BTF\n"))
	writeFile(t, "partly/vmlinux", bytesOf(t, "deb-6.1-cloud-amd64/vmlinux"))
	writeFile(t, "partly/broken", prog[:30])
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func bytesOf(t *testing.T, blob string) []byte {
	t.Helper()
	b, ok := corpus.Find(blob)
	if !ok {
		t.Fatalf("the corpus has no %s", blob)
	}
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// run runs the program in the working directory, which is the root of its system, too.
func run(w io.Writer, args ...string) (stderr string, status int) {
	var b strings.Builder
	a := &app{stdout: w, stderr: &b, root: ".", getenv: noEnvironment}
	status = a.run(args)
	return b.String(), status
}

func noEnvironment(string) (string, bool) { return "", false }

// transcript runs a command line and returns all that it says, as in the files of testdata.
func transcript(line string) string {
	var stdout strings.Builder
	stderr, status := run(&stdout, words(line)...)
	text := "$ btf " + line + "\n" + stdout.String()
	for l := range strings.Lines(stderr) {
		text += "! " + l
	}
	if status != 0 {
		text += fmt.Sprintf("= %d\n", status)
	}
	return text
}

// words splits a command line as a shell does that knows single quotes alone.
func words(line string) (words []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// TestTranscripts runs the commands in testdata/*.txt, each a line after "$ btf", and expects what
// is written below it: the output, lines of errors behind "! ", and behind "= " a status that is
// not 0.
func TestTranscripts(t *testing.T) {
	expected, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(expected) == 0 {
		t.Fatal("no transcripts", err)
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	workspace(t)
	for _, file := range expected {
		t.Run(filepath.Base(file), func(t *testing.T) {
			file := filepath.Join(home, file)
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for line := range strings.Lines(string(want)) {
				if command, ok := strings.CutPrefix(line, "$ btf "); ok {
					got.WriteString(transcript(strings.TrimSuffix(command, "\n")))
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			compare(t, got.String(), string(want))
		})
	}
}

func compare(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("line %d:\n%s\nwant\n%s", i+1, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Errorf("%d lines, want %d", len(g), len(w))
	}
}

// brokenPipe fails as a pipe does that nobody reads.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

// brokenDisk fails as a full disk does.
type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// Nobody wants to hear that head has seen enough; that a disk is full, they do.
func TestWriteErrors(t *testing.T) {
	workspace(t)
	for _, args := range [][]string{{"find", "--kind", "func"}, {"find", "--kind", "func", "--json"},
		{"show", "sk_buff"}, {"path", "sk_buff.len"}, {"dump"}, {"dump", "c", "--btf", "prog.btf"},
		{"dump", "json", "--btf", "prog.btf"}, {"list"}, {"diff", "prog.btf", "tour.btf"},
		{"verify", "prog.btf"}, {"check", "tool.bpf.o"}, {"extract", "vmlinux", "-o", "-"},
		{"min", "vmlinux", "tool.bpf.o", "-o", "-"}} {
		if stderr, status := run(brokenPipe{}, args...); stderr != "" || status != 0 {
			t.Errorf("%v: closed pipe: status %d, %q", args, status, stderr)
		}
		if stderr, status := run(brokenDisk{}, args...); stderr != "btf: disk full\n" || status != 1 {
			t.Errorf("%v: full disk: status %d, %q", args, status, stderr)
		}
	}
}

// program returns the program as a process of its own.
func program(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, args...)
	c.Env = append(os.Environ(), "BTF_TEST_PROGRAM=1")
	stderr := new(bytes.Buffer)
	c.Stderr = stderr
	return c, stderr
}

// The reader of a pipe goes away in the middle.
func TestClosedPipe(t *testing.T) {
	workspace(t)
	c, stderr := program(t, "dump", "--btf", "vmlinux")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 100)); err != nil {
		t.Error(err)
	}
	out.Close()
	c.Wait() // a signal, on Unix
	if stderr.Len() > 0 {
		t.Errorf("it says %q", stderr)
	}
}

// Ctrl-C ends it at once, whatever it waits for.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals to send")
	}
	workspace(t)
	c, stderr := program(t, "dump", "--btf", "vmlinux")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	io.ReadFull(out, make([]byte, 100)) // from here on it waits for us
	ended := make(chan error, 1)
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	go func() { ended <- c.Wait() }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		c.Process.Kill()
		t.Error("it goes on")
	}
	if stderr.Len() > 0 {
		t.Errorf("it says %q", stderr)
	}
}

// TestBpftool compares dump with bpftool, byte for byte, for the kernel and for a module.
func TestBpftool(t *testing.T) {
	bpftool, err := exec.LookPath("bpftool")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "bpftool") {
			t.Fatalf("%v, and BTFKIT_REQUIRE asks for it (apt-get install bpftool)", err)
		}
		t.Skipf("%v (apt-get install bpftool)", err)
	}
	workspace(t)
	for _, test := range []struct{ ours, theirs string }{
		{"dump --btf vmlinux", "btf dump file vmlinux"},
		{"dump json --btf vmlinux", "--json btf dump file vmlinux"},
		{"dump --json --pretty --btf vmlinux", "--pretty btf dump file vmlinux"},
		{"dump --module act_mirred", "--base-btf vmlinux btf dump file act_mirred.ko"},
		{"dump json --btf act_mirred.ko --base vmlinux",
			"--json --base-btf vmlinux btf dump file act_mirred.ko"},
	} {
		want, err := exec.Command(bpftool, strings.Fields(test.theirs)...).Output()
		if err != nil {
			t.Fatalf("bpftool %s: %v", test.theirs, err)
		}
		var got bytes.Buffer
		if stderr, status := run(&got, words(test.ours)...); status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s", test.ours, status, stderr)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: %d bytes differ from bpftool's %d", test.ours, got.Len(), len(want))
		}
	}
}

// The program needs neither the corpus, whose kernels would make it large, nor what makes manuals.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if deps := string(out); !strings.Contains(deps, "btfkit/elfx\n") ||
		strings.Contains(deps, "btfkit/corpus") || strings.Contains(deps, "cobra/doc") {
		t.Errorf("it links\n%s", deps)
	}
}
