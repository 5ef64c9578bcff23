package elfx

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// What is done here is what libbpf's btf_fixup_datasec does (src/libbpf.c), and cilium/ebpf's
// fixupDatasec. Compilers leave zeros where a relocation in .rel.BTF asks the linker for a value.

// The DATASECs that no section of an ELF file belongs to: what is in them, a loader provides.
const (
	ksymsSection   = ".ksyms"
	kconfigSection = ".kconfig"
)

// maxSymbol bounds the names that are looked up; the kernel's KSYM_NAME_LEN is 512.
const maxSymbol = 1024

// datasecFixer changes the DATASECs and VARs of one blob.
type datasecFixer struct {
	x       *extraction
	f       *elfFile
	spec    *btf.Spec
	blob    []byte // a copy, which is changed
	strings []byte // of it
	order   binary.ByteOrder
	sizes   map[string]uint64 // of ELF sections
	symbols map[string]elfSymbol
}

// fixDatasec does what Options.FixDatasec says. BTF that does not parse alone is left as it is: a
// module's, which the kernel's build has completed, or one that is refused later.
func (x *extraction) fixDatasec(f *elfFile, d *Data) error {
	spec, err := btf.Parse(d.BTF, nil)
	if err != nil {
		return nil
	}
	defer spec.Close()
	fixer := &datasecFixer{x: x, f: f, spec: spec, order: byteOrder(d.BTF)}
	var sections []btf.Type
	for _, t := range spec.All() {
		if t.Kind() == btf.KindDatasec {
			sections = append(sections, t)
		}
	}
	if len(sections) == 0 {
		return nil
	}
	if err := x.budget.checkRead("copy of the BTF", int64(len(d.BTF))); err != nil {
		return err
	}
	fixer.blob = bytes.Clone(d.BTF)
	field := func(at int) int64 { return int64(fixer.order.Uint32(d.BTF[at:])) }
	fixer.strings = d.BTF[field(4)+field(16):][:field(20)]
	if err := fixer.readSymbols(sections); err != nil {
		return err
	}
	for _, t := range sections {
		if err := fixer.fix(t); err != nil {
			return fmt.Errorf("DATASEC %.64q: %w", fixer.name(t), err)
		}
	}
	if !bytes.Equal(fixer.blob, d.BTF) {
		d.BTF, d.Offset = fixer.blob, -1
	}
	return nil
}

// name returns the name of a type, cut to what is looked up: many types may share one long name.
func (fix *datasecFixer) name(t btf.Type) string {
	return string(cString(fix.strings, t.NameOffset(), maxSymbol))
}

// Offsets of fields in a record (the kernel's include/uapi/linux/btf.h).
const (
	btfSize       = 8  // the size of a DATASEC
	btfHead       = 12 // the linkage of a VAR, the first entry of a DATASEC
	secinfoLen    = 12 // type, offset, size
	secinfoOffset = 4
)

// fix completes one DATASEC.
func (fix *datasecFixer) fix(t btf.Type) error {
	if name := fix.name(t); name != ksymsSection && name != kconfigSection {
		if err := fix.place(t); err != nil {
			return err
		}
	}
	start := int(store.RecordOf(t).Offset) + btfHead
	entries := fix.blob[start : start+secinfoLen*t.Vlen()]
	list := slices.Collect(slices.Chunk(entries, secinfoLen))
	slices.SortStableFunc(list, func(a, b []byte) int {
		return cmp.Compare(fix.order.Uint32(a[secinfoOffset:]), fix.order.Uint32(b[secinfoOffset:]))
	})
	copy(entries, slices.Concat(list...))
	return nil
}

// place sets the size of a DATASEC and the offsets of its variables.
func (fix *datasecFixer) place(t btf.Type) error {
	size, _ := t.Size()
	record := fix.blob[store.RecordOf(t).Offset:]
	if size == 0 {
		n := fix.sizes[fix.name(t)]
		if n == 0 || n > math.MaxUint32 {
			return fmt.Errorf("%w: its size is missing, and the ELF section has %d bytes",
				ErrCorrupt, n)
		}
		fix.order.PutUint32(record[btfSize:], uint32(n))
	}
	for i, entry := range t.VarSecinfos() {
		v := entry.Target()
		linkage, _ := v.Linkage()
		if v.Kind() != btf.KindVar {
			return fmt.Errorf("%w: entry %d is no VAR", ErrCorrupt, i)
		}
		if linkage != btf.LinkageGlobal {
			continue
		}
		sym, ok := fix.symbols[fix.name(v)]
		if size == 0 && (!ok || sym.value > math.MaxUint32) {
			return fmt.Errorf("%w: no offset for its variable %.64q in the symbol table",
				ErrCorrupt, fix.name(v))
		}
		if size == 0 {
			fix.order.PutUint32(record[btfHead+secinfoLen*i+secinfoOffset:], uint32(sym.value))
		}
		if ok && sym.hidden {
			fix.order.PutUint32(fix.blob[store.RecordOf(v).Offset+btfHead:], uint32(btf.LinkageStatic))
		}
	}
	return nil
}

// readSymbols reads the sizes of sections and the symbols that the DATASECs ask for.
func (fix *datasecFixer) readSymbols(datasecs []btf.Type) error {
	fix.sizes, fix.symbols = make(map[string]uint64), make(map[string]elfSymbol)
	wanted := make(map[string]bool)
	for _, t := range datasecs {
		fix.sizes[fix.name(t)] = 0
		for _, entry := range t.VarSecinfos() {
			wanted[fix.name(entry.Target())] = true
		}
	}
	for i := range fix.f.count() {
		s := fix.f.section(i)
		name := cString(fix.f.names, s.nameOff, maxSymbol)
		if size, ok := fix.sizes[string(name)]; ok && size == 0 {
			fix.sizes[string(name)] = s.size
		}
	}
	return fix.x.eachSymbol(fix.f, func(name []byte, s elfSymbol) {
		if _, ok := fix.symbols[string(name)]; !ok && wanted[string(name)] && s.exported {
			fix.symbols[string(name)] = s
		}
	})
}

// eachSymbol calls visit with the symbols of a file.
func (x *extraction) eachSymbol(f *elfFile, visit func(name []byte, s elfSymbol)) error {
	table, ok := f.firstOfType(shtSymtab)
	if !ok || int64(table.link) >= int64(f.count()) {
		return nil
	}
	b, _, err := x.sectionBytes(f, "symbol table", table)
	if err != nil {
		return err
	}
	names, _, err := x.sectionBytes(f, "symbol names", f.section(int(table.link)))
	if err != nil {
		return err
	}
	for sym := range slices.Chunk(b, f.layout.symsize) {
		if len(sym) == f.layout.symsize {
			visit(cString(names, f.order.Uint32(sym), maxSymbol), f.symbol(sym))
		}
	}
	return nil
}
