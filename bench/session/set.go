package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/elfx"
)

// Dir prepares a kernel with all its modules: a folder of raw BTF, measured as it is, or a tree
// such as /lib/modules/RELEASE, whose BTF is extracted first, so that backends are measured and not
// decompressors. base is the kernel's file, in the folder or elsewhere; empty means vmlinux, or
// what the tree holds. Modules that cannot be opened are left out; note says so. progress may be
// nil.
func (w *Workspace) Dir(ctx context.Context, dir, base string, progress func(float64, string)) (
	s *Source, note string, err error) {
	s = &Source{Name: resultName(dir), Origin: dir, Format: "raw", Path: dir, Set: true}
	if base == "" || filepath.Dir(base) == filepath.Clean(dir) {
		s.Base = &Source{Path: filepath.Join(dir, "vmlinux")}
		if base != "" {
			s.Base.Path = base
		}
		if isRaw(s.Base.Path) {
			return s, "", w.describe(s)
		}
	}
	note, err = w.extract(ctx, s, base, progress)
	if err != nil {
		return nil, "", err
	}
	return s, note, w.describe(s)
}

// isRaw reports whether a file begins like BTF.
func isRaw(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [2]byte
	_, err = io.ReadFull(f, magic[:])
	return err == nil && (magic == [2]byte{0x9f, 0xeb} || magic == [2]byte{0xeb, 0x9f})
}

// extract makes s a temporary folder of the raw BTF in its tree.
func (w *Workspace) extract(ctx context.Context, s *Source, base string,
	progress func(float64, string)) (note string, err error) {
	var mu sync.Mutex
	blobs := make(map[store.Section][]byte)
	defaults, err := bench.Select("default")
	if err != nil {
		return "", err
	}
	keep := func(spec *btf.Spec, data []byte) {
		mu.Lock()
		blobs[store.SectionOf(spec)] = data
		mu.Unlock()
	}
	options := elfx.CollectionOptions{Kernel: keeper{defaults[0], keep}}
	c, err := elfx.Tree(ctx, s.Origin, base, options)
	if err != nil {
		return "", err
	}
	defer c.Close()
	report := func(done, total int) {
		if progress != nil {
			progress(float64(done)/float64(total), "extracting BTF of modules")
		}
	}
	if err := c.OpenAll(ctx, runtime.GOMAXPROCS(0), report); err != nil {
		return "", err
	}
	if s.Path, err = w.folder(s.Name); err != nil {
		return "", err
	}
	for name, spec := range c.Specs() {
		path := filepath.Join(s.Path, name)
		if err := os.WriteFile(path, blobs[store.SectionOf(spec)], 0o600); err != nil {
			return "", err
		}
	}
	s.Format, s.Base = "extracted", &Source{Path: filepath.Join(s.Path, "vmlinux")}
	if problems := c.Problems(); len(problems) > 0 {
		note = fmt.Sprintf("%s: %d modules cannot be opened and are left out, the first: %v", s.Origin,
			len(problems), problems[0].Err)
	}
	return note, nil
}

// A keeper is a backend that hands on what it parses.
type keeper struct {
	btf.Backend
	keep func(*btf.Spec, []byte)
}

func (k keeper) Parse(data []byte, base *btf.Spec) (*btf.Spec, error) {
	spec, err := k.Backend.Parse(data, base)
	if err == nil {
		k.keep(spec, data)
	}
	return spec, err
}

func (k keeper) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	data, err := store.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return k.Parse([]byte(data), base)
}

// describe fills in the sums of a folder.
func (w *Workspace) describe(s *Source) error {
	c, err := s.Collection()
	if err != nil {
		return err
	}
	defer c.Close()
	names := slices.Collect(c.Names())
	s.Base.Name = filepath.Base(s.Base.Path)
	sum := sha256.New()
	for _, name := range append([]string{s.Base.Name}, names...) {
		data, err := os.ReadFile(filepath.Join(s.Path, name))
		if err != nil {
			return err
		}
		s.Size += int64(len(data))
		sum.Write(data)
	}
	s.SHA256 = hex.EncodeToString(sum.Sum(nil))
	for _, spec := range c.Specs() {
		first, end := spec.IDs()
		s.Types += int(end - first)
	}
	s.Format += fmt.Sprintf(", %d modules", c.Len())
	return nil
}

// Collection opens a source made by Dir for the driver's own use.
func (s *Source) Collection() (*modules.Collection, error) {
	b, err := bench.Select("default")
	if err != nil {
		return nil, err
	}
	options := elfx.CollectionOptions{Kernel: b[0]}
	return elfx.Dir(context.Background(), s.Path, filepath.Base(s.Base.Path), options)
}
