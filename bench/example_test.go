package bench_test

import (
	"fmt"
	"os"

	"github.com/btfkit/btfkit/bench"
)

// A server of the protocol says which backends it measures.
func ExampleServe() {
	args := []string{"--backend"}
	status := bench.Serve(bench.Backends(), args, os.Stdin, os.Stdout, os.Stdout)
	fmt.Println("status", status)
	// Output:
	// flag needs an argument: -backend
	// status 2
}

// Rows are what a workload allows.
func ExampleRows() {
	w := &bench.Workload{Hits: []string{"sk_buff"}, Patterns: bench.Patterns([]string{"^tcp_"})}
	for _, row := range bench.Rows(w, false, false, 1) {
		fmt.Println(row)
	}
	// Output:
	// Open
	// OpenFirstName
	// IDsByName/hit
	// TypesByName/hit
	// IDsByRegex/pattern=^tcp_
	// TypesByRegex/pattern=^tcp_
	// Iterate
	// StructWalk
}
