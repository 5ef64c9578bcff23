package session

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus/kernel"
	"github.com/btfkit/btfkit/elfx"
)

// RunningKernel is where Linux offers the BTF of the kernel that runs.
const RunningKernel = "/sys/kernel/btf/vmlinux"

// A Source is raw BTF in a file, ready for every subject.
type Source struct {
	// Name is what results call the source: the last element of the file's name.
	Name string
	// Origin is the file as it was given, or words about the embedded kernel.
	Origin string
	// Format names the containers that the BTF was taken out of; "raw" if there was none.
	Format string
	// Path is the file of raw BTF: the origin itself, or a temporary file.
	Path string
	// Base is what the BTF is split from, or nil.
	Base *Source
	// Size is the number of bytes of the raw BTF, SHA256 their checksum in hexadecimal.
	Size   int64
	SHA256 string
	// Types is the number of types, bases and void included.
	Types int
	// Growth marks synthetic BTF, measured by few rows on our own backends to show how cost
	// grows with size.
	Growth bool
	// Set marks a kernel with its modules: Path is a folder of raw BTF.
	Set bool
}

// A Workspace prepares sources and holds the temporary files that they need.
type Workspace struct {
	dir   string
	count int
}

// Close removes the temporary files.
func (w *Workspace) Close() error {
	if w.dir == "" {
		return nil
	}
	return os.RemoveAll(w.dir)
}

// path invents the path of a new temporary file.
func (w *Workspace) path(name string) (string, error) {
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

// write stores data in a new temporary file. It waits until they are on the disk: pages that are
// still to be written count as Private_Dirty for the one process that maps them.
func (w *Workspace) write(name string, data []byte) (string, error) {
	path, err := w.path(name)
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

// folder makes a new temporary folder.
func (w *Workspace) folder(name string) (string, error) {
	path, err := w.path(name)
	if err != nil {
		return "", err
	}
	return path, os.Mkdir(path, 0o700)
}

// writeWorkload stores a workload in a new temporary file.
func (w *Workspace) writeWorkload(workload *bench.Workload) (string, error) {
	var b bytes.Buffer
	if _, err := workload.WriteTo(&b); err != nil {
		return "", err
	}
	return w.write("workload.txt", b.Bytes())
}

// Kernel prepares the default source: the running kernel's BTF or, where there is none, the
// embedded kernel's; note then says why.
func (w *Workspace) Kernel(ctx context.Context) (s *Source, note string, err error) {
	s, err = w.File(ctx, RunningKernel, nil)
	if err == nil {
		return s, "", nil
	}
	reason := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		reason = RunningKernel + " does not exist here"
	}
	if s, err = w.Embedded(); err != nil {
		return nil, "", err
	}
	return s, reason + ": measuring the " + s.Origin, nil
}

// Embedded prepares the kernel that is built in. It becomes a temporary file, as some backends
// map files.
func (w *Workspace) Embedded() (*Source, error) {
	version, _, _ := strings.Cut(kernel.Version, "-")
	s := &Source{
		Name:   "vmlinux-" + version + "-" + kernel.Arch,
		Origin: fmt.Sprintf("embedded kernel (Debian %s %s)", kernel.Version, kernel.Arch),
		Format: "raw",
	}
	data, err := kernel.Bytes()
	if err != nil {
		return nil, err
	}
	return s, w.store(s, data)
}

// File prepares a source from anything that holds BTF: a raw blob, an ELF file, a compressed
// module, a kernel image. Split BTF needs its base. A module with a distilled base is relocated
// onto its base, or stands on the distilled one if there is no other.
func (w *Workspace) File(ctx context.Context, path string, base *Source) (*Source, error) {
	found, err := elfx.ExtractFile(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	s := &Source{Name: resultName(path), Origin: path, Format: found.Format, Base: base}
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
		if s.Path, err = w.write(s.Name, data); err != nil {
			return err
		}
	}
	spec, err := s.Open()
	if err != nil {
		return err
	}
	_, end := spec.IDs()
	s.Types = int(end)
	return spec.Close()
}

// rebase puts a module that brings a distilled base on what it will be measured on.
func (w *Workspace) rebase(ctx context.Context, s *Source, found *elfx.Data) ([]byte, error) {
	if s.Base == nil {
		s.Base = &Source{Name: s.Name + ".BTF.base", Origin: s.Origin, Format: found.Format}
		return found.BTF, w.store(s.Base, found.Base)
	}
	spec, err := s.Base.Open()
	if err != nil {
		return nil, err
	}
	defer spec.Close()
	return elfx.Relocate(ctx, found.BTF, found.Base, spec)
}

// Open opens a source for the driver's own use.
func (s *Source) Open() (*btf.Spec, error) {
	b, err := bench.Select("default")
	if err != nil {
		return nil, err
	}
	var base *btf.Spec
	if s.Base != nil {
		if base, err = s.Base.Open(); err != nil {
			return nil, err
		}
		defer base.Close()
	}
	return b[0].Open(s.Path, base)
}

// resultName makes the last element of a path fit for a benchmark's name.
func resultName(path string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == '/' || r == '=' {
			return '_'
		}
		return r
	}, filepath.Base(path))
}
