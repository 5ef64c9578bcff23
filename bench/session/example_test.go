package session_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
)

// A run measures our backends side by side. A program that can start itself as Serve would name
// itself instead of nil.
func ExampleRun() {
	ws := new(session.Workspace)
	defer ws.Close()
	source, err := ws.Embedded()
	if err != nil {
		log.Fatal(err)
	}
	run, err := session.Run(context.Background(), ws, session.Config{
		Sources:    []*session.Source{source},
		Subjects:   session.Ours(bench.Backends(), nil),
		Queries:    session.Queries{Names: []string{"sk_buff"}},
		Select:     func(row string) bool { return row == "IDsByName/hit" },
		Iterations: 100,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, sample := range run.Samples {
		fmt.Println(string(sample.Name.Base()), sample.Iters)
	}
	// Output:
	// IDsByName 100
	// IDsByName 100
	// IDsByName 100
}

// A server says what is wrong with its arguments.
func ExampleServe() {
	args := []string{"--backend"}
	status := session.Serve(bench.Backends(), args, os.Stdin, os.Stdout, os.Stdout)
	fmt.Println("status", status)
	// Output:
	// flag needs an argument: -backend
	// status 2
}
