package elfx

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// archives pack files, each in its own format.
var archives = map[string]func(t *testing.T, files ...[]byte) []byte{
	"tar": tarOf, "cpio": cpioOf, "ar": arOf, "zip": zipOf,
}

func tarOf(t *testing.T, files ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i, file := range files {
		h := &tar.Header{Name: fmt.Sprintf("file%d", i), Size: int64(len(file)), Mode: 0o644}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// cpioOf writes the format of initial ramdisks ("newc").
func cpioOf(_ *testing.T, files ...[]byte) []byte {
	var b []byte
	pad := func() {
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	for i, file := range append(files, nil) {
		name := fmt.Sprintf("file%d", i)
		if i == len(files) {
			name = "TRAILER!!!"
		}
		b = append(b, "070701"...)
		for field := range 13 {
			v := map[int]int{6: len(file), 11: len(name) + 1}[field]
			b = fmt.Appendf(b, "%08X", v)
		}
		b = append(append(b, name...), 0)
		pad()
		b = append(b, file...)
		pad()
	}
	return b
}

func arOf(_ *testing.T, files ...[]byte) []byte {
	b := []byte("!<arch>\n")
	for i, file := range files {
		b = fmt.Appendf(b, "file%-12s%-12d%-6d%-6d%-8o%-10d`\n",
			fmt.Sprintf("%d/", i), 0, 0, 0, 0o644, len(file))
		b = append(b, file...)
		if len(file)%2 != 0 {
			b = append(b, '\n')
		}
	}
	return b
}

func zipOf(t *testing.T, files ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, file := range files {
		f, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("file%d", i), Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// splitBTF encodes BTF that is split on something: its names are beyond its own strings.
func splitBTF(order binary.ByteOrder) []byte {
	b := smallBTF(order)
	order.PutUint32(b[24:], 1<<16)
	return b
}

// TestArchives takes BTF from an archive where there is one that stands alone, lists the places
// where there are several, and never takes a part of a module. Archives are read plain, and packed.
func TestArchives(t *testing.T) {
	le := binary.LittleEndian
	blob := smallBTF(le)
	elf := func(sections ...testSection) []byte {
		return testELF{class: 64, order: le, sections: sections}.build(t)
	}
	text := progbits(".text", []byte("\x7fELF no file, but one's name for itself"))
	module := elf(text, progbits(".BTF", blob), progbits(".BTF.base", blob))
	extra := elf(progbits(".BTF", splitBTF(le)), progbits(".BTF.inline", manyInts(le, 9)))
	within := elf(progbits(".rodata", elf(progbits(".BTF.ext", blob[24:]))),
		progbits(".BTF.base", blob), progbits(".BTF", splitBTF(le)))
	kernel, plainText := elf(text, progbits(".BTF", blob)), []byte("a file of another kind")
	tests := []struct {
		name  string
		files [][]byte
		is    error
		says  string
	}{
		{"kernel", [][]byte{plainText, kernel}, nil, ""},
		{"raw", [][]byte{blob, plainText}, nil, ""},
		{"packed", [][]byte{plainText, zstdBytes(t, nil, kernel)}, nil, ""},
		{"text", [][]byte{plainText}, ErrNoBTF, "archive: unpack it"},
		{"module", [][]byte{module}, ErrNoBTF,
			"archive of modules, whose BTF needs a base (153 bytes at"},
		{"module with another file inside", [][]byte{within}, ErrNoBTF, "archive of modules"},
		{"extra", [][]byte{extra}, ErrNoBTF, "archive of modules"},
		{"two", [][]byte{kernel, kernel}, ErrUnsupported, "archive with BTF in 2 places (153 bytes at"},
		{"kernel and module", [][]byte{kernel, module}, ErrUnsupported, "in 2 places"},
		{"raw and packed", [][]byte{blob, zstdBytes(t, nil, blob)}, ErrUnsupported, "in 2 places"},
		{"two packed", [][]byte{zstdBytes(t, nil, blob), zstdBytes(t, nil, kernel)}, ErrUnsupported,
			"in 2 places"},
		{"many", slices.Repeat([][]byte{blob}, 20), ErrUnsupported, "in 20 places"},
	}
	for format, pack := range archives {
		for _, test := range tests {
			plain := pack(t, test.files...)
			for _, file := range [][]byte{plain, zstdBytes(t, nil, plain)} {
				d, err := ExtractBytes(context.Background(), file, nil)
				if test.is == nil && err == nil && bytes.Equal(d.BTF, blob) &&
					strings.Contains(d.Format, format) {
					continue
				}
				if test.is == nil || !errors.Is(err, test.is) ||
					!strings.Contains(err.Error(), format+" archive") ||
					!strings.Contains(err.Error(), test.says) {
					t.Errorf("%s, %s: %v, error %v, want %v and %q",
						format, test.name, d, err, test.is, test.says)
				}
			}
		}
	}
}

// TestImageWithModule takes the kernel's BTF from an image that has a module in it, too, though the
// base that the module brings is larger; alone, that is nobody's.
func TestImageWithModule(t *testing.T) {
	le := binary.LittleEndian
	module := testELF{class: 64, order: le, sections: []testSection{
		progbits(".BTF", splitBTF(le)), progbits(".BTF.base", manyInts(le, 99)),
	}}.build(t)
	image := func(kernel []byte) []byte {
		return marked("ARM\x64", slices.Concat(make([]byte, 4096), kernel, module))
	}
	d, err := ExtractBytes(context.Background(), image(smallBTF(le)), nil)
	if err != nil || !bytes.Equal(d.BTF, smallBTF(le)) {
		t.Errorf("not the kernel's, error %v", err)
	}
	if _, err := ExtractBytes(context.Background(), image(nil), nil); !errors.Is(err, ErrNoBTF) {
		t.Errorf("of a module alone: error %v", err)
	}
}

// TestLargestSaysOthers lists what else is in a kernel's image, such as modules of a built-in
// ramdisk.
func TestLargestSaysOthers(t *testing.T) {
	le := binary.LittleEndian
	small, large := smallBTF(le), manyInts(le, 100)
	file := slices.Concat(make([]byte, 64), small, large, small)
	d, err := ExtractBytes(context.Background(), marked("ARM\x64", file), nil)
	if err != nil || !bytes.Equal(d.BTF, large) {
		t.Fatalf("%v, error %v", d, err)
	}
	n := int64(len(small))
	want := []Place{{64, n}, {64 + n + int64(len(large)), n}}
	if !slices.Equal(d.Others, want) {
		t.Errorf("others %v, want %v", d.Others, want)
	}
	if d, err = ExtractBytes(context.Background(), slices.Concat(make([]byte, 64), small),
		nil); err != nil ||
		d.Others != nil {
		t.Errorf("%v, error %v: others where there are none", d, err)
	}
}

// TestWrappedInELF finds a kernel in an ELF file that unpacks itself, in whatever section of the
// program it is, packed by whatever compressor.
func TestWrappedInELF(t *testing.T) {
	blob := smallBTF(binary.LittleEndian)
	for name := range streams {
		if strings.HasSuffix(name, ".lzma") && name != "usual.lzma" && name != "small.lzma" ||
			name == "skipped.zst" {
			continue // they have no magic number
		}
		file, _ := readStream(t, name)
		for _, in := range []string{".data", ".rodata.compressed"} {
			section := testSection{name: in, typ: shtProgbits, flags: shfAlloc,
				data: slices.Concat([]byte("before"), file, []byte("behind"))}
			e := testELF{class: 32, order: binary.BigEndian, sections: []testSection{
				{name: ".text", typ: shtProgbits, flags: shfAlloc, data: make([]byte, 99)}, section,
				{name: ".bss", typ: shtNobits, flags: shfAlloc, size: 1 << 40},
			}}
			d, err := ExtractBytes(context.Background(), e.build(t), nil)
			if err != nil || !bytes.Equal(d.BTF, blob) || !strings.HasPrefix(d.Format, "ELF32/") {
				t.Errorf("%s in %s: %v, error %v", name, section.name, d, err)
			}
			section.flags = 0 // no part of the program
			e.sections[1] = section
			d, err = ExtractBytes(context.Background(), e.build(t), nil)
			if !errors.Is(err, ErrNoBTF) || !strings.Contains(err.Error(), "built without BTF") {
				t.Errorf("%s in a section that is not loaded: %v, error %v", name, d, err)
			}
		}
	}
}

// TestELFSearchIsLinear looks at each byte of a file a few times at most, however many sections say
// that they have it.
func TestELFSearchIsLinear(t *testing.T) {
	data := testSection{name: ".data", typ: shtProgbits, flags: shfAlloc, data: make([]byte, 1<<20)}
	sections := []testSection{data}
	for range 5000 {
		sections = append(sections, testSection{name: ".data", typ: shtProgbits, flags: shfAlloc})
	}
	le := binary.LittleEndian
	file := testELF{class: 64, order: le, sections: sections}.build(t)
	shoff := le.Uint64(file[elf64.ehShoff:])
	first := file[shoff+64:][:64]
	for i := range 5000 {
		copy(file[shoff+64*uint64(i+2):], first)
	}
	r := &countingReader{ReaderAt: bytes.NewReader(file)}
	_, err := Extract(context.Background(), r, int64(len(file)), &Options{MaxSize: 1 << 40})
	if !errors.Is(err, ErrNoBTF) || r.n > 3*int64(len(file)) {
		t.Errorf("read %d bytes of a file of %d, error %v", r.n, len(file), err)
	}
}

// TestLazyBTF finds a kernel's BTF that is a zstd frame (CONFIG_DEBUG_INFO_BTF_LAZY), behind other
// frames: in a file of its own, in ELF files and raw images, and in these as kernels are packed.
func TestLazyBTF(t *testing.T) {
	le := binary.LittleEndian
	blob := smallBTF(le)
	frame := zstdBytes(t, nil, blob)
	other := zstdBytes(t, nil, testELF{class: 64, order: le, sections: []testSection{
		progbits(".BTF", manyInts(le, 99)),
	}}.build(t)) // a module in a ramdisk, which is not the kernel's
	data := slices.Concat(make([]byte, 100), frame, make([]byte, 100))
	vmlinux := testELF{class: 64, order: le, sections: []testSection{
		{name: ".text", typ: shtProgbits, flags: shfAlloc, data: make([]byte, 100)},
		{name: ".rodata", typ: shtProgbits, flags: shfAlloc, data: data},
	}}.build(t)
	raw := marked("ARM\x64", bytes.Clone(data))
	for format, file := range map[string][]byte{
		"zstd/raw":             frame,
		"ELF64/zstd/raw":       vmlinux,
		"arm64-Image/zstd/raw": raw,
		"zstd/ELF64/zstd/raw":  zstdBytes(t, nil, vmlinux),
		"bzImage/zstd/ELF64/zstd/raw": bzImageOf(withSize(
			zstdBytes(t, nil, slices.Concat(vmlinux, other)), 0)),
		"zboot/zstd/arm64-Image/zstd/raw": zbootOf("zstd", zstdBytes(t, nil,
			slices.Concat(raw[:64], other, raw)), len(raw)),
		"image/zstd/image/zstd/raw": slices.Concat([]byte("boot"), zstdBytes(t, nil, data)),
	} {
		d, err := ExtractBytes(context.Background(), file, nil)
		if err != nil || !bytes.Equal(d.BTF, blob) || d.Format != format || d.Offset != -1 {
			t.Errorf("%s: %v, error %v", format, d, err)
		}
	}
}

// TestLazyBTFAlone takes nothing else from inside a kernel than zstd frames of BTF: there may be a
// ramdisk with modules, and files of other kernels.
func TestLazyBTFAlone(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(imageDir, "module.ko.zst"))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(smallBTF(binary.LittleEndian)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{file, packed.Bytes()} {
		vmlinux := testELF{class: 64, order: binary.LittleEndian, sections: []testSection{
			{name: ".init.data", typ: shtProgbits, flags: shfAlloc, data: data},
		}}.build(t)
		d, err := ExtractBytes(context.Background(), bzImageOf(withSize(zstdBytes(t, nil, vmlinux), 0)),
			nil)
		if !errors.Is(err, ErrNoBTF) {
			t.Errorf("%v, error %v", d, err)
		}
	}
}

// TestExtras hands out .BTF.inline and whatever else is called so, beside the file's own BTF and
// never as that.
func TestExtras(t *testing.T) {
	for _, class := range []int{32, 64} {
		for _, order := range bothOrders {
			testExtras(t, testELF{class: class, order: order})
		}
	}
}

func testExtras(t *testing.T, e testELF) {
	t.Helper()
	blob, inline := smallBTF(e.order), splitBTF(e.order)
	e.sections = []testSection{
		{name: ".BTF.inline", typ: 1, data: inline, compress: chZstd}, progbits(".BTF", blob),
		progbits(".BTF.vars", inline), progbits(".BTF_ids", []byte("ids")), progbits(".BTF.none", nil),
		{name: ".BTF.gone", typ: shtNobits, size: 9}, progbits(".BTF.ext", nil),
	}
	d, err := ExtractBytes(context.Background(), e.build(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Extra) != 2 || !bytes.Equal(d.Extra["inline"], inline) ||
		!bytes.Equal(d.Extra["vars"], inline) {
		t.Errorf("extras %v", d.Extra)
	}
	if !bytes.Equal(d.BTF, blob) || d.Base != nil || d.Ext != nil {
		t.Errorf("%v: not the file's own BTF alone", d)
	}
	refused := map[string][]testSection{
		"no .BTF among 3 sections": {progbits(".BTF.inline", blob)},
		".BTF.inline section at 0": {progbits(".BTF", blob),
			progbits(".BTF.inline", []byte("junk"))},
		"section 3, .BTF.inline: there is one": {progbits(".BTF", blob),
			progbits(".BTF.inline", blob), progbits(".BTF.inline", blob)},
		".BTF.base section at 0x": {progbits(".BTF", blob), progbits(".BTF.base", nil)},
		"begins with 6a 75 6e 6b, no BTF magic": {progbits(".BTF", blob),
			progbits(".BTF.base", []byte("junk"))},
		"section 10, .BTF.x8: there is one, or 8 ": append(
			[]testSection{progbits(".BTF", blob)}, manyExtras(blob)...),
	}
	for says, sections := range refused {
		e.sections = sections
		d, err := ExtractBytes(context.Background(), e.build(t), nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, error %v, want %q", d, err, says)
		}
	}
}

// manyExtras makes more sections than one file may have.
func manyExtras(blob []byte) (sections []testSection) {
	for i := range maxExtras + 1 {
		sections = append(sections, progbits(fmt.Sprintf(".BTF.x%d", i), blob))
	}
	return sections
}

// TestMessages are of bounded length, whatever is in the file and whatever was tried.
func TestMessages(t *testing.T) {
	le := binary.LittleEndian
	var finds []byte
	for range 30 {
		finds = append(finds, "\x28\xb5\x2f\xfd\x00\x58 and no more of a frame than that"...)
	}
	long := strings.Repeat("ü", 1<<20)
	files := map[string][]byte{
		"finds": append([]byte("none"), finds...),
		"names": testELF{class: 64, order: le, sections: []testSection{
			progbits(".BTF."+long, []byte("junk")), progbits(".BTF", smallBTF(le)),
		}}.build(t),
		"archive": tarOf(t, slices.Repeat([][]byte{smallBTF(le)}, 500)...),
	}
	for name, file := range files {
		_, err := ExtractBytes(context.Background(), file, nil)
		if err == nil || len(err.Error()) > 1000 {
			t.Errorf("%s: %d bytes: %v", name, len(fmt.Sprint(err)), err)
		}
	}
	err := &Error{Path: "path", Format: "a", Err: errors.New(long), Tried: []string{long, long}}
	if text := err.Error(); len(text) > 1000 || !strings.HasPrefix(text, "elfx: path: a: üü") ||
		strings.ToValidUTF8(text, "?") != text || !strings.Contains(text, "… (tried üü") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}
