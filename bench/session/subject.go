package session

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/build"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/btf"
)

// A Subject is a backend, ours or a peer's, as one program offers it.
type Subject struct {
	results.Subject
	// Program starts it: a program and its first arguments. If it is nil, [Run] measures one of our
	// own backends in this process.
	Program []string

	backends []btf.Backend // to serve without a program
}

// Ours returns our backends as subjects. program is how this very program is started as [Serve];
// nil measures in this process.
func Ours(backends []btf.Backend, program []string) []Subject {
	var subjects []Subject
	for _, b := range backends {
		subjects = append(subjects, Subject{
			Subject: results.Subject{
				Name: b.Name(), Library: "btfkit " + build.Version(), About: bench.About(b),
			},
			Program: program, backends: backends,
		})
	}
	return subjects
}

// Peers asks every program in dir for its backends. If there is none, the error says how to build
// them.
func Peers(ctx context.Context, dir string) ([]Subject, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("peers: %w", err)
	}
	var subjects []Subject
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if st, err := os.Stat(path); err != nil || st.IsDir() {
			continue
		}
		found, err := backendsOf(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("peer %s: %w", path, err)
		}
		subjects = append(subjects, found...)
	}
	if len(subjects) == 0 {
		return nil, fmt.Errorf("peers: no programs in %s; build them with: make peers", dir)
	}
	sort.SliceStable(subjects, func(i, j int) bool { return subjects[i].Name < subjects[j].Name })
	return subjects, nil
}

func backendsOf(ctx context.Context, program string) ([]Subject, error) {
	out, err := exec.CommandContext(ctx, program, "--backends").Output()
	if err != nil {
		return nil, err
	}
	var subjects []Subject
	for line := range strings.Lines(string(out)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if len(fields) < 3 {
			return nil, fmt.Errorf("--backends: line %q", line)
		}
		subjects = append(subjects, Subject{
			Subject: results.Subject{
				Name: fields[0], Library: fields[1], About: fields[2], Peer: true,
			},
			Program: []string{program},
		})
	}
	return subjects, nil
}

// arguments returns what a subject is started with.
func (s Subject) arguments(src *Source, workload string) []string {
	args := []string{"--backend", s.Name, "--source", src.Path, "--workload", workload,
		"--source-name", src.Name}
	if src.base != nil {
		args = append(args, "--base", src.base.Path)
	}
	return args
}
