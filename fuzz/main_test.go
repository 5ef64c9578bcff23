package fuzz

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	// Millions of short-lived small blobs: collecting less often halves the time.
	debug.SetGCPercent(800)
	// The engine's workers keep some hundred bytes of each execution, and nine times that after
	// an hour is more than small machines have for each processor.
	debug.SetMemoryLimit(1 << 30)
	flag.Parse()
	limitMinimizing()
	if flag.Lookup("test.fuzzworker").Value.String() == "true" {
		// There is a worker for each processor. With more than one, a worker's pools would not give
		// back what was put there last; see warmPools.
		runtime.GOMAXPROCS(1)
	}
	os.Exit(m.Run())
}

// limitMinimizing lets the engine try ten shorter forms of an input that is new to it, unless the
// user asks for something else. By default it tries for a minute, on all processors, and in vain:
// it cuts bytes out, in every way, and a header states the length of all that follows.
func limitMinimizing() {
	const name = "test.fuzzminimizetime"
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == name })
	if !asked {
		flag.Set(name, "10x") // cannot fail: the go command passes the same
	}
}
