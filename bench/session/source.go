package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/btfkit/btfkit/corpus/kernel"
	"github.com/btfkit/btfkit/elfx"
)

// RunningKernel is where Linux offers the BTF of the kernel that runs.
const RunningKernel = "/sys/kernel/btf/vmlinux"

// Embedded is the name that selects the kernel that is built in. A file that has this name
// is reached as ./embedded.
const Embedded = "embedded"

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

// write stores data in a new temporary file.
func (w *Workspace) write(name string, data []byte) (string, error) {
	if w.dir == "" {
		dir, err := os.MkdirTemp("", "btfkit-benchmark-")
		if err != nil {
			return "", fmt.Errorf("temporary directory: %w", err)
		}
		w.dir = dir
	}
	w.count++
	path := filepath.Join(w.dir, fmt.Sprintf("%d-%s", w.count, name))
	return path, os.WriteFile(path, data, 0o600)
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
	s, err = w.File(ctx, Embedded, nil)
	if err != nil {
		return nil, "", err
	}
	return s, reason + ": measuring the " + s.Origin, nil
}

// File prepares a source from anything that holds BTF: a raw blob, an ELF file, a compressed
// module, a kernel image, or [Embedded]. Split BTF needs its base.
func (w *Workspace) File(ctx context.Context, path string, base *Source) (*Source, error) {
	s := &Source{Name: resultName(path), Origin: path, Format: "raw", Path: path, Base: base}
	data, err := w.read(ctx, s)
	if err != nil {
		return nil, err
	}
	if s.Path == "" {
		if s.Path, err = w.write(s.Name, data); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256(data)
	s.Size, s.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
	return s, nil
}

// read returns the raw BTF of s, and clears s.Path if that is no file of raw BTF.
func (w *Workspace) read(ctx context.Context, s *Source) ([]byte, error) {
	if s.Origin == Embedded {
		s.Path, s.Name = "", "vmlinux-"+strings.TrimSuffix(kernel.Version, "-1")+"-"+kernel.Arch
		s.Origin = fmt.Sprintf("embedded kernel (Debian %s %s)", kernel.Version, kernel.Arch)
		return kernel.Bytes()
	}
	found, err := elfx.ReadFile(ctx, s.Origin, nil)
	if err != nil {
		return nil, err
	}
	if s.Format = found.Format; found.Format != "raw" {
		s.Path = ""
	}
	return found.BTF, s.rebase(w, found)
}

// rebase puts a module that brings a distilled base on that.
func (s *Source) rebase(w *Workspace, found *elfx.Data) error {
	if found.Base == nil {
		return nil
	}
	path, err := w.write(s.Name+".BTF.base", found.Base)
	s.Base = &Source{
		Name: s.Name + ".BTF.base", Origin: s.Origin, Format: found.Format, Path: path,
		Size: int64(len(found.Base)),
	}
	return err
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
