package elfx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false,
	"rebuild testdata/images with the compressors of this machine; see testdata/generate.sh")

const imageDir = "testdata/images"

// compressors are the commands that kernels and modules are compressed with. Those of images are
// the kernel's own (scripts/Makefile.lib), from a pipe, so that no size is known beforehand.
var compressors = map[string][]string{
	"gzip":  {"gzip", "-n", "-9"},
	"bzip2": {"bzip2", "-9"},
	"lzma":  {"xz", "--format=lzma", "-9"},
	"xz":    {"xz", "--check=crc32", "--x86", "--lzma2=dict=128MiB"},
	"lzo":   {"lzop", "-9"},
	"lz4":   {"lz4", "-l", "-9", "-"},
	"zstd":  {"zstd", "-22", "--ultra"},
}

// moduleCompressors are the commands for modules, and the extension of what they make.
var moduleCompressors = map[string][]string{
	"gz":   {"gzip", "-n"},
	"xz":   {"xz", "--check=crc32", "--lzma2=dict=1MiB"},
	"zst":  {"zstd", "-19"},
	"bz2":  {"bzip2"},
	"lz4":  {"lz4", "-9", "-"},
	"lzma": {"xz", "--format=lzma"},
	"lzo":  {"lzop"},
}

// run pipes input through a command.
func run(t *testing.T, command []string, input []byte) []byte {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v (testdata/generate.sh names the packages)", command, err)
	}
	return out
}

// withSize appends the decompressed size, as the kernel's *_with_size rules do.
func withSize(packed []byte, size int) []byte {
	return binary.LittleEndian.AppendUint32(packed, uint32(size))
}

// kernelELF is what a vmlinux for these images consists of: calls, which xz's x86 filter rewrites,
// zeros beyond one block of lzop's, and BTF.
func kernelELF(t *testing.T, sections ...testSection) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	text := make([]byte, 0, 4096)
	for len(text) < 4000 {
		text = append(text, 0xe8, byte(rng.IntN(256)), byte(rng.IntN(4)), 0, 0, 0x90, 0xc3)
	}
	sections = append([]testSection{
		progbits(".text", text), progbits(".data", make([]byte, 300<<10)),
	}, sections...)
	return testELF{class: 64, order: binary.LittleEndian, sections: sections}.build(t)
}

// rawKernel is an image without ELF structure that holds BTF at an odd place, a smaller blob before
// it, and a header that announces more than there is.
func rawKernel(order binary.ByteOrder) []byte {
	b := make([]byte, 4096)
	decoy := smallBTF(order)[:24]
	order.PutUint32(decoy[12:], 0)
	order.PutUint32(decoy[16:], 0)
	order.PutUint32(decoy[20:], 1)
	b = append(append(b, decoy...), 0)                  // no types at all
	b = append(b, smallBTF(order)[:100]...)             // records cut by zeros
	b = append(append(b, "odd"...), smallBTF(order)...) // the blob
	return append(b, make([]byte, 2000)...)
}

// marked puts a mark at 0x38, as raw images have it.
func marked(mark string, b []byte) []byte {
	copy(b[0x38:], mark)
	return b
}

// bzImageOf builds a bzImage with two setup sectors around a payload.
func bzImageOf(payload []byte) []byte {
	b := make([]byte, 3*512+100, 3*512+100+len(payload)+600)
	b[0x1f1] = 2
	copy(b[0x1fe:], "\x55\xaa\xeb\x66HdrS")
	binary.LittleEndian.PutUint16(b[0x206:], 0x020f)
	binary.LittleEndian.PutUint32(b[0x248:], 100)
	binary.LittleEndian.PutUint32(b[0x24c:], uint32(len(payload)))
	return append(append(b, payload...), bytes.Repeat([]byte{0xcc}, 600)...)
}

// zbootOf builds an EFI zboot image; its size field does not count the appended size.
func zbootOf(method string, payload []byte, size int) []byte {
	b := make([]byte, 512)
	copy(b, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(b[8:], 512)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(payload)))
	copy(b[24:], method)
	return append(withSize(append(b, payload...), size), make([]byte, 300)...)
}

// ukiOf builds a PE file with a kernel in its .linux section.
func ukiOf(kernel []byte) []byte {
	b := make([]byte, 512)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[0x3c:], 0x80)
	copy(b[0x80:], "PE\x00\x00\x64\x86\x02\x00")
	binary.LittleEndian.PutUint16(b[0x80+20:], 16) // optional header
	for i, name := range []string{".text", ".linux"} {
		section := b[0x80+24+16+40*i:]
		copy(section, name)
		binary.LittleEndian.PutUint32(section[16:], uint32(len(kernel)))
		binary.LittleEndian.PutUint32(section[20:], 512)
	}
	return append(b, kernel...)
}

// signed appends a signature of n bytes, as scripts/sign-file does.
func signed(b []byte, n int) []byte {
	b = append(bytes.Clone(b), bytes.Repeat([]byte{0x30}, n)...)
	b = append(b, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, byte(n>>8), byte(n))
	return append(b, signatureMarker...)
}

// buildImages makes every fixture: its name, and the bytes.
func buildImages(t *testing.T) map[string][]byte {
	le, be := binary.LittleEndian, binary.BigEndian
	vmlinux, raw := kernelELF(t, progbits(".BTF", smallBTF(le))), rawKernel(le)
	module := testELF{class: 64, order: le, sections: []testSection{
		progbits(".BTF", smallBTF(le)), progbits(".BTF.base", smallBTF(le)),
	}}.build(t)
	images := map[string][]byte{
		"module.ko": module, "module-signed.ko": signed(module, 300),
		"bzImage-none":  bzImageOf(module),
		"bzImage-nobtf": bzImageOf(withSize(run(t, compressors["zstd"], kernelELF(t)), 0)),
		"arm64-Image":   marked("ARM\x64", bytes.Clone(raw)),
		"riscv-Image":   marked("RSC\x05", bytes.Clone(raw)),
		"raw-nobtf":     marked("ARM\x64", make([]byte, 5000)),
	}
	for name, command := range moduleCompressors {
		packed := run(t, command, module)
		images["module.ko."+name] = packed
		images["module-signed-twice.ko."+name] = signed(run(t, command, signed(module, 300)), 200)
	}
	for name, command := range compressors {
		packed := run(t, command, vmlinux)
		if name != "gzip" {
			packed = withSize(packed, len(vmlinux))
		}
		images["bzImage-"+name] = bzImageOf(packed)
		// A boot loader in front, something behind: the stream has to be found, and to end.
		images["s390x-"+name] = append(append(bytes.Repeat([]byte("boot\x1f\x8b\x08"), 9),
			withSize(run(t, command, rawKernel(be)), 0)...), bytes.Repeat([]byte{7}, 999)...)
	}
	for _, name := range []string{"gzip", "zstd", "lzma", "xz", "lz4", "lzo"} {
		arm := marked("ARM\x64", bytes.Clone(raw))
		images["zboot-"+name] = zbootOf(name, run(t, compressors[name], arm), len(arm))
	}
	images["arm64-Image.gz"] = run(t, compressors["gzip"], images["arm64-Image"])
	images["uki.efi"] = ukiOf(images["bzImage-zstd"])
	images["zImage-ppc64"] = testELF{class: 64, order: be, sections: []testSection{
		progbits(wrappedKernel, run(t, compressors["gzip"], testELF{class: 64, order: be,
			sections: []testSection{progbits(".BTF", smallBTF(be))}}.build(t))),
	}}.build(t)
	images["bzImage-lz4-blocks"] = bzImageOf(withSize(
		run(t, compressors["lz4"], append(kernelELF(t, progbits(".BTF", smallBTF(le))),
			make([]byte, 9<<20)...)), 0))
	return images
}

// TestImages extracts BTF from every fixture; -update makes them anew first.
func TestImages(t *testing.T) {
	if *update {
		if err := os.RemoveAll(imageDir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(imageDir, 0o777); err != nil {
			t.Fatal(err)
		}
		for name, b := range buildImages(t) {
			if err := os.WriteFile(filepath.Join(imageDir, name), b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := os.ReadDir(imageDir)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, file := range files {
		path := filepath.Join(imageDir, file.Name())
		fmt.Fprintf(&got, "%s: %s\n", file.Name(), describe(t, path))
	}
	compareGolden(t, "testdata/images.golden", got.String())
}

// TestImageHeaders reads the fields of headers that no fixture has.
func TestImageHeaders(t *testing.T) {
	b := bzImageOf(nil)
	b[0x1f1] = 0 // old boot loaders' word for 4
	if off, n, ok := bzImage(b); off != 5*512+100 || n != 0 || !ok {
		t.Errorf("setup_sects 0: payload at %d, %d bytes, %v", off, n, ok)
	}
	b[0x206] = 7
	b[0x207] = 2
	if _, _, ok := bzImage(b); ok {
		t.Error("a header of protocol 2.07, which has no payload fields, is accepted")
	}
	b = ukiOf(b)
	copy(b[0x80+24+16+40:], ".initrd")
	if _, _, ok := unifiedImage(b); ok {
		t.Error("a PE file without a .linux section is accepted")
	}
	binary.LittleEndian.PutUint32(b[0x3c:], 1<<31)
	if _, _, ok := unifiedImage(b); ok {
		t.Error("a PE header outside the file is accepted")
	}
}

// describe says what came out of a file, with the blob checked against the one put in.
func describe(t *testing.T, path string) string {
	d, err := ExtractFile(context.Background(), path, nil)
	if err != nil {
		return err.Error()
	}
	if !bytes.Equal(d.BTF, smallBTF(d.ByteOrder)) {
		t.Errorf("%s: %d bytes of BTF, sum %x: not those put in", path, len(d.BTF),
			sha256.Sum256(d.BTF))
	}
	return fmt.Sprintf("%s, offset %d, base %d bytes, %v, %d-byte pointers",
		d.Format, d.Offset, len(d.Base), d.ByteOrder, d.PointerSize)
}

// compareGolden compares text with a committed file, which -update writes.
func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (-update rewrites it):\n%s", path, got)
	}
}
