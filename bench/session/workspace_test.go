package session_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/corpus/kernel"
)

func TestEmbedded(t *testing.T) {
	ws := new(session.Workspace)
	s, err := ws.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if s.SHA256 != kernel.SHA256 || s.Size != kernel.Size || s.Types < 100_000 {
		t.Errorf("source %+v", s)
	}
	if st, err := os.Stat(s.Path); err != nil || st.Size() != kernel.Size {
		t.Errorf("%s: %v", s.Path, err)
	}
	dir := filepath.Dir(s.Path)
	if err := ws.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func TestFileErrors(t *testing.T) {
	ws, kernel, module := prepare(t)
	text := filepath.Join(t.TempDir(), "text")
	write(t, text, []byte("no BTF at all"))
	for _, c := range []struct {
		path string
		base *session.Source
		want string
	}{
		{text, nil, text},
		{filepath.Join(t.TempDir(), "gone"), nil, "gone"},
		{module.Path, nil, module.Path},
	} {
		if _, err := ws.File(t.Context(), c.path, c.base); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", c.path, err)
		}
	}
	if _, _, err := ws.Dir(t.Context(), kernel.Path, "", nil); err == nil ||
		!strings.Contains(err.Error(), "not a directory") {
		t.Errorf("a file as a directory: %v", err)
	}
}

func TestGrowth(t *testing.T) {
	ws, _, _ := prepare(t)
	sizes := []int{1000, 5000}
	sources, err := ws.Growth(sizes...)
	if err != nil || len(sources) != len(sizes) {
		t.Fatalf("%d sources, %v", len(sources), err)
	}
	for i, s := range sources {
		if s.Types < sizes[i]*9/10 || s.Types > sizes[i]*11/10 || !s.Growth {
			t.Errorf("source %+v", s)
		}
	}
}
