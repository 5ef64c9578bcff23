package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/corpus"
)

// corpusRun runs the command and returns its exit status and what it printed.
func corpusRun(t *testing.T, args ...string) (status int, out, log string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(context.Background(), args, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// must runs the command, which has to succeed, and returns its output.
func must(t *testing.T, args ...string) string {
	t.Helper()
	status, out, log := corpusRun(t, args...)
	if status != 0 {
		t.Fatalf("corpus %q: exit status %d\n%s%s", args, status, out, log)
	}
	return out
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		out    string // in either stream
	}{
		{nil, 2, "usage: corpus COMMAND"},
		{[]string{"-help"}, 0, "usage: corpus COMMAND"},
		{[]string{"help"}, 0, "rebuild"},
		{[]string{"frobnicate"}, 2, `unknown command "frobnicate"`},
		{[]string{"list", "-help"}, 0, "usage: corpus list"},
		{[]string{"list", "x"}, 2, "wrong number of arguments"},
		{[]string{"verify", "-x"}, 2, "flag provided but not defined"},
		{[]string{"verify", "-C", "no/such/folder"}, 1, "name it with -C"},
		{[]string{"rebuild", "-C", "../.."}, 2, "-packages is needed"},
		{[]string{"rebuild", "-C", "../..", "-packages", "x", "no/blob"}, 2, "no blob no/blob"},
		{[]string{"add", "-C", "../..", "-packages", "x", "-suite", "sid", "g"}, 2, "together"},
		{[]string{"extract", "a"}, 2, "wrong number of arguments"},
		{[]string{"extract", "no/such/file", "x"}, 1, "no/such/file"},
	} {
		status, out, log := corpusRun(t, c.args...)
		if status != c.status || !strings.Contains(out+log, c.out) {
			t.Errorf("corpus %q: exit status %d, want %d; want %q in:\n%s%s",
				c.args, status, c.status, c.out, out, log)
		}
	}
}

func TestList(t *testing.T) {
	out := must(t, "list")
	for _, b := range corpus.All() {
		if !strings.Contains(out, "\n"+b.Name+" ") {
			t.Errorf("%s is not listed", b.Name)
		}
	}
	if !strings.HasPrefix(out, "NAME ") {
		t.Errorf("no heading: %.80q", out)
	}
}

func TestVerifyTree(t *testing.T) {
	if out := must(t, "verify", "-C", "../.."); !strings.Contains(out, "as the manifest says") {
		t.Errorf("verify printed %q", out)
	}
}

// TestRebuildCommitted rebuilds what needs no packages: objects and what the project makes itself.
func TestRebuildCommitted(t *testing.T) {
	args := []string{"rebuild", "-C", "../..", "-packages", t.TempDir()}
	for _, b := range corpus.All() {
		if group, _, _ := strings.Cut(b.Name, "/"); group == fixtureGroup {
			args = append(args, b.Name)
		}
	}
	if out := must(t, args...); !strings.Contains(out, " 0 changed, 0 without source") {
		t.Errorf("rebuild printed %q", out)
	}
}

// newTree makes a corpus without blobs in a temporary folder, with the real objects and script.
func newTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"fixtures/objects", "data"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	objects, err := fs.Glob(os.DirFS("../.."), "fixtures/objects/*.o")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(objects, "packages.txt", "fetch.sh") {
		copyFile(t, filepath.Join("../..", name), filepath.Join(dir, name))
	}
	write(t, filepath.Join(dir, "manifest.json"), []byte(`{"blobs": []}`))
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, data)
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o777); err != nil {
		t.Fatal(err)
	}
}

// TestAddRebuild builds a corpus from the objects, damages it, and rebuilds it.
func TestAddRebuild(t *testing.T) {
	dir := newTree(t)
	must(t, "add", "-C", dir, "fixtures")
	must(t, "verify", "-C", dir)
	rebuild := []string{"rebuild", "-C", dir, "-packages", t.TempDir()}
	if out := must(t, rebuild...); !strings.Contains(out, " 0 changed, 0 without source") {
		t.Errorf("rebuilding a fresh corpus says %q", out)
	}

	// An entry that the rebuilt blob contradicts, a damaged frame, and one that nobody knows.
	manifest := filepath.Join(dir, "manifest.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	write(t, manifest, bytes.Replace(text, []byte(`"types": 87`), []byte(`"types": 86`), 1))
	write(t, filepath.Join(dir, "data/fixtures/clang-tags-bpfeb.btf.lz4"), []byte("damaged"))
	write(t, filepath.Join(dir, "data/fixtures/stray.btf.lz4"), nil)
	status, out, _ := corpusRun(t, "verify", "-C", dir)
	if status != 1 {
		t.Errorf("verifying a damaged corpus: exit status %d", status)
	}
	for _, want := range []string{
		"types 87, was 86", "clang-tags-bpfeb: lz4 frame", "not in the manifest",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("verify does not say %q:\n%s", want, out)
		}
	}

	status, out, _ = corpusRun(t, rebuild...)
	if status != 1 || !strings.Contains(out, " 2 changed, 0 without source") {
		t.Errorf("rebuilding a damaged corpus: exit status %d, %q", status, out)
	}
	must(t, append(rebuild, "-w")...)
	if err := os.Remove(filepath.Join(dir, "data/fixtures/stray.btf.lz4")); err != nil {
		t.Fatal(err)
	}
	must(t, "verify", "-C", dir)

	// A source that is gone is said to be, and the committed bytes stay.
	if err := os.Remove(filepath.Join(dir, "fixtures/objects/gcc-i386.o")); err != nil {
		t.Fatal(err)
	}
	status, out, _ = corpusRun(t, rebuild...)
	if status != 1 || !strings.Contains(out, "fixtures/gcc-i386: without source") {
		t.Errorf("rebuilding without a source: exit status %d, %q", status, out)
	}
	must(t, "verify", "-C", dir)
}

// TestAddKernel adds a kernel in miniature, whose package counts as fetched already.
func TestAddKernel(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("fetch.sh needs Linux; run the test there")
	}
	dir, packages := newTree(t), t.TempDir()
	list, err := os.ReadFile(filepath.Join(dir, "packages.txt"))
	if err != nil {
		t.Fatal(err)
	}
	row := "mini sid amd64 linux-image-mini 1.0 0123\n"
	write(t, filepath.Join(dir, "packages.txt"), append(list, row...))
	write(t, filepath.Join(packages, ".apt/unpacked/mini/linux-image-mini"), nil)
	objects := filepath.Join(dir, "fixtures/objects")
	kernel, module := "pahole-kernel-x86_64.o", "pahole-split-x86_64.o"
	copyFile(t, filepath.Join(objects, kernel), filepath.Join(packages, "mini/boot/vmlinuz-1.0"))
	copyFile(t, filepath.Join(objects, module), filepath.Join(packages, "mini/lib/modules/1.0/own.ko"))

	out := must(t, "add", "-C", dir, "-packages", packages, "-modules", "own", "mini")
	for _, want := range []string{"mini/vmlinux: 23 types", "mini/own: 8 types"} {
		if !strings.Contains(out, want) {
			t.Errorf("add does not say %q:\n%s", want, out)
		}
	}
	must(t, "verify", "-C", dir)
	must(t, "rebuild", "-C", dir, "-packages", packages)

	status, _, log := corpusRun(t,
		"add", "-C", dir, "-packages", packages, "-modules", "other", "mini")
	if status != 1 || !strings.Contains(log, "no module other") {
		t.Errorf("adding a missing module: exit status %d, %q", status, log)
	}
	status, _, log = corpusRun(t, "add", "-C", dir, "-packages", packages, "unpinned")
	if status != 1 {
		t.Errorf("adding a group without packages: exit status %d, %q", status, log)
	}
}

func TestExtract(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.btf")
	for _, c := range []struct{ flags, blob string }{
		{"", "fixtures/pahole-distilled-s390x"},
		{"-base", "fixtures/pahole-distilled-s390x.base"},
	} {
		args := append([]string{"extract"}, strings.Fields(c.flags)...)
		must(t, append(args, "../../fixtures/objects/pahole-distilled-s390x.o", out)...)
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		b, ok := corpus.Find(c.blob)
		if !ok {
			t.Fatalf("no blob %s", c.blob)
		}
		if want, err := b.Bytes(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("extract %s: %d bytes, want %d (%v)", c.flags, len(got), len(want), err)
		}
	}
	status, _, log := corpusRun(t, "extract", "-base", "../../fixtures/objects/gcc-i386.o", out)
	if status != 1 || !strings.Contains(log, "no section .BTF.base") {
		t.Errorf("extracting what is not there: exit status %d, %q", status, log)
	}
}
