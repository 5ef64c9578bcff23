package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/elfx"
)

// fixtureGroup is the group of the compiler-made objects.
const fixtureGroup = "fixtures"

// extract reads the bytes of b again from where they came: below packages for a kernel's, in the
// tree for an object's. It returns b with the way described anew.
func (t *tree) extract(ctx context.Context, b corpus.Blob, packages string,
) (corpus.Blob, []byte, error) {
	group, _, _ := strings.Cut(b.Name, "/")
	file := filepath.Join(packages, group, filepath.FromSlash(b.Path))
	if group == fixtureGroup {
		file = filepath.Join(t.dir, filepath.FromSlash(b.Path))
	}
	d, err := elfx.ExtractFile(ctx, file, nil)
	if err != nil {
		return b, nil, err
	}
	raw := d.BTF
	if b.Section == ".BTF.base" {
		raw = d.Base
	} else if strings.Contains(d.Format, "ELF") {
		b.Section = ".BTF"
	}
	if raw == nil {
		return b, nil, fmt.Errorf("%s: no section %s", file, b.Section)
	}
	b.How = d.Format
	return b, raw, nil
}

// kernelBlobs describes, without bytes, the kernel image of a group and the modules wanted of it.
func (t *tree) kernelBlobs(packages, group string, modules []string) ([]corpus.Blob, error) {
	wanted := make(map[string]bool)
	for _, m := range modules {
		wanted[m] = true
	}
	var image *corpus.Blob
	var blobs []corpus.Blob
	root := filepath.Join(packages, group)
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		name, ext, _ := strings.Cut(e.Name(), ".")
		switch {
		case strings.HasPrefix(e.Name(), "vmlinuz"):
			if image != nil {
				return fmt.Errorf("two kernel images: %s and %s", image.Path, path)
			}
			b, err := t.kernelBlob(group, "vmlinux", path)
			image = &b
			return err
		case (ext == "ko" || strings.HasPrefix(ext, "ko.")) && wanted[name]:
			b, err := t.kernelBlob(group, name, path)
			b.BaseName = group + "/vmlinux"
			blobs = append(blobs, b)
			delete(wanted, name)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if image == nil {
		return nil, fmt.Errorf("%s: no vmlinuz", root)
	}
	for m := range wanted {
		return nil, fmt.Errorf("%s: no module %s", root, m)
	}
	return append([]corpus.Blob{*image}, blobs...), nil
}

// kernelBlob describes one file of a group. Debian has modules in a package of their own from
// Linux 7 on, and in the image's package before.
func (t *tree) kernelBlob(group, name, path string) (corpus.Blob, error) {
	var found *pinned
	for i, p := range t.packages {
		modules := strings.HasPrefix(p.name, "linux-modules-")
		if p.group == group && (found == nil || modules == (name != "vmlinux")) {
			found = &t.packages[i]
		}
	}
	if found == nil {
		return corpus.Blob{}, fmt.Errorf("packages.txt: no package of group %s", group)
	}
	return corpus.Blob{
		Name: group + "/" + name, Path: path,
		Package: found.name, Version: found.version, Arch: found.arch,
	}, nil
}

// makers maps the prefix of an object's name to the package that made it.
var makers = []struct{ prefix, tool string }{
	{"gcc-bpf", "gcc-bpf"},
	{"gcc-i386", "gcc-14-x86-64-linux-gnu"},
	{"gcc-x86_64", "gcc-14-x86-64-linux-gnu"},
	{"gcc-s390x", "gcc-14-s390x-linux-gnu"},
	{"gcc-ppc32", "gcc-14-powerpc-linux-gnu"},
	{"clang-", "clang-19"},
	{"pahole-", "pahole"},
}

// fixtureBlobs describes, without bytes, the blobs in every object of fixtures/objects, bases
// first.
func (t *tree) fixtureBlobs() ([]corpus.Blob, error) {
	objects, err := fs.Glob(os.DirFS(t.dir), "fixtures/objects/*.o")
	if err != nil {
		return nil, err
	}
	var blobs []corpus.Blob
	for _, path := range objects {
		name := strings.TrimSuffix(filepath.Base(path), ".o")
		b := corpus.Blob{
			Name: fixtureGroup + "/" + name, Path: path, Section: ".BTF",
			Arch: name[strings.LastIndex(name, "-")+1:],
		}
		if err := t.setMaker(&b, name); err != nil {
			return nil, err
		}
		switch {
		case strings.Contains(name, "-distilled-"):
			base := b
			base.Name += ".base"
			base.Section = ".BTF.base"
			b.BaseName = base.Name
			blobs = append(blobs, base)
		case strings.Contains(name, "-split-"):
			b.BaseName = strings.Replace(b.Name, "-split-", "-kernel-", 1)
		}
		blobs = append(blobs, b)
	}
	return blobs, nil
}

func (t *tree) setMaker(b *corpus.Blob, name string) error {
	for _, m := range makers {
		if !strings.HasPrefix(name, m.prefix) {
			continue
		}
		for _, p := range t.packages {
			if p.group == "tools" && p.name == m.tool {
				b.Package, b.Version = p.name, p.version
				return nil
			}
		}
		return fmt.Errorf("packages.txt: no tool %s, which makes %s", m.tool, name)
	}
	return fmt.Errorf("%s: no package is known to make it", name)
}

// extractFile writes the raw BTF of one file to another.
func extractFile(ctx context.Context, args []string, out, _ io.Writer) error {
	f := flag.NewFlagSet("extract", flag.ContinueOnError)
	base := f.Bool("base", false, "write .BTF.base instead of .BTF")
	if err := parse(f, args, out, "extract [-base] FILE OUTPUT", 2, 2); err != nil {
		return err
	}
	d, err := elfx.ExtractFile(ctx, f.Arg(0), nil)
	if err != nil {
		return err
	}
	raw := d.BTF
	if *base {
		raw = d.Base
	}
	if raw == nil {
		return errors.New(f.Arg(0) + ": no section .BTF.base")
	}
	return replace(f.Arg(1), raw)
}
