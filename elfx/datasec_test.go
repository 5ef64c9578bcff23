package elfx

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// datasecs lists the DATASECs of BTF: name and size, and the offset, size, name and linkage of each
// variable.
func datasecs(t *testing.T, data []byte) string {
	t.Helper()
	spec, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Close()
	var out strings.Builder
	for _, typ := range spec.All() {
		if typ.Kind() != btf.KindDatasec {
			continue
		}
		size, _ := typ.Size()
		fmt.Fprintf(&out, "%s %d\n", typ.Name(), size)
		for _, entry := range typ.VarSecinfos() {
			v := entry.Target()
			linkage, _ := v.Linkage()
			fmt.Fprintf(&out, "  %d+%d %s %v\n", entry.Offset(), entry.Size(), v.Name(), linkage)
		}
	}
	return out.String()
}

// fixedVars is what libbpf 1.1.2 makes of testdata/datasec/vars-el.o, but for .kconfig and .ksyms,
// which it lays out as it loads them.
const fixedVars = `.bss 24
  0+4 zeroed global
  4+1 inside static
  8+4 concealed static
  12+4 own_bss static
  16+8 counted global
.data 16
  0+4 filled global
  4+2 weakly global
  8+8 own_data static
.data.pairs 40
  0+16 first global
  16+1 between global
  24+16 second global
.kconfig 0
  0+4 CONFIG_HZ extern
.ksyms 0
  0+0 some_function extern
  0+4 some_symbol extern
.rodata 8
  0+4 fixed global
  4+4 own_fixed static
license 4
  0+4 licensed global
`

// TestFixDatasec completes objects of clang in both byte orders, if asked to.
func TestFixDatasec(t *testing.T) {
	for _, name := range []string{"vars-el.o", "vars-eb.o"} {
		file, err := os.ReadFile("testdata/datasec/" + name)
		if err != nil {
			t.Fatal(err)
		}
		original := bytes.Clone(file)
		d, err := ExtractBytes(context.Background(), file, &Options{FixDatasec: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := datasecs(t, d.BTF); got != fixedVars {
			t.Errorf("%s:\n%swant:\n%s", name, got, fixedVars)
		}
		if d.Offset != -1 || !bytes.Equal(file, original) {
			t.Errorf("%s: offset %d, or the caller's bytes were changed", name, d.Offset)
		}
		d, err = ExtractBytes(context.Background(), file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(d.BTF, file[d.Offset:][:len(d.BTF)]) {
			t.Errorf("%s: BTF is not that of the file, which nobody asked to complete", name)
		}
	}
}

// testSymbol is a symbol of a file to build.
type testSymbol struct {
	name       string
	value      uint64
	info       byte // binding << 4 | type
	visibility byte
}

// symbolSections encodes symbols; their table is to be section index, and the names the next.
func (e testELF) symbolSections(symbols []testSymbol, index int) []testSection {
	var table []byte
	names := []byte{0}
	for _, s := range symbols {
		table = appendU32(table, e.order, uint32(len(names)))
		names = append(append(names, s.name...), 0)
		if e.class == 64 {
			table = append(table, s.info, s.visibility, 0, 1)
			table = e.appendWord(e.appendWord(table, s.value), 4)
		} else {
			table = e.appendWord(e.appendWord(table, s.value), 4)
			table = append(table, s.info, s.visibility, 0, 1)
		}
	}
	return []testSection{
		{name: ".symtab", typ: shtSymtab, data: table, link: uint32(index) + 1},
		{name: ".strtab", typ: 3, data: names},
	}
}

const (
	globalObject = stbGlobal<<stbShift | sttObject
	weakObject   = stbWeak<<stbShift | sttObject
	localObject  = sttObject
	globalFunc   = stbGlobal<<stbShift | 2
)

// datasecBlob encodes a DATASEC called .bss of size bytes with four variables at offsets.
func datasecBlob(t *testing.T, order binary.ByteOrder, size uint32, offsets [4]uint32) []byte {
	t.Helper()
	b := builder.New(builder.Options{ByteOrder: order})
	integer := b.Int("int", 4, btf.Int{Bits: 32})
	var entries []builder.VarSecinfo
	for i, name := range []string{"a", "b", "c", "own"} {
		linkage := btf.LinkageGlobal
		if name == "own" {
			linkage = btf.LinkageStatic
		}
		entries = append(entries, builder.VarSecinfo{
			Type: b.Var(name, integer, linkage), Offset: offsets[i], Size: 4})
	}
	b.Datasec(".bss", size, entries...)
	blob, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

// TestFixDatasecClasses does so in files of all classes and orders: with variables out of order,
// symbols that look alike but are no objects or not exported, hidden ones, and complete BTF.
func TestFixDatasecClasses(t *testing.T) {
	symbols := []testSymbol{
		{"a", 99, localObject, 0}, {"a", 98, globalFunc, 0}, // no match
		{"a", 12, globalObject, 0}, {"a", 97, globalObject, 0}, // the first one counts
		{"b", 0, weakObject, stvHidden}, {"c", 8, globalObject, stvInternal}, {"own", 96, localObject, 0},
	}
	want := map[uint32]string{
		0:  ".bss 20\n  0+4 b static\n  4+4 own static\n  8+4 c static\n  12+4 a global\n",
		20: ".bss 20\n  0+4 c static\n  4+4 own static\n  8+4 b static\n  16+4 a global\n",
	}
	given := map[uint32][4]uint32{0: {0, 0, 0, 4}, 20: {16, 8, 0, 4}}
	for _, class := range []int{32, 64} {
		for _, order := range bothOrders {
			for size, text := range want {
				e := testELF{class: class, order: order}
				e.sections = append([]testSection{
					{name: ".bss", typ: shtNobits, size: 20}, {name: ".bss", typ: shtNobits, size: 50},
					progbits(".BTF", datasecBlob(t, order, size, given[size])),
				}, e.symbolSections(symbols, 4)...)
				d, err := ExtractBytes(context.Background(), e.build(t), &Options{FixDatasec: true})
				if err != nil {
					t.Fatal(err)
				}
				if got := datasecs(t, d.BTF); got != text {
					t.Errorf("ELF%d, %v, size %d:\n%swant:\n%s", class, order, size, got, text)
				}
			}
		}
	}
}

// TestFixDatasecRefused names what is missing, and leaves alone what needs nothing or is not read.
func TestFixDatasecRefused(t *testing.T) {
	le := binary.LittleEndian
	e := testELF{class: 64, order: le}
	bss := testSection{name: ".bss", typ: shtNobits, size: 20}
	blob := progbits(".BTF", datasecBlob(t, le, 0, [4]uint32{}))
	long := strings.Repeat("n", 100_000)
	b := builder.New(builder.Options{})
	b.Datasec(long, 0)
	longName, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	symbols := func(value uint64) []testSection {
		return e.symbolSections([]testSymbol{{"a", value, globalObject, 0},
			{"b", 0, globalObject, 0}, {"c", 0, globalObject, 0}}, 3)
	}
	for says, sections := range map[string][]testSection{
		`DATASEC ".bss": corrupt: its size is missing, and the ELF section has 0 bytes`: {blob},
		`DATASEC ".bss": corrupt: no offset for its variable "a"`:                       {bss, blob},

		`variable "a" in the symbol table`: append([]testSection{bss, blob}, symbols(1<<32)...),
		`DATASEC "nnnnn`:                   {progbits(".BTF", longName)},
	} {
		e.sections = sections
		_, err := ExtractBytes(context.Background(), e.build(t), &Options{FixDatasec: true})
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), says) ||
			len(err.Error()) > 300 {
			t.Errorf("error %v, want %s", err, says)
		}
	}
	for _, sections := range [][]testSection{
		{progbits(".BTF", smallBTF(le))},                                      // no DATASEC
		{progbits(".BTF", datasecBlob(t, le, 20, [4]uint32{0, 4, 8, 12}))},    // complete
		{progbits(".BTF", []byte("\x9f\xeb\x01\x00 not read here"))},          // no BTF but the magic
		{progbits(".BTF", smallBTF(binary.BigEndian)), progbits(".bss", nil)}, // of the other order
	} {
		e.sections = sections
		file := e.build(t)
		d, err := ExtractBytes(context.Background(), file, &Options{FixDatasec: true})
		if err != nil || d.Offset < 0 || &d.BTF[0] != &file[d.Offset] {
			t.Errorf("%v, error %v: not the bytes in the file", d, err)
		}
	}
}
