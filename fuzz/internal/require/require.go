// Package require finds the programs that some tests ask.
package require

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Asked reports whether BTFKIT_REQUIRE lists a name: what is missing is a failure then,
// and the slow comparisons are made whole.
func Asked(name string) bool {
	return slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), name)
}

// Tool finds a program by its name or path, or skips the test; it fails where the last part of the
// path is Asked for. The remedy says how to get the program.
func Tool(t testing.TB, path, remedy string) string {
	t.Helper()
	found, err := exec.LookPath(path)
	switch {
	case err == nil:
	case Asked(filepath.Base(path)):
		t.Fatalf("%v, and BTFKIT_REQUIRE asks for it (%s)", err, remedy)
	default:
		t.Skipf("%v (%s)", err, remedy)
	}
	return found
}
