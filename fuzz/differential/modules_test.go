package differential

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/elfx"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// requireKernels returns the folder of unpacked kernel packages that BTFKIT_KERNELS names, or
// skips the test; it fails where BTFKIT_REQUIRE has "kernels".
func requireKernels(t *testing.T) string {
	t.Helper()
	const remedy = "fetch them with corpus/fetch.sh DIR and set BTFKIT_KERNELS=DIR"
	dir := os.Getenv("BTFKIT_KERNELS")
	switch {
	case dir != "":
	case require.Asked("kernels"):
		t.Fatal("no kernels, and BTFKIT_REQUIRE asks for them: " + remedy)
	default:
		t.Skip("no kernels: " + remedy)
	}
	return dir
}

// findFiles returns the files below dir for which want is true.
func findFiles(t *testing.T, dir string, want func(name string) bool) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && want(d.Name()) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// kernelImage returns the one vmlinuz below dir.
func kernelImage(t *testing.T, dir string) string {
	t.Helper()
	images := findFiles(t, dir, func(name string) bool { return strings.HasPrefix(name, "vmlinuz") })
	if len(images) != 1 {
		t.Fatalf("%s: images %q, want one vmlinuz", dir, images)
	}
	return images[0]
}

// TestKernelImages extracts the BTF of the kernels that the corpus has from the plain vmlinuz of
// their packages, and wants the corpus's bytes: those that package dumps compares with bpftool.
func TestKernelImages(t *testing.T) {
	dir := requireKernels(t)
	n := 0
	for _, b := range corpus.All() {
		group, name, _ := strings.Cut(b.Name, "/")
		if name != "vmlinux" || b.Package == "" {
			continue
		}
		n++
		start := time.Now()
		d, err := elfx.ExtractFile(t.Context(), kernelImage(t, filepath.Join(dir, group)), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		took := time.Since(start)
		if sum := fmt.Sprintf("%x", sha256.Sum256(d.BTF)); sum != b.SHA256 {
			t.Errorf("%s: sha256 %s, the corpus has %s", group, sum, b.SHA256)
		}
		t.Logf("%s: %s, %d bytes, %v", group, d.Format, len(d.BTF), took.Round(time.Millisecond))
	}
	if n < 5 {
		t.Errorf("%d kernels in the corpus, want five at least", n)
	}
}

// unpackers say how an image of a format is unpacked without this project's code: the magic
// number of the stream within, and the program that reads such a stream.
var unpackers = map[string]struct{ magic, tool string }{
	"bzImage/lz4-legacy/ELF64": {"\x02\x21\x4c\x18", "lz4"},
	"bzImage/zstd/ELF64":       {"\x28\xb5\x2f\xfd", "zstd"},
}

// TestKernelImagesBpftool unpacks the images that hold an ELF file with the compressors' own
// programs, lets bpftool read that file, and wants the BTF that is extracted from the image to
// print the same.
func TestKernelImagesBpftool(t *testing.T) {
	dir := requireKernels(t)
	bpftool := require.Tool(t, "bpftool", "apt-get install bpftool")
	for _, group := range []string{"deb-6.1-cloud-amd64", "deb-6.12-cloud-amd64", "deb-7.2-amd64"} {
		t.Run(group, func(t *testing.T) {
			image := kernelImage(t, filepath.Join(dir, group))
			d, err := elfx.ExtractFile(t.Context(), image, nil)
			if err != nil {
				t.Fatal(err)
			}
			u, ok := unpackers[d.Format]
			if !ok {
				t.Fatalf("format %s, want a bzImage of lz4 or zstd", d.Format)
			}
			path := unpack(t, image, u.magic, require.Tool(t, u.tool, "apt-get install "+u.tool))
			want, err := exec.Command(bpftool, "btf", "dump", "file", path, "format", "raw").Output()
			if err != nil {
				t.Fatal(err)
			}
			spec, err := oracle.Backends[0].Parse(d.BTF, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer spec.Close()
			compareDumps(t, d.Format, rawDump(t, spec), want)
		})
	}
}

// unpack writes what tool makes of an image, from the first magic number on, to a file.
func unpack(t *testing.T, image, magic, tool string) string {
	t.Helper()
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte(magic))
	if at < 0 {
		t.Fatalf("%s: no stream for %s", image, tool)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "vmlinux"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "-dc")
	cmd.Stdin, cmd.Stdout = bytes.NewReader(b[at:]), out
	// The rest of the image stands behind the stream, which the program complains of in the end.
	if err := cmd.Run(); err != nil {
		t.Logf("%s: %v", tool, err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

// moduleKernel is the kernel whose every module TestKernelModules reads.
const moduleKernel = "deb-6.12-cloud-amd64"

// A module is the file of one module, and what bpftool prints of its own types.
type module struct {
	name, path, dump string
}

// TestKernelModules opens all modules of a kernel against its vmlinuz in each backend, one by one
// and in parallel, and prints what that took. Then it prints the own types of each as bpftool
// does, and wants the bytes that bpftool prints.
func TestKernelModules(t *testing.T) {
	tree := filepath.Join(requireKernels(t), moduleKernel)
	tool := require.Tool(t, "bpftool", "apt-get install bpftool")
	// TestMain trades memory for speed; here memory is measured as others will see it.
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	modules := dumpModules(t, tool, tree)
	for _, b := range oracle.Backends {
		t.Run(b.Name(), func(t *testing.T) {
			o := elfx.CollectionOptions{Kernel: b}
			openOneByOne(t, tree, o)
			c := openInParallel(t, tree, o)
			defer c.Close()
			compareModules(t, c, modules)
		})
	}
}

// openTree opens the kernel of a tree and finds its modules.
func openTree(t *testing.T, tree string, o elfx.CollectionOptions) *modules.Collection {
	t.Helper()
	c, err := elfx.Tree(t.Context(), tree, "", o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// openOneByOne asks a collection for each of its modules, which opens it.
func openOneByOne(t *testing.T, tree string, o elfx.CollectionOptions) {
	t.Helper()
	resetPeak()
	start := time.Now()
	c := openTree(t, tree, o)
	defer c.Close()
	kernel := time.Since(start)
	var first time.Duration
	for name := range c.Names() {
		if _, err := c.Module(context.Background(), name); err != nil {
			t.Error(err)
		}
		if first == 0 {
			first = time.Since(start)
		}
	}
	t.Logf("lazily: kernel after %v, first module after %v, all %d after %v, %s",
		kernel.Round(time.Millisecond), first.Round(time.Millisecond), c.Len(),
		time.Since(start).Round(time.Millisecond), memory())
}

// openInParallel opens all modules at once.
func openInParallel(t *testing.T, tree string, o elfx.CollectionOptions) *modules.Collection {
	t.Helper()
	resetPeak()
	start := time.Now()
	c := openTree(t, tree, o)
	if err := c.OpenAll(t.Context(), runtime.NumCPU(), nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("in parallel: all %d after %v with %d workers, %s", c.Len(),
		time.Since(start).Round(time.Millisecond), runtime.NumCPU(), memory())
	for _, p := range c.Problems() {
		t.Errorf("%s: %v", p.Path, p.Err)
	}
	return c
}

// compareModules wants of every module's own types what bpftool printed.
func compareModules(t *testing.T, c *modules.Collection, modules []module) {
	t.Helper()
	if c.Len() != len(modules) || c.Len() <= 1000 {
		t.Errorf("%d modules of %d files, want more than 1000", c.Len(), len(modules))
	}
	types, size := 0, 0
	for _, m := range modules {
		spec, err := c.Module(context.Background(), m.name)
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := os.ReadFile(m.dump)
		if err != nil {
			t.Fatal(err)
		}
		got := rawDump(t, spec.Own())
		compareDumps(t, m.name, got, want)
		first, end := spec.Own().IDs()
		types += int(end - first)
		size += len(got)
	}
	t.Logf("compared %d types of %d modules, %d bytes of bpftool's text", types, len(modules), size)
}

// dumpModules extracts the BTF of a kernel and its modules, and lets bpftool print that of each
// module.
func dumpModules(t *testing.T, tool, tree string) []module {
	t.Helper()
	dir := t.TempDir()
	base := filepath.Join(dir, "vmlinux")
	if err := extract(t.Context(), kernelImage(t, tree), base); err != nil {
		t.Fatal(err)
	}
	files := findFiles(t, tree, func(name string) bool { return strings.HasSuffix(name, ".ko.xz") })
	modules := make([]module, len(files))
	for i, path := range files {
		name := elfx.ModuleName(path)
		modules[i] = module{name: name, path: path, dump: filepath.Join(dir, name+".txt")}
	}
	start := time.Now()
	var extracting, printing time.Duration
	err := eachOf(modules, 2, func(m module) ([2]time.Duration, error) {
		return m.print(t.Context(), tool, base)
	}, func(took [2]time.Duration) { extracting += took[0]; printing += took[1] })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("bpftool: %d modules in %v with 2 workers; of their time %v extracting, %v in bpftool",
		len(modules), time.Since(start).Round(time.Millisecond),
		extracting.Round(time.Millisecond), printing.Round(time.Millisecond))
	return modules
}

// eachOf calls do for each module, some at once, and then, one at a time, done with its result.
func eachOf[R any](modules []module, workers int, do func(module) (R, error), done func(R)) error {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		errs  []error
		queue = make(chan module)
	)
	for range workers {
		wg.Go(func() {
			for m := range queue {
				r, err := do(m)
				mu.Lock()
				done(r)
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	for _, m := range modules {
		queue <- m
	}
	close(queue)
	wg.Wait()
	return errors.Join(errs...)
}

// print extracts a module's BTF, lets bpftool print it, and returns how long each took.
func (m module) print(ctx context.Context, tool, base string) (took [2]time.Duration, err error) {
	start := time.Now()
	raw := strings.TrimSuffix(m.dump, ".txt") + ".btf"
	if err := extract(ctx, m.path, raw); err != nil {
		return took, err
	}
	took[0] = time.Since(start)
	out, err := os.Create(m.dump)
	if err != nil {
		return took, err
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, tool, "-B", base, "btf", "dump", "file", raw, "format", "raw")
	cmd.Stdout, cmd.Stderr = out, &stderr
	if err := errors.Join(cmd.Run(), out.Close()); err != nil {
		return took, fmt.Errorf("bpftool: %s: %w: %s", m.name, err, stderr.Bytes())
	}
	took[1] = time.Since(start) - took[0]
	return took, os.Remove(raw)
}

// extract writes the BTF in the file at path to the file at to.
func extract(ctx context.Context, path, to string) error {
	d, err := elfx.ExtractFile(ctx, path, nil)
	if err != nil {
		return err
	}
	return os.WriteFile(to, d.BTF, 0o600)
}

// resetPeak makes the kernel forget the process's peak of resident memory, after the garbage of
// earlier tests is returned to it.
func resetPeak() {
	debug.FreeOSMemory()
	// Refused, or not Linux: peak then covers earlier tests, too.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// memory returns the peak of resident memory, and what remains of it without garbage, as Linux
// prints them.
func memory() string {
	highest := status("VmHWM:")
	debug.FreeOSMemory()
	return fmt.Sprintf("peak memory %s, then %s", highest, status("VmRSS:"))
}

// status returns a field of the process's status.
func status(field string) string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	_, after, _ := strings.Cut(string(b), field)
	line, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(line)
}

// rawDump prints spec as bpftool does.
func rawDump(t *testing.T, spec *btf.Spec) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := dump.Raw(&out, spec); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// compareDumps finds the first line that differs.
func compareDumps(t *testing.T, name string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Errorf("%s: line %d\ngot     %q\nbpftool %q", name, i+1, gotLines[i], wantLines[i])
			return
		}
	}
	t.Errorf("%s: %d lines, bpftool has %d", name, len(gotLines), len(wantLines))
}
