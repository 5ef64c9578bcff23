package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/btfkit/btfkit/corpus"
)

// rebuild extracts blobs again and compares them with the committed ones.
func rebuild(ctx context.Context, args []string, out, _ io.Writer) error {
	f := flag.NewFlagSet("rebuild", flag.ContinueOnError)
	dir := f.String("C", "", "folder of the corpus module")
	packages := f.String("packages", "", "folder that fetch.sh unpacked the packages into")
	write := f.Bool("w", false, "replace the blobs and facts that differ, instead of only naming them")
	about := "rebuild [-C DIR] -packages DIR [-w] [NAME...]"
	if err := parse(f, args, out, about, 0, -1); err != nil {
		return err
	}
	if *packages == "" {
		return usageError("-packages is needed; corpus/fetch.sh DIR makes that folder")
	}
	t, err := openTree(*dir)
	if err != nil {
		return err
	}
	blobs, err := t.selected(f.Args())
	if err != nil {
		return err
	}
	counts := make(map[string]int)
	for _, b := range blobs {
		outcome, err := t.rebuildOne(ctx, b, *packages, *write)
		if err != nil {
			return err
		}
		word, _, _ := strings.Cut(outcome, ":")
		counts[word]++
		if outcome != same {
			fmt.Fprintf(out, "%s: %s\n", b.Name, outcome)
		}
	}
	fmt.Fprintf(out, "%d same, %d changed, %d without source\n",
		counts[same], counts[changed], counts[missing])
	if counts[changed] > 0 && !*write || counts[missing] > 0 {
		return errDiffers
	}
	return nil
}

// The outcomes of rebuilding one blob; details follow behind a colon.
const (
	same    = "same"
	changed = "changed"
	missing = "without source"
)

// selected returns the blobs with the names, or all, those that stand alone before the others.
func (t *tree) selected(names []string) ([]corpus.Blob, error) {
	blobs := append([]corpus.Blob(nil), t.blobs...)
	if len(names) > 0 {
		blobs = nil
		for _, name := range names {
			b, ok := t.find(name)
			if !ok {
				return nil, usageError("no blob " + name + "; \"corpus list\" prints the names")
			}
			blobs = append(blobs, b)
		}
	}
	var bases, splits []corpus.Blob
	for _, b := range blobs {
		if b.BaseName == "" {
			bases = append(bases, b)
		} else {
			splits = append(splits, b)
		}
	}
	return append(bases, splits...), nil
}

func (t *tree) rebuildOne(ctx context.Context, b corpus.Blob, packages string, write bool,
) (string, error) {
	now, raw, err := t.extract(ctx, b, packages)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("%s: %v; the committed bytes are all there is", missing, err), nil
	}
	if err != nil {
		return "", err
	}
	now, _, err = t.describe(now, raw)
	if err != nil {
		return "", err
	}
	d := differences(b, now)
	if _, old, err := t.committed(b); err != nil {
		d = append(d, err.Error())
	} else if !bytes.Equal(old, raw) && len(d) == 0 {
		d = append(d, "bytes")
	}
	if len(d) == 0 {
		return same, nil
	}
	if write {
		if _, err := t.put(now, raw); err != nil {
			return "", err
		}
	}
	return changed + ": " + strings.Join(d, ", "), nil
}

// add puts a kernel, or the objects of fixtures, into the corpus.
func add(ctx context.Context, args []string, out, log io.Writer) error {
	f := flag.NewFlagSet("add", flag.ContinueOnError)
	dir := f.String("C", "", "folder of the corpus module")
	packages := f.String("packages", "", "folder to fetch and unpack packages into")
	suite := f.String("suite", "", "Debian suite to pin packages from, such as sid")
	arch := f.String("arch", "amd64", "Debian architecture of -pin")
	pin := f.String("pin", "", "packages to pin at their current version, separated by commas; "+
		"without it the group's lines in packages.txt are used")
	modules := f.String("modules", "", "modules to add besides vmlinux, separated by commas")
	about := "add [-C DIR] -packages DIR [-suite S -arch A -pin P,...] [-modules M,...] GROUP\n\n" +
		"GROUP names the kernel, such as deb-7.2-amd64. The group \"fixtures\" stands for the\n" +
		"objects in fixtures/objects instead, which need no packages."
	if err := parse(f, args, out, about, 1, 1); err != nil {
		return err
	}
	group := f.Arg(0)
	t, err := openTree(*dir)
	if err != nil {
		return err
	}
	var blobs []corpus.Blob
	switch group {
	case fixtureGroup:
		blobs, err = t.fixtureBlobs()
	default:
		if *packages == "" || (*pin == "") != (*suite == "") {
			return usageError("-packages is needed, and -suite together with -pin; see -help")
		}
		if err := t.fetch(ctx, log, *packages, group, *suite, *arch, fields(*pin)); err != nil {
			return err
		}
		blobs, err = t.kernelBlobs(*packages, group, fields(*modules))
	}
	if err != nil {
		return err
	}
	for _, b := range blobs {
		b, raw, err := t.extract(ctx, b, *packages)
		if err != nil {
			return err
		}
		if b, err = t.put(b, raw); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %d types, %d bytes, %d compressed (%s)\n",
			b.Name, b.Types, b.Size, b.CompressedSize, b.How)
	}
	return nil
}

func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// fetch runs fetch.sh, which pins the packages first if there are any.
func (t *tree) fetch(ctx context.Context, log io.Writer, packages, group, suite, arch string,
	pin []string) error {
	script, err := filepath.Abs(filepath.Join(t.dir, "fetch.sh"))
	if err != nil {
		return err
	}
	args := []string{packages, group}
	if len(pin) > 0 {
		args = append([]string{"-p", packages, group, suite, arch}, pin...)
	}
	cmd := exec.CommandContext(ctx, script, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("fetch.sh: %w", err)
	}
	return t.readPackages()
}
