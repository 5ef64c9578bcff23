// Command objects collects the .BTF and .BTF.ext of BPF objects, and of those that programs carry
// within them as libbpf's skeletons do, into a tar.gz on stdout, with their names: NAME.btf,
// NAME.ext.
//
//	apt-get download libbpf-tools=0.26.0+ds-1 && dpkg-deb -x libbpf-tools_*.deb x
//	go run ./fuzz/cmd/objects x/usr/sbin/* >fuzz/internal/objects/testdata/libbpf-tools-0.26.0.tar.gz
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"io"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("objects: ")
	zip, err := gzip.NewWriterLevel(os.Stdout, gzip.BestCompression)
	if err != nil {
		log.Fatal(err)
	}
	w := tar.NewWriter(zip)
	for _, path := range os.Args[1:] {
		data, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		if err := collect(w, filepath.Base(path), data); err != nil {
			log.Fatalf("%s: %v", path, err)
		}
	}
	for _, c := range []io.Closer{w, zip} {
		if err := c.Close(); err != nil {
			log.Fatal(err)
		}
	}
}

// collect adds the first BPF object in data that has both sections, if there is one.
func collect(w *tar.Writer, name string, data []byte) error {
	magic := []byte(elf.ELFMAG)
	for off := 0; ; off += len(magic) {
		i := bytes.Index(data[off:], magic)
		if i < 0 {
			return nil
		}
		off += i
		f, err := elf.NewFile(bytes.NewReader(data[off:]))
		if err != nil || f.Machine != elf.EM_BPF || f.Section(".BTF.ext") == nil {
			continue
		}
		for _, part := range []struct{ section, suffix string }{{".BTF", ".btf"}, {".BTF.ext", ".ext"}} {
			content, err := f.Section(part.section).Data()
			if err != nil {
				return err
			}
			header := tar.Header{Name: name + part.suffix, Mode: 0o644, Size: int64(len(content))}
			if err := w.WriteHeader(&header); err != nil {
				return err
			}
			if _, err := w.Write(content); err != nil {
				return err
			}
		}
		return nil
	}
}
