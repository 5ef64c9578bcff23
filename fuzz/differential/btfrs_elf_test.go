package differential

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/elfx"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// What btf-rs 2.0 asserts of collections, restated; btfrsTable explains how.
var btfrsCollectionTable = []struct {
	test, asserts string
	check         func(*modules.Collection) error
}{
	{"btfc", "the kernel's kfree is a FUNC of that name, by name and by id",
		functionOf("kfree", "vmlinux")},
	{"btfc", "a module's function is a FUNC of that name, by name and by id",
		functionOf("vhost_net_open", "vhost_net")},
	{"btfc", "there is no module of an unknown name", func(c *modules.Collection) error {
		if _, err := c.Module(context.Background(), "invalid_module"); !errors.Is(err, btf.ErrNotFound) {
			return fmt.Errorf("error %v", err)
		}
		return nil
	}},
	{"btfc", "the module alone finds its function", func(c *modules.Collection) error {
		m, err := c.Module(context.Background(), "vhost_net")
		if err != nil {
			return err
		}
		return hasTypes("vhost_net_open", btf.KindFunc)(m)
	}},
	{"btfc_resolve_regex", "an expression finds one enum of the kernel and one of the module",
		enumsOf("skb_drop_reason in vmlinux, vhost_uaddr_type in vhost_net")},
}

// specOf returns the section of a collection by name.
func specOf(c *modules.Collection, name string) (*btf.Spec, error) {
	if name == "vmlinux" {
		return c.Base(), nil
	}
	return c.Module(context.Background(), name)
}

func functionOf(name, module string) func(*modules.Collection) error {
	return func(c *modules.Collection) error {
		n := 0
		for t := range c.TypesByName(name) {
			n++
			if t.Kind() != btf.KindFunc || t.Name() != name || c.ModuleOf(t) != module {
				return fmt.Errorf("%v in %q", t, c.ModuleOf(t))
			}
			spec, err := specOf(c, c.ModuleOf(t))
			if err != nil {
				return err
			}
			if again, err := spec.TypeByID(t.ID()); err != nil || again != t {
				return fmt.Errorf("by id %v, %v; want %v", again, err, t)
			}
		}
		if n != 1 {
			return fmt.Errorf("%d types named %s", n, name)
		}
		return nil
	}
}

func enumsOf(want string) func(*modules.Collection) error {
	m := btf.MustMatcher(`^[[:alpha:]]+_(uaddr_type|drop_reason)$`)
	return func(c *modules.Collection) error {
		var got []string
		for t := range c.TypesByMatch(m, btf.KindEnum) {
			got = append(got, t.Name()+" in "+c.ModuleOf(t))
		}
		if s := strings.Join(got, ", "); s != want {
			return fmt.Errorf("%s; want %s", s, want)
		}
		return nil
	}
}

func checkBtfrsCollection(t *testing.T, name string, c *modules.Collection, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	defer c.Close()
	for _, row := range btfrsCollectionTable {
		if err := row.check(c); err != nil {
			t.Errorf("%s: %s: %s: %v", name, row.test, row.asserts, err)
		}
	}
	for _, p := range c.Problems() {
		t.Errorf("%s: module %s: %v", name, p.Module, p.Err)
	}
}

// TestBtfrsFiles checks the table of collections on raw BTF: added from files, from bytes, and
// found in a directory.
func TestBtfrsFiles(t *testing.T) {
	module := blobs.Find(t, btfrsModule).Bytes(t)
	dir := writeFiles(t, map[string][]byte{
		"vmlinux": blobs.Find(t, btfrsKernel).Bytes(t), "vhost_net": module,
	})
	for _, b := range oracle.Backends {
		t.Run(b.Name(), func(t *testing.T) {
			o := elfx.CollectionOptions{Kernel: b}
			c, err := elfx.Dir(t.Context(), dir, "vmlinux", o)
			checkBtfrsCollection(t, "a directory", c, err)

			base, err := b.Open(filepath.Join(dir, "vmlinux"), nil)
			if err != nil {
				t.Fatal(err)
			}
			c = modules.New(base)
			err = elfx.AddFile(c, filepath.Join(dir, "vhost_net"), o)
			// The same name again is an error, as it is there.
			if again := elfx.AddBytes(c, "vhost_net", module, o); !errors.Is(again, modules.ErrDuplicate) {
				t.Errorf("a second vhost_net: %v", again)
			}
			checkBtfrsCollection(t, "files", c, err)

			c = modules.New(blobs.Find(t, btfrsKernel).Open(t, b))
			err = elfx.AddBytes(c, "vhost_net", module, o)
			checkBtfrsCollection(t, "bytes", c, err)
		})
	}
}

// TestBtfrsELF checks both tables on a kernel and a module that are packed in each of the ways
// that btf-rs's own test data is: as plain ELF files, and as a bzImage and a module compressed by
// real compressors.
func TestBtfrsELF(t *testing.T) {
	for i, p := range []struct{ name, kernel, module, ext string }{
		{"uncompressed", "", "", ""},
		{"bzip2+xz", "bzip2", "xz", ".xz"},
		{"gzip+gzip", "gzip", "gzip", ".gz"},
		{"xz+xz", "xz", "xz", ".xz"},
		{"zstd+zstd", "zstd", "zstd", ".zst"},
	} {
		t.Run(p.name, func(t *testing.T) {
			image := elfFile(t, blobs.Find(t, btfrsKernel).Bytes(t))
			if p.kernel != "" {
				image = bzImage(compress(t, p.kernel, image))
			}
			module := "kernel/drivers/vhost/vhost_net.ko" + p.ext
			dir := writeFiles(t, map[string][]byte{
				"vmlinux": image,
				module:    compress(t, p.module, elfFile(t, blobs.Find(t, btfrsModule).Bytes(t))),
			})
			checkBtfrsFiles(t, filepath.Join(dir, "vmlinux"), filepath.Join(dir, module))
			// Unpacking takes seconds, and backends see no difference after it: they take turns.
			b := oracle.Backends[i%len(oracle.Backends)]
			o := elfx.CollectionOptions{Kernel: b}
			c, err := elfx.Tree(t.Context(), dir, "", o)
			checkBtfrsCollection(t, b.Name(), c, err)
			if _, err := elfx.Tree(t.Context(), filepath.Join(dir, "vmlinux"), "", o); err == nil {
				t.Error("a file passes for a directory")
			}
		})
	}
}

// TestKernelBtfrs checks both tables on the package that the corpus has its kernel from.
func TestKernelBtfrs(t *testing.T) {
	group, _, _ := strings.Cut(btfrsKernel, "/")
	dir := filepath.Join(requireKernels(t), group)
	kernel := kernelImage(t, dir)
	files := findFiles(t, dir, func(name string) bool { return name == "vhost_net.ko" })
	if len(files) != 1 {
		t.Fatalf("modules %q, want one vhost_net.ko", files)
	}
	checkBtfrsFiles(t, kernel, files[0])
	for _, b := range oracle.Backends {
		base, err := elfx.OpenFile(t.Context(), kernel, nil, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := modules.New(base)
		err = elfx.AddFile(c, files[0], elfx.CollectionOptions{Kernel: b})
		checkBtfrsCollection(t, b.Name(), c, err)
	}
}

// checkBtfrsFiles checks btfrsTable on the BTF in two files, in each backend.
func checkBtfrsFiles(t *testing.T, kernel, module string) {
	t.Helper()
	data, err := elfx.ExtractFile(t.Context(), kernel, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range oracle.Backends {
		base, err := elfx.OpenData(t.Context(), data, nil, b)
		if err != nil {
			t.Fatal(err)
		}
		checkBtfrs(t, b.Name()+"/kernel", base, false)
		split, err := elfx.OpenFile(t.Context(), module, base, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkBtfrs(t, b.Name()+"/module", split, true)
		if err := errors.Join(split.Close(), base.Close()); err != nil {
			t.Error(err)
		}
	}
}

// writeFiles writes files below a new directory, and returns that.
func writeFiles(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// compress runs a compressor; without a name it returns data as it is.
func compress(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	if name == "" {
		return data
	}
	tool := require.Tool(t, name, "install gzip, bzip2, xz-utils and zstd")
	cmd := exec.Command(tool, "-1", "-c")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// elfFile makes an ELF file that has data in its section .BTF.
func elfFile(t *testing.T, data []byte) []byte {
	t.Helper()
	const names = "\x00.BTF\x00.shstrtab\x00"
	const headerSize, sectionSize = 64, 64
	after := uint64(headerSize + len(data))
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64),
			byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Shoff: after + uint64(len(names)), Ehsize: headerSize, Shentsize: sectionSize, Shnum: 3,
		Shstrndx: 2,
	}
	sections := [3]elf.Section64{
		{}, // the null section
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: headerSize, Size: uint64(len(data))},
		{Name: 6, Type: uint32(elf.SHT_STRTAB), Off: after, Size: uint64(len(names))},
	}
	var b bytes.Buffer
	for _, part := range []any{header, data, []byte(names), sections} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// bzImage puts a payload into an x86 boot image, by the fields of its header that say where the
// kernel is (Documentation/arch/x86/boot.rst): behind one setup sector and the boot sector.
func bzImage(payload []byte) []byte {
	b := make([]byte, 2*512, 2*512+len(payload))
	b[0x1f1] = 1                                        // setup_sects
	binary.LittleEndian.PutUint16(b[0x1fe:], 0xaa55)    // boot_flag
	copy(b[0x202:], "HdrS")                             // header
	binary.LittleEndian.PutUint16(b[0x206:], 2<<8|0x0f) // version
	binary.LittleEndian.PutUint32(b[0x248:], 0)         // payload_offset
	binary.LittleEndian.PutUint32(b[0x24c:], uint32(len(payload)))
	return append(b, payload...)
}
