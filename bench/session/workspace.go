package session

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus/kernel"
	"github.com/btfkit/btfkit/corpus/synth"
	"github.com/btfkit/btfkit/elfx"
)

// A Workspace prepares sources and holds the temporary files that they need.
type Workspace struct {
	mu     sync.Mutex
	dir    string
	count  int
	closed bool
}

// Close removes the temporary files. After it, nothing makes new ones: not even work that was left
// behind when its context ended.
func (w *Workspace) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.dir == "" {
		return nil
	}
	err := os.RemoveAll(w.dir)
	for range 3 { // a file that was being made
		if err == nil {
			break
		}
		err = os.RemoveAll(w.dir)
	}
	return err
}

// newPath returns the path of a temporary file that does not exist yet.
func (w *Workspace) newPath(name string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return "", fmt.Errorf("temporary directory: %w", fs.ErrClosed)
	}
	if w.dir == "" {
		dir, err := os.MkdirTemp("", "btfkit-benchmark-")
		if err != nil {
			return "", fmt.Errorf("temporary directory: %w", err)
		}
		w.dir = dir
	}
	w.count++
	return filepath.Join(w.dir, fmt.Sprintf("%d-%s", w.count, name)), nil
}

// writeFile stores data in a new temporary file. It waits until they are on the disk: pages that
// are still to be written count as Private_Dirty for a process that alone maps them.
func (w *Workspace) writeFile(name string, data []byte) (string, error) {
	path, err := w.newPath(name)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return path, errors.Join(err, f.Sync(), f.Close())
}

// makeFolder makes a new temporary folder.
func (w *Workspace) makeFolder(name string) (string, error) {
	path, err := w.newPath(name)
	if err != nil {
		return "", err
	}
	return path, os.Mkdir(path, 0o700)
}

// writeWorkload stores a workload in a new temporary file.
func (w *Workspace) writeWorkload(asked *workload.Workload) (string, error) {
	var b bytes.Buffer
	if _, err := asked.WriteTo(&b); err != nil {
		return "", err
	}
	return w.writeFile("workload.txt", b.Bytes())
}

// Kernel prepares the default source: the BTF of the running kernel. Where there is none, it is the
// embedded kernel's, and note says why.
func (w *Workspace) Kernel(ctx context.Context) (s *Source, note string, err error) {
	const running = "/sys/kernel/btf/vmlinux"
	s, err = w.File(ctx, running, nil)
	if err == nil {
		return s, "", nil
	}
	reason := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		reason = running + " does not exist here"
	}
	if s, err = w.Embedded(); err != nil {
		return nil, "", err
	}
	return s, reason + ": measuring the " + s.Origin, nil
}

// Embedded prepares the kernel that is built in. It writes a temporary file, since some backends
// map files.
func (w *Workspace) Embedded() (*Source, error) {
	version, _, _ := strings.Cut(kernel.Version, "-")
	s := &Source{Source: results.Source{
		Name:   "vmlinux-" + version + "-" + kernel.Arch,
		Origin: fmt.Sprintf("embedded kernel (Debian %s %s)", kernel.Version, kernel.Arch),
		Format: "raw",
	}}
	data, err := kernel.Bytes()
	if err != nil {
		return nil, err
	}
	return s, w.store(s, data)
}

// File prepares a source from anything that holds BTF: a raw blob, an ELF file, a compressed
// module, a kernel image. Split BTF needs its base. File relocates a module that has a distilled
// base onto the base; without a base it splits the module from the distilled one.
func (w *Workspace) File(ctx context.Context, path string, base *Source) (*Source, error) {
	found, err := elfx.ExtractFile(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	s := &Source{Source: results.Source{
		Name: resultName(path), Origin: path, Format: found.Format,
	}}
	s.splitFrom(base)
	if found.Format == "raw" {
		s.Path = path
	}
	data := found.BTF
	if found.Base != nil {
		if data, err = w.rebase(ctx, s, found); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return s, w.store(s, data)
}

// store completes s, and writes its BTF to a temporary file unless it has one already.
func (w *Workspace) store(s *Source, data []byte) (err error) {
	sum := sha256.Sum256(data)
	s.Size, s.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
	if s.Path == "" {
		if s.Path, err = w.writeFile(s.Name, data); err != nil {
			return err
		}
	}
	spec, err := s.open()
	if err != nil {
		return err
	}
	_, end := spec.IDs()
	s.Types = int(end)
	if s.base != nil {
		err = spec.CheckBase()
	}
	if err != nil {
		err = fmt.Errorf("%s on %s: %w", s.Origin, s.base.Origin, err)
	}
	return errors.Join(err, spec.Close())
}

// rebase returns the BTF of a module that has a distilled base. It relocates the BTF onto the base
// of s; if that has none, the distilled base becomes it.
func (w *Workspace) rebase(ctx context.Context, s *Source, found *elfx.Data) ([]byte, error) {
	if s.base == nil {
		s.splitFrom(&Source{Source: results.Source{
			Name: s.Name + ".BTF.base", Origin: s.Origin, Format: found.Format,
		}})
		return found.BTF, w.store(s.base, found.Base)
	}
	spec, err := s.base.open()
	if err != nil {
		return nil, err
	}
	defer spec.Close()
	return elfx.Relocate(ctx, found.BTF, found.Base, spec)
}

// Dir prepares a kernel with all its modules: a folder of raw BTF, or a tree such as
// /lib/modules/RELEASE. Of a tree it extracts the BTF first, so that a benchmark measures backends
// and not decompressors. base is the kernel's file, in the folder or elsewhere; empty means
// vmlinux, or what the tree holds. Dir leaves out modules that it cannot open; note says so.
// progress may be nil.
func (w *Workspace) Dir(ctx context.Context, dir, base string, progress func(float64, string)) (
	s *Source, note string, err error) {
	s = &Source{
		Source: results.Source{Name: resultName(dir), Origin: dir, Format: "raw"},
		Path:   dir, collection: true,
	}
	if base == "" || isIn(base, dir) {
		s.base = &Source{Path: filepath.Join(dir, "vmlinux")}
		if base != "" {
			s.base.Path = filepath.Join(dir, filepath.Base(base))
		}
		if isRaw(s.base.Path) && !isTree(dir, s.base.Path) {
			note, err = w.describe(s)
			return s, note, err
		}
	}
	note, err = w.extract(ctx, s, base, progress)
	if err != nil {
		return nil, "", err
	}
	_, err = w.describe(s)
	return s, note, err
}

// isIn reports whether a file lies in a folder itself, however their paths are spelled.
func isIn(file, dir string) bool {
	parent, err := os.Stat(filepath.Dir(file))
	if err != nil {
		return false
	}
	folder, err := os.Stat(dir)
	return err == nil && os.SameFile(parent, folder)
}

// isTree reports whether a folder with a kernel's raw BTF has its modules below, in folders, and
// none beside the kernel.
func isTree(dir, kernel string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	folders := false
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		st, err := os.Stat(path)
		if err != nil {
			continue
		}
		folders = folders || st.IsDir()
		if st.Mode().IsRegular() && path != kernel && isRaw(path) {
			return false
		}
	}
	return folders
}

// isRaw reports whether a file begins like raw BTF.
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

// extract makes s a temporary folder with the raw BTF of its tree.
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
	if s.Path, err = w.makeFolder(s.Name); err != nil {
		return "", err
	}
	for name, spec := range c.Specs() {
		path := filepath.Join(s.Path, name)
		if err := os.WriteFile(path, blobs[store.SectionOf(spec)], 0o600); err != nil {
			return "", err
		}
	}
	s.Format, s.base = "extracted", &Source{Path: filepath.Join(s.Path, "vmlinux")}
	return leftOut(s.Origin, c.Problems()), nil
}

// leftOut is the note about what a kernel's modules lack; "" if nothing.
func leftOut(origin string, problems []modules.Problem) string {
	const most = 10 // that are told in full
	if len(problems) == 0 {
		return ""
	}
	named, others := 0, 0
	var texts []string
	for _, p := range problems {
		if p.Module != "" {
			named++
		} else {
			others++
		}
		if len(texts) < most {
			texts = append(texts, fmt.Sprintf("%.300v", p.Err))
		}
	}
	if more := len(problems) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	var counts []string
	for _, c := range []struct {
		n    int
		what string
	}{{named, "modules"}, {others, "files or folders"}} {
		if c.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return fmt.Sprintf("%s: %s cannot be read and are left out: %s", origin,
		strings.Join(counts, " and "), strings.Join(texts, "; "))
}

// describe fills in the sums of a folder. note says what is left out.
func (w *Workspace) describe(s *Source) (note string, err error) {
	c, err := s.openCollection()
	if err != nil {
		return "", err
	}
	defer c.Close()
	names := slices.Collect(c.Names())
	s.Base = filepath.Base(s.base.Path)
	sum := sha256.New()
	for _, name := range append([]string{s.Base}, names...) {
		data, err := os.ReadFile(filepath.Join(s.Path, name))
		if err != nil {
			return "", err
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
	return leftOut(s.Origin, c.Problems()), nil
}

// Growth prepares synthetic BTF of these numbers of types, mixed as in a kernel.
func (w *Workspace) Growth(sizes ...int) ([]*Source, error) {
	var sources []*Source
	for _, types := range sizes {
		s, err := w.synthetic(types)
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// synthetic prepares BTF of that many types.
func (w *Workspace) synthetic(types int) (*Source, error) {
	data, err := synth.Base(synth.Shape{Types: types})
	if err != nil {
		return nil, fmt.Errorf("synthetic BTF: %w", err)
	}
	s := &Source{Source: results.Source{
		Name: fmt.Sprintf("synthetic-%d", types), Origin: "synthetic BTF", Format: "raw", Growth: true,
	}}
	return s, w.store(s, data)
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
