package corpus

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const localGroup = "local/"

// localBlobs lists the regular files below dir. A file named vmlinux is the base of all other
// files in the same folder, as in /sys/kernel/btf; folders without one hold files that stand
// alone. Symbolic links to files are followed, those to folders are not.
func localBlobs(dir string) []Blob {
	var blobs []Blob
	problem := func(path string, err error) {
		blobs = append(blobs, Blob{
			Name: localGroup + filepath.ToSlash(path), Path: filepath.Join(dir, path),
			source: newSource(func() ([]byte, error) {
				return nil, fmt.Errorf("corpus: folder %s of %s: %w", dir, dirEnv, err)
			}),
		})
	}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			problem(path, err)
			return nil
		}
		full := filepath.Join(dir, filepath.FromSlash(path))
		info, err := os.Stat(full)
		if err != nil {
			problem(path, err)
			return nil
		}
		if info.Mode().IsRegular() {
			blobs = append(blobs, localBlob(path, full, info))
		}
		return nil
	})
	if err != nil {
		problem(".", err)
	}
	return blobs
}

func localBlob(path, full string, info fs.FileInfo) Blob {
	b := Blob{
		Name: localGroup + path,
		Path: full,
		How:  "file of " + dirEnv,
		Size: int(info.Size()),
		source: newSource(func() ([]byte, error) {
			raw, err := os.ReadFile(full)
			if err != nil {
				return nil, fmt.Errorf("corpus: %w", err)
			}
			if _, ok := byteOrderOf(raw); !ok {
				return nil, fmt.Errorf("corpus: %s: not raw BTF (use the corpus command's "+
					"extract to get it out of an ELF file or an image)", full)
			}
			return raw, nil
		}),
	}
	base := filepath.Join(filepath.Dir(full), "vmlinux")
	if base != full {
		if st, err := os.Stat(base); err == nil && st.Mode().IsRegular() {
			b.BaseName = strings.TrimSuffix(b.Name, filepath.Base(full)) + "vmlinux"
		}
	}
	if f, err := os.Open(full); err == nil {
		var magic [2]byte
		if _, err := io.ReadFull(f, magic[:]); err == nil {
			b.BigEndian, _ = byteOrderOf(magic[:])
		}
		f.Close()
	}
	return b
}

// byteOrderOf tells the byte order by the magic number; ok is false if there is none.
func byteOrderOf(raw []byte) (bigEndian, ok bool) {
	if len(raw) < 2 {
		return false, false
	}
	switch [2]byte(raw[:2]) {
	case [2]byte{0x9f, 0xeb}:
		return false, true
	case [2]byte{0xeb, 0x9f}:
		return true, true
	}
	return false, false
}
