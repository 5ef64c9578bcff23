package examples

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/corpus"
)

// root is where a program on a real machine has "/": Linux 6.1 with two modules. old and recent are
// kernels in files of their own, spare a module that is not loaded.
var root, old, recent, spare string

// object is a compiled BPF object.
var object = filepath.Join("..", "cmd", "btf", "testdata", "prog.bpf.o")

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "btfkit-examples")
	if err != nil {
		log.Fatal(err)
	}
	root = dir
	sys := filepath.Join("sys", "kernel", "btf")
	write("deb-6.1-cloud-amd64/vmlinux", filepath.Join(sys, "vmlinux"))
	write("deb-6.1-cloud-amd64/act_mirred", filepath.Join(sys, "act_mirred"))
	write("deb-6.1-cloud-amd64/vhost_net", filepath.Join(sys, "vhost_net"))
	old = write("deb-6.1-cloud-amd64/vmlinux", "vmlinux-6.1")
	recent = write("deb-6.12-cloud-amd64/vmlinux", "vmlinux-6.12")
	spare = write("deb-6.1-cloud-amd64/em_nbyte", "em_nbyte")
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// write puts a blob of the corpus below root, and returns where.
func write(blob, name string) string {
	b, ok := corpus.Find(blob)
	if !ok {
		log.Fatal("the corpus has no ", blob)
	}
	data, err := b.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		log.Fatal(err)
	}
	return path
}

// Each example is short, at most 40 lines of code, imports included, and doc.go says how many.
func TestLength(t *testing.T) {
	counts, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if file == "main_test.go" {
			continue
		}
		examples++
		lines := 0
		program, _, ok := strings.Cut(string(text), "\t// Output:")
		for line := range strings.Lines(program) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
		name := strings.TrimSuffix(file, "_test.go")
		counted := regexp.MustCompile(fmt.Sprintf(`(?m)^//\t%s .* %d$`, name, lines))
		if !ok || lines > 40 || !counted.Match(counts) {
			t.Errorf("%s: %d lines, not as in doc.go", name, lines)
		}
	}
	if examples != 10 {
		t.Errorf("%d examples", examples)
	}
}
