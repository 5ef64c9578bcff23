package session_test

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/bench/session"
)

// pretend serves as our backends do, but writes another text instead of one. It returns the exit
// status.
func pretend(text, other string, args []string) int {
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- session.Serve(withToy(), args, os.Stdin, w, os.Stderr)
		w.Close()
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := r.Read(buf) // a whole answer: the server flushes each
		if err != nil {
			return <-status
		}
		os.Stdout.WriteString(strings.ReplaceAll(string(buf[:n]), text, other))
	}
}

// A subject cannot pass its figures off as those of another backend, row or source. The toy
// measures itself here and pretends to be the cache in one way after the other.
func TestRunRefusesOtherNames(t *testing.T) {
	ws, kernel, _ := prepare(t)
	for _, c := range []struct{ text, other, want string }{
		{"ready protocol=1 backend=toy", "ready protocol=1 backend=cache",
			`toy: says that it is the backend "cache"`},
		{"/backend=toy", "/backend=cache", "toy: run Open 1: the answer names " +
			"Open/backend=cache/source=vmlinux, asked was Open/backend=toy/source=vmlinux"},
		{"BenchmarkTypeByID/", "BenchmarkNameByID/", "toy: run TypeByID 1: the answer names " +
			"NameByID/backend=toy/source=vmlinux, asked was TypeByID/backend=toy/source=vmlinux"},
		{"BenchmarkMemory/stage=open", "BenchmarkMemory/stage=queries", "toy: memory open: the answer " +
			"names Memory/stage=queries/backend=toy/source=vmlinux, asked was Memory/stage=open/"},
		{"/source=vmlinux", "/source=other", "asked was Open/backend=toy/source=vmlinux"},
		{"\t1\t", "\t7\t", "toy: run Open 1: the answer is about 7 operations"},
		{"checksum IDsByName/hit", "checksum IDsByName/miss", "toy: run IDsByName/hit 1: checksum line"},
		{"checksum Open 1", "checksum Open 2", "toy: run Open 1: checksum line"},
	} {
		subjects := append(session.Ours(bench.Backends()[:1], program("serve")), session.Subject{
			Subject: results.Subject{Name: "toy", Peer: true},
			Program: append(program("pretend"), c.text, c.other),
		})
		run, err := session.Run(t.Context(), ws, session.Config{
			Sources: []*session.Source{kernel}, Subjects: subjects, Count: 1, Iterations: 1,
			Select: func(row string) bool {
				return strings.HasPrefix(c.text, "BenchmarkMemory") ||
					row != "OpenCold" && !strings.HasPrefix(row, "Memory")
			},
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q in it; results %v", c.other, c.text, err, c.want, run)
		}
	}
}

// Results are told apart by the names of subjects and sources, which must therefore differ.
func TestRunRefusesEqualNames(t *testing.T) {
	ws, kernel, _ := prepare(t)
	ours := slices.Clip(session.Ours(bench.Backends(), nil))
	twin := session.Subject{Subject: results.Subject{Name: "arena", Peer: true}}
	odd := session.Subject{Subject: results.Subject{Name: "cache/source=x", Peer: true}}
	for want, c := range map[string]session.Config{
		"more than one backend arena": {
			Sources: []*session.Source{kernel}, Subjects: append(ours, twin),
		},
		"more than one source vmlinux": {Sources: []*session.Source{kernel, kernel}, Subjects: ours},
		`backend "cache/source=x": cannot be part of the name`: {
			Sources: []*session.Source{kernel}, Subjects: append(ours, odd),
		},
	} {
		if _, err := session.Run(t.Context(), ws, c); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
