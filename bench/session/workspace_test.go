package session_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/corpus/kernel"
	"github.com/btfkit/btfkit/corpus/synth"
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

// A module that was built for another kernel is refused before anything is measured.
func TestFileOnWrongBase(t *testing.T) {
	ws, _, module := prepare(t)
	other := filepath.Join(t.TempDir(), "other")
	data, err := synth.Base(synth.Shape{Types: 5000})
	if err != nil {
		t.Fatal(err)
	}
	write(t, other, data)
	base, err := ws.File(t.Context(), other, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ws.File(t.Context(), module.Path, base)
	if err == nil || !strings.Contains(err.Error(), module.Path) ||
		!strings.Contains(err.Error(), other) {
		t.Errorf("a module on another kernel: error %v", err)
	}
}

// The kernel's file may be named where it lies in the folder, however that is spelled, and even if
// it is raw BTF in a tree: the modules are kept.
func TestDirWithBase(t *testing.T) {
	ws, kernel, module := prepare(t)
	copyTo := func(path string, src *session.Source) {
		data, err := os.ReadFile(src.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, data)
	}
	folder, tree := t.TempDir(), filepath.Join(t.TempDir(), "lib", "modules", "6.1.0")
	for path, src := range map[string]*session.Source{
		filepath.Join(folder, "vmlinux"): kernel, filepath.Join(folder, "mod"): module,
		filepath.Join(tree, "vmlinux"): kernel, filepath.Join(tree, "kernel", "mod.ko"): module,
	} {
		copyTo(path, src)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]bool{}
	for _, dir := range []string{folder, tree} {
		relative, err := filepath.Rel(here, dir)
		if err != nil {
			t.Skip(err) // on another drive
		}
		for _, base := range []string{"", filepath.Join(dir, "vmlinux"),
			filepath.Join(relative, "vmlinux"), dir + "/./vmlinux"} {
			s, note, err := ws.Dir(t.Context(), dir, base, nil)
			if err != nil || note != "" || s.Types != module.Types {
				t.Errorf("--dir %s --base %q: %+v, note %q, error %v", dir, base, s, note, err)
			}
			sums[s.SHA256] = true
		}
	}
	if len(sums) != 1 || sums[""] || sums[kernel.SHA256] {
		t.Errorf("checksums of the same kernel and module: %v", sums)
	}
}

// The note about what is left out counts modules and others apart, and tells each of a few.
func TestNoteOnModules(t *testing.T) {
	ws, kernel, _ := prepare(t)
	dir := t.TempDir()
	data, err := os.ReadFile(kernel.Path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "vmlinux"), data)
	for i := range 12 {
		write(t, filepath.Join(dir, fmt.Sprintf("broken%02d", i)), []byte("no BTF"))
	}
	_, note, err := ws.Dir(t.Context(), dir, "", nil)
	if err != nil || !strings.Contains(note, "12 modules cannot be read") ||
		!strings.Contains(note, "broken00") || !strings.Contains(note, "broken09") ||
		strings.Contains(note, "broken10") || !strings.HasSuffix(note, "and 2 more") {
		t.Errorf("note %q, error %v", note, err)
	}
}

// After Close no temporary file is made, not even by work that was left behind.
func TestClosedWorkspace(t *testing.T) {
	ws := new(session.Workspace)
	if err := ws.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ws.Embedded(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a closed workspace makes files: %v", err)
	}
}
