package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/corpus/internal/describe"
	"github.com/btfkit/btfkit/corpus/internal/manifest"
	"github.com/btfkit/btfkit/corpus/internal/packed"
)

// tree is the folder of the corpus module in a checkout: what the command reads and changes.
type tree struct {
	dir      string
	blobs    []corpus.Blob // what the manifest says
	packages []pinned
	specs    map[string]*btf.Spec // opened so far, by blob name
}

// pinned is a line of packages.txt.
type pinned struct {
	group, suite, arch, name, version, sum string
}

// openTree reads the manifest and the pinned packages in dir; "" means the folder corpus of the
// current one, or the current one itself.
func openTree(dir string) (*tree, error) {
	if dir == "" {
		dir = "corpus"
		if _, err := os.Stat(filepath.Join(dir, "manifest.json")); errors.Is(err, fs.ErrNotExist) {
			dir = "."
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return nil, fmt.Errorf("the corpus' folder (name it with -C): %w", err)
	}
	t := &tree{dir: dir, specs: make(map[string]*btf.Spec)}
	if t.blobs, err = manifest.Decode[corpus.Blob](text); err != nil {
		return nil, err
	}
	return t, t.readPackages()
}

func (t *tree) readPackages() error {
	text, err := os.ReadFile(filepath.Join(t.dir, "packages.txt"))
	if err != nil {
		return err
	}
	t.packages = nil
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) != 6 {
			return fmt.Errorf("packages.txt: %d fields in %q, not 6", len(f), strings.TrimSpace(line))
		}
		t.packages = append(t.packages, pinned{f[0], f[1], f[2], f[3], f[4], f[5]})
	}
	return nil
}

func (t *tree) find(name string) (corpus.Blob, bool) {
	i := slices.IndexFunc(t.blobs, func(b corpus.Blob) bool { return b.Name == name })
	if i < 0 {
		return corpus.Blob{}, false
	}
	return t.blobs[i], true
}

// committed reads the frame of b from the tree and unpacks it.
func (t *tree) committed(b corpus.Blob) (frame, raw []byte, err error) {
	frame, err = os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(manifest.DataPath(b.Name))))
	if err != nil {
		return nil, nil, err
	}
	raw, err = packed.Unpack(bytes.NewReader(frame), b.Size, b.SHA256)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	return frame, raw, nil
}

// spec opens the committed blob named name on top of its bases.
func (t *tree) spec(name string) (*btf.Spec, error) {
	if s, ok := t.specs[name]; ok {
		return s, nil
	}
	b, ok := t.find(name)
	if !ok {
		return nil, fmt.Errorf("%s: no such blob", name)
	}
	_, raw, err := t.committed(b)
	if err != nil {
		return nil, err
	}
	s, err := t.open(b, raw)
	if err != nil {
		return nil, err
	}
	t.specs[name] = s
	return s, nil
}

// open opens raw as the bytes of b.
func (t *tree) open(b corpus.Blob, raw []byte) (*btf.Spec, error) {
	var base *btf.Spec
	if b.BaseName != "" {
		var err error
		if base, err = t.spec(b.BaseName); err != nil {
			return nil, err
		}
	}
	s, err := cache.Parse(raw, base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	return s, nil
}

// describe completes b with everything that follows from raw, and returns its frame too.
func (t *tree) describe(b corpus.Blob, raw []byte) (corpus.Blob, []byte, error) {
	s, err := t.open(b, raw)
	if err != nil {
		return b, nil, err
	}
	frame, err := packed.Pack(raw)
	if err != nil {
		return b, nil, err
	}
	b.Size, b.SHA256 = len(raw), packed.Sum(raw)
	b.CompressedSize, b.CompressedSHA256 = len(frame), packed.Sum(frame)
	b.Facts = describe.Facts(s)
	return b, frame, nil
}

// put describes raw as b, and writes its frame and the manifest.
func (t *tree) put(b corpus.Blob, raw []byte) (corpus.Blob, error) {
	b, frame, err := t.describe(b, raw)
	if err != nil {
		return b, err
	}
	path := filepath.Join(t.dir, filepath.FromSlash(manifest.DataPath(b.Name)))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return b, err
	}
	if err := replace(path, frame); err != nil {
		return b, err
	}
	t.blobs = slices.DeleteFunc(t.blobs, func(old corpus.Blob) bool {
		return old.Name == b.Name
	})
	t.blobs = append(t.blobs, b)
	delete(t.specs, b.Name)
	slices.SortFunc(t.blobs, func(a, b corpus.Blob) int { return strings.Compare(a.Name, b.Name) })
	text, err := manifest.Encode(t.blobs)
	if err != nil {
		return b, err
	}
	return b, replace(filepath.Join(t.dir, "manifest.json"), text)
}

// replace writes a file in one step, so that an interrupted run leaves the old one.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".corpus-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
