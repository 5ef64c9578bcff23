package differential

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	// Millions of short-lived small blobs: collecting less often halves the time.
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}
