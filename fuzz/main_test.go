package fuzz

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	// Millions of short-lived small blobs: collecting less often halves the time.
	debug.SetGCPercent(800)
	// The engine's workers keep some hundred bytes of each execution, and nine times that after
	// an hour is more than small machines have for each processor.
	debug.SetMemoryLimit(1 << 30)
	os.Exit(m.Run())
}
