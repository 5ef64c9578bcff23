package elfx

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// kernelsDir returns the folder that BTFKIT_KERNELS names: unpacked kernel packages, one folder
// each.
func kernelsDir(t *testing.T) string {
	dir := os.Getenv("BTFKIT_KERNELS")
	if dir == "" {
		for _, name := range strings.Split(os.Getenv("BTFKIT_REQUIRE"), ",") {
			if name == "kernels" {
				t.Fatal("BTFKIT_REQUIRE has kernels, BTFKIT_KERNELS is not set")
			}
		}
		t.Skip("set BTFKIT_KERNELS to a folder of unpacked kernel packages to run this test")
	}
	return dir
}

// kernelFormats says how the kernels of Debian's packages are packed; TestKernels wants one each.
var kernelFormats = map[string]string{
	"deb-6.1-cloud-amd64":  "bzImage/lz4-legacy/ELF64",
	"deb-6.12-cloud-amd64": "bzImage/zstd/ELF64",
	"deb-7.2-amd64":        "bzImage/zstd/ELF64",
	"deb-7.2-arm64":        "arm64-Image/raw",
	"deb-7.2-s390x":        "image/zstd/image/raw",
}

// findImage returns the vmlinuz below a folder.
func findImage(t *testing.T, dir string) string {
	t.Helper()
	var found string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasPrefix(d.Name(), "vmlinuz") {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("%s: no vmlinuz, error %v", dir, err)
	}
	return found
}

// TestKernels extracts the BTF of real kernels from the plain vmlinuz and reads all of it.
func TestKernels(t *testing.T) {
	dir := kernelsDir(t)
	for name, format := range kernelFormats {
		t.Run(name, func(t *testing.T) {
			path := findImage(t, filepath.Join(dir, name))
			start := time.Now()
			d, err := ExtractFile(context.Background(), path, nil)
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(start)
			if d.Format != format {
				t.Errorf("format %s, want %s", d.Format, format)
			}
			spec, err := btf.Parse(d.BTF, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer spec.Close()
			if _, err := spec.TypeByName("task_struct", btf.KindStruct); err != nil {
				t.Errorf("struct task_struct: %v", err)
			}
			_, end := spec.IDs()
			fmt.Printf("%s: %s, %d types, %d bytes, %v, sha256 %x\n", name, d.Format, end, len(d.BTF),
				took.Round(time.Millisecond), sha256.Sum256(d.BTF))
		})
	}
}

// TestRunningKernel reads this machine's own kernel and its modules, if it shows them.
func TestRunningKernel(t *testing.T) {
	if _, err := os.Stat(filepath.Join(SysDir, "vmlinux")); err != nil {
		t.Skipf("%v: run this on Linux 5.4 or later with CONFIG_DEBUG_INFO_BTF", err)
	}
	spec, path, err := OpenKernel(context.Background(), "/", heap, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Close()
	if path != filepath.Join(SysDir, "vmlinux") {
		t.Errorf("read %s", path)
	}
	c, err := Dir(context.Background(), SysDir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.TypeByName("task_struct", btf.KindStruct); err != nil {
		t.Errorf("struct task_struct: %v", err)
	}
	if err := c.OpenAll(context.Background(), 2, nil); err != nil {
		t.Error(err)
	}
	for _, p := range c.Problems() {
		t.Errorf("%s: %v", p.Path, p.Err)
	}
}

// TestKernelModules opens every module of Debian's kernels against the vmlinux of the same package,
// one after the other and then in parallel, and prints what it took.
func TestKernelModules(t *testing.T) {
	dir := kernelsDir(t)
	for name := range kernelFormats {
		t.Run(name, func(t *testing.T) {
			total := 0
			for _, workers := range []int{1, runtime.NumCPU()} {
				total = openModules(t, filepath.Join(dir, name), workers)
			}
			if strings.Contains(name, "7.2") && total < 1000 {
				t.Errorf("%d modules, want more than a thousand", total)
			}
		})
	}
}

// openModules opens a tree's modules and returns their number.
func openModules(t *testing.T, dir string, workers int) int {
	t.Helper()
	resetPeak()
	start := time.Now()
	c, err := Tree(context.Background(), dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	found := time.Since(start)
	if err := c.OpenAll(context.Background(), workers, nil); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	types := 0
	for _, spec := range c.Specs() {
		first, end := spec.IDs()
		types += int(end - first)
	}
	bad := c.Problems()
	for _, p := range bad {
		t.Errorf("%s: %v", p.Path, p.Err)
	}
	fmt.Printf("%s: %d modules, %d types, %d problems; kernel after %v, all after %v, "+
		"%d workers, peak memory %s\n", filepath.Base(dir), c.Len(), types, len(bad),
		found.Round(time.Millisecond), took.Round(time.Millisecond), workers, peak())
	return c.Len()
}

// resetPeak makes the kernel forget the process's peak of resident memory, after the garbage of
// earlier tests is returned to it.
func resetPeak() {
	debug.FreeOSMemory()
	// Refused, or not Linux: peak then covers earlier tests, too.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// peak returns the peak of resident memory as Linux prints it.
func peak() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(line)
}
