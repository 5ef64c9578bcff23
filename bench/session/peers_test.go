package session_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/session"
	"golang.org/x/perf/benchfmt"
)

// builtPeers returns the peers that are built, or skips; it fails if BTFKIT_REQUIRE has "peers".
func builtPeers(t *testing.T) []session.Subject {
	t.Helper()
	peers, err := session.Peers(t.Context(), filepath.Join("..", "peers", "bin"))
	if err == nil {
		return peers
	}
	if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "peers") {
		t.Fatal(err)
	}
	t.Skip(err)
	return nil
}

// Peers answer the whole workload as we do, and are measured in the same rounds.
func TestRunWithPeers(t *testing.T) {
	peers := builtPeers(t)
	ws, _, module := prepare(t)
	subjects := append(session.Ours(withToy(), program("serve")), peers...)
	r, err := session.Run(t.Context(), ws, session.Config{
		Sources: []*session.Source{module}, Subjects: subjects,
		Count: 1, Iterations: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		if !slices.ContainsFunc(r.Samples, func(s *benchfmt.Result) bool {
			return strings.Contains(string(s.Name), "/backend="+p.Name+"/")
		}) {
			t.Errorf("no result of %s", p.Name)
		}
	}
}

func TestPeersErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := session.Peers(t.Context(), dir); err == nil ||
		!strings.Contains(err.Error(), "make peers") {
		t.Errorf("empty folder: error %v names no remedy", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Peers(t.Context(), dir); err == nil ||
		!strings.Contains(err.Error(), "make peers") {
		t.Errorf("a folder in it: error %v names no remedy", err)
	}
	write(t, filepath.Join(dir, "peer"), []byte("not a program"))
	if _, err := session.Peers(t.Context(), dir); err == nil ||
		!strings.Contains(err.Error(), filepath.Join(dir, "peer")) {
		t.Errorf("no program: error %v does not name it", err)
	}
}
