package differential

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	// Millions of short-lived small blobs: collecting less often halves the time.
	debug.SetGCPercent(800)
	debug.SetMemoryLimit(2 << 30) // but beyond, fresh memory costs more
	os.Exit(m.Run())
}
