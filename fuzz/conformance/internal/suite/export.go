package suite

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A File is one file of the suite; its Name has slashes.
type File struct {
	Name string
	Data []byte
}

// expectation is what expect.json says.
type expectation struct {
	Suite int `json:"suite"`
	Case
	Answers []any `json:"answers"`
}

// Files returns the files of a case, in a folder of its name: case.btf, base.btf if there is a
// base, queries.json and expect.json.
func (c Case) Files() ([]File, error) {
	queries, answers, err := c.Questions()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	files := []File{{"case.btf", c.Data}}
	if c.Base != nil {
		files = append(files, File{"base.btf", c.Base})
	}
	for _, j := range []struct {
		name  string
		value any
	}{{"queries.json", queries}, {"expect.json", expectation{Version, c, answers}}} {
		text, err := json.MarshalIndent(j.value, "", " ")
		if err != nil {
			return nil, err
		}
		files = append(files, File{j.name, append(text, '\n')})
	}
	for i := range files {
		files[i].Name = c.Name + "/" + files[i].Name
	}
	return files, nil
}

// Write writes the cases into folders below dir.
func Write(dir string, cases []Case) error {
	for _, c := range cases {
		files, err := c.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			path := filepath.Join(dir, filepath.FromSlash(f.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				return err
			}
			if err := os.WriteFile(path, f.Data, 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReadCase reads a case from its folder, as Write left it.
func ReadCase(dir string) (c Case, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "expect.json"))
	if err != nil {
		return c, err
	}
	var e expectation
	if err := json.Unmarshal(text, &e); err != nil {
		return c, fmt.Errorf("%s: %w", dir, err)
	}
	c, c.Name = e.Case, filepath.Base(dir)
	if c.Data, err = os.ReadFile(filepath.Join(dir, "case.btf")); err != nil {
		return c, err
	}
	c.Base, err = os.ReadFile(filepath.Join(dir, "base.btf"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	return c, err
}

// Archive writes the cases as a tar.gz with the suite's version as its folder. The same cases give
// the same bytes with one version of Go.
func Archive(w io.Writer, cases []Case) error {
	zip := gzip.NewWriter(w)
	out := tar.NewWriter(zip)
	for _, c := range cases {
		files, err := c.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			h := tar.Header{Name: fmt.Sprintf("btf-conformance-%d/%s", Version, f.Name), Mode: 0o644,
				Size: int64(len(f.Data)), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
			if err := out.WriteHeader(&h); err != nil {
				return err
			}
			if _, err := out.Write(f.Data); err != nil {
				return err
			}
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return zip.Close()
}
