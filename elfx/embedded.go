package elfx

import "strings"

// embeddedFiles is a look at the ELF files inside of a larger input that is not one itself, such as
// an archive. It goes through the input once, together with a search, and remembers the last few
// files: one may have others inside it.
type embeddedFiles struct {
	b    []byte
	next int64 // where the search for ELF headers goes on; -1 at the end
	last [8][]int64
	n    int
}

// isPartOfFile says whether the BTF at an offset is a section that is no file's own BTF: a module's
// .BTF.base, or what is split on it. Offsets must ascend.
func (x *extraction) isPartOfFile(files *embeddedFiles, off int64) bool {
	for files.next >= 0 && files.next < off {
		at, err := x.index(files.b[:off], "\x7fELF", files.next)
		if err != nil || at < 0 {
			files.next = max(off-3, files.next)
			break
		}
		files.next = at + 1
		if parts := x.partsOfFile(files.b[at:], at); len(parts) > 0 {
			files.last[files.n%len(files.last)] = parts
			files.n++
		}
	}
	for _, parts := range files.last {
		for _, at := range parts {
			if at == off {
				return true
			}
		}
	}
	return false
}

// partsOfFile returns where in the input the sections lie that hold BTF for the ELF file at start,
// but are not a file's own.
func (x *extraction) partsOfFile(b []byte, start int64) []int64 {
	in := &input{size: int64(len(b)), mem: b}
	f, err := newELF(in, b[:min(len(b), 64)], in.view)
	if err != nil || int64(len(f.table)) > x.work {
		return nil
	}
	x.work -= int64(len(f.table))
	var parts []int64
	var own int64
	var distilled bool
	for i := range f.count() {
		s := f.section(i)
		name := f.nameOf(s)
		if !strings.HasPrefix(name, ".BTF") || s.typ == shtNobits || !in.within(s.off, s.size) {
			continue
		}
		at := start + int64(s.off)
		switch {
		case name == ".BTF":
			own = at
		case strings.HasPrefix(name, ".BTF.") && len(parts) < maxExtras:
			parts = append(parts, at)
			distilled = distilled || name == ".BTF.base"
		}
	}
	if distilled && own > 0 {
		parts = append(parts, own)
	}
	return parts
}
