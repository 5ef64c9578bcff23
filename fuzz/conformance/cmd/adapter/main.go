// Adapter runs one of the implementations in Go on a case of the conformance suite:
//
//	adapter -with cache case.btf [base.btf] <queries.json >answers.json
//
// It exits 0 if the implementation accepts the case, 1 if it refuses it, and 77 if it has no
// opinion.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

var implementations = map[string]suite.Open{
	"cache":  suite.OfBackend(cache.Backend{}),
	"mmap":   suite.OfBackend(mmap.Backend{}),
	"arena":  suite.OfBackend(arena.Backend{}),
	"naive":  suite.Naive,
	"cilium": openCilium,
	"kernel": openKernel,
}

// The exit statuses for a case that is refused, for a wrong call, and for a case that the
// implementation is not asked about.
const (
	refused  = 1
	misused  = 64
	notAsked = 77
)

func main() {
	with := flag.String("with", "cache", "arena, cache, cilium, kernel, mmap or naive")
	version := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *version {
		fmt.Println(versionOf(*with))
		return
	}
	open := implementations[*with]
	if open == nil || flag.NArg() < 1 || flag.NArg() > 2 {
		flag.Usage()
		os.Exit(misused)
	}
	if err := run(open, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(misused)
	}
}

// run reads the files and the queries, and answers. It ends the program if the case is refused.
func run(open suite.Open, paths []string) error {
	var files [2][]byte
	for i, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files[i] = data
	}
	var queries []suite.Query
	if err := json.NewDecoder(os.Stdin).Decode(&queries); err != nil {
		return fmt.Errorf("queries: %w", err)
	}
	r, err := open(files[0], files[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, errNotAsked) {
			os.Exit(notAsked)
		}
		os.Exit(refused)
	}
	return json.NewEncoder(os.Stdout).Encode(suite.Answers(r, queries))
}

// versionOf returns the version of cilium/ebpf, of the running kernel, or of this tree.
func versionOf(with string) string {
	if with == "kernel" {
		return kernelVersion()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if with == "cilium" {
		i := slices.IndexFunc(info.Deps, func(m *debug.Module) bool {
			return strings.HasSuffix(m.Path, "cilium/ebpf")
		})
		if i >= 0 {
			return "cilium/ebpf " + info.Deps[i].Version
		}
	}
	return "btfkit, this tree, " + info.GoVersion
}
