package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/corpus/internal/manifest"
	"github.com/btfkit/btfkit/corpus/internal/packed"
)

// list prints the embedded blobs and those of BTFKIT_CORPUS.
func list(_ context.Context, args []string, out, _ io.Writer) error {
	f := flag.NewFlagSet("list", flag.ContinueOnError)
	if err := parse(f, args, out, "list", 0, 0); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tARCH\tORDER\tBYTES\tLZ4\tTYPES\tSTRINGS\tSORTED\tBASE\tFEATURES")
	raw, compressed := 0, 0
	for _, b := range corpus.All() {
		order := "little"
		if b.BigEndian {
			order = "big"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%v\t%s\t%s\n", b.Name, b.Arch, order, b.Size,
			b.CompressedSize, b.Types, b.Strings, b.Sorted, b.BaseName, strings.Join(b.Features, ","))
		raw += b.Size
		compressed += b.CompressedSize
	}
	fmt.Fprintf(w, "total\t\t\t%d\t%d\n", raw, compressed)
	return w.Flush()
}

// verify checks that each committed blob is what the manifest says, and that the data folder
// holds nothing else.
func verify(_ context.Context, args []string, out, _ io.Writer) error {
	f := flag.NewFlagSet("verify", flag.ContinueOnError)
	dir := f.String("C", "", "folder of the corpus module")
	if err := parse(f, args, out, "verify [-C DIR]", 0, 0); err != nil {
		return err
	}
	t, err := openTree(*dir)
	if err != nil {
		return err
	}
	bad := 0
	complain := func(name string, err error) {
		fmt.Fprintf(out, "%s: %v\n", name, err)
		bad++
	}
	known := make(map[string]bool)
	for _, b := range t.blobs {
		known[manifest.DataPath(b.Name)] = true
		if err := t.verify(b); err != nil {
			complain(b.Name, err)
		}
	}
	err = fs.WalkDir(os.DirFS(t.dir), "data", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !known[path] && filepath.Ext(path) == ".lz4" {
			complain(path, fmt.Errorf("not in the manifest"))
		}
		return err
	})
	if err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d problems", bad)
	}
	fmt.Fprintf(out, "%d blobs are as the manifest says\n", len(t.blobs))
	return nil
}

func (t *tree) verify(b corpus.Blob) error {
	frame, raw, err := t.committed(b)
	if err != nil {
		return err
	}
	if len(frame) != b.CompressedSize || packed.Sum(frame) != b.CompressedSHA256 {
		return fmt.Errorf("the compressed file differs from the manifest")
	}
	now, again, err := t.describe(b, raw)
	if err != nil {
		return err
	}
	if !bytes.Equal(frame, again) {
		return fmt.Errorf("compressing the bytes again gives another file")
	}
	if d := differences(b, now); len(d) > 0 {
		return fmt.Errorf("the manifest differs: %s", strings.Join(d, ", "))
	}
	return nil
}

// differences names the facts in which two descriptions of one blob differ.
func differences(old, now corpus.Blob) []string {
	var d []string
	note := func(what string, a, b any) {
		if a != b {
			d = append(d, fmt.Sprintf("%s %v, was %v", what, b, a))
		}
	}
	note("package", old.Package, now.Package)
	note("version", old.Version, now.Version)
	note("path", old.Path, now.Path)
	note("section", old.Section, now.Section)
	note("extraction", old.How, now.How)
	note("size", old.Size, now.Size)
	note("types", old.Types, now.Types)
	note("strings", old.Strings, now.Strings)
	note("sorted", old.Sorted, now.Sorted)
	note("big-endian", old.BigEndian, now.BigEndian)
	note("sha256", old.SHA256, now.SHA256)
	if !slices.Equal(old.Features, now.Features) {
		d = append(d, fmt.Sprintf("features %v, were %v", now.Features, old.Features))
	}
	return d
}
