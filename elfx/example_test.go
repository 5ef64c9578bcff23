package elfx_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/elfx"
)

// What a file is shows in its bytes: here an x86 kernel image with zstd in it.
func ExampleExtractFile() {
	data, err := elfx.ExtractFile(context.Background(), "testdata/images/bzImage-zstd", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data.Format, data.ByteOrder, len(data.BTF), "bytes")
	// Output: bzImage/zstd/ELF64 LittleEndian 153 bytes
}

// A file without BTF is told apart from one that cannot be read.
func ExampleExtractFile_noBTF() {
	_, err := elfx.ExtractFile(context.Background(), "testdata/images/bzImage-nobtf", nil)
	fmt.Println(errors.Is(err, elfx.ErrNoBTF))
	var e *elfx.Error
	if errors.As(err, &e) {
		fmt.Println(e.Format)
		fmt.Println(e.Err)
	}
	// Output:
	// true
	// bzImage/zstd/ELF64
	// no BTF: no .BTF among 4 sections: the file was built without BTF
}

// Limits are for callers whose input comes from others.
func ExampleOptions() {
	opts := &elfx.Options{MaxSize: 100_000}
	_, err := elfx.ExtractFile(context.Background(), "testdata/images/bzImage-gzip", opts)
	fmt.Println(errors.Is(err, elfx.ErrTooLarge))
	// Output: true
}

// backend is how these examples open BTF; programs take cache.Backend{}, for instance.
var backend = btftest.Plain

func ExampleOpenFile() {
	path := "testdata/images/bzImage-zstd"
	spec, err := elfx.OpenFile(context.Background(), path, nil, backend, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spec.Close()
	pair, err := spec.TypeByName("pair", btf.KindStruct)
	fmt.Println(pair, err)
	// Output: [3] STRUCT pair <nil>
}

// unpacked makes a small tree of a kernel and two modules, one of them damaged.
func unpacked() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "elfx"); err != nil {
		return "", err
	}
	kernel := btftest.Kernel(nil)
	base, err := btf.Parse(kernel, nil)
	if err != nil {
		return "", err
	}
	for name, data := range map[string][]byte{
		"vmlinux": kernel, "snd-good.ko": btftest.Module(base, nil), "bad.ko": nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// Tree reads /lib/modules/RELEASE, or what packages were unpacked to.
func ExampleTree() {
	dir, err := unpacked()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	kernel, err := elfx.Tree(ctx, dir, "", elfx.CollectionOptions{Kernel: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer kernel.Close()
	// Modules are opened when they are needed; this opens all of them on two processors.
	if err := kernel.OpenAll(ctx, 2, nil); err != nil {
		fmt.Println(err)
		return
	}
	for name := range kernel.Names() {
		fmt.Println("found", name)
	}
	for _, problem := range kernel.Problems() {
		fmt.Println(problem.Module, errors.Is(problem.Err, elfx.ErrNoBTF))
	}
	// Output:
	// found bad
	// found snd-good
	// bad true
}

// Dir reads what a running kernel shows in /sys/kernel/btf: raw BTF in files named for the modules.
func ExampleDir() {
	o := elfx.CollectionOptions{Kernel: backend}
	kernel, err := elfx.Dir(context.Background(), elfx.SysDir, "vmlinux", o)
	if err != nil {
		fmt.Println(err) // not Linux, or a kernel without BTF
		return
	}
	defer kernel.Close()
	for t := range kernel.TypesByName("nf_conn", btf.KindStruct) {
		fmt.Println(kernel.ModuleOf(t), t.ID())
	}
}

// A Mirror follows a directory while modules come and go.
func ExampleMirror_Sync() {
	dir, err := unpacked()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	kernel, err := elfx.OpenMirror(ctx, dir, "", elfx.CollectionOptions{Kernel: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer kernel.Close()
	if err := os.Remove(filepath.Join(dir, "bad.ko")); err != nil {
		fmt.Println(err)
		return
	}
	changes, err := kernel.Sync(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("removed", changes.Removed, "unchanged", changes.Unchanged)
	// What was open of it is closed when no reader has it any more.
	for _, spec := range changes.Retired {
		spec.Close()
	}
	// Output: removed [bad.ko] unchanged 1
}

// A module built with a distilled base is moved onto the kernel at hand.
func ExampleOpenFile_distilled() {
	ctx := context.Background()
	const dir = "testdata/distilled/"
	kernel, err := elfx.OpenFile(ctx, dir+"kernel-s390x.o", nil, backend, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The module was built with a distilled base, and is moved onto this kernel.
	module, err := elfx.OpenFile(ctx, dir+"distilled-s390x.o", kernel, backend, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	driver, err := module.TypeByName("driver", btf.KindStruct)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range driver.Members() {
		t := m.Target()
		fmt.Println(m.Name(), m.BitOffset(), t)
	}
	// Output:
	// device 0 [6] STRUCT device
	// other 384 [33] PTR to STRUCT device
	// words 448 [25] ARRAY of 2 UNION word
	// was 512 [3] ENUM state
	// private 576 [26] INT long int
}
