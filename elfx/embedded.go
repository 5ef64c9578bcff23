package elfx

import "strings"

// maxExtras is how many sections one file may have for extras.
const maxExtras = 8

// role is what BTF at some place of a larger input is.
type role int

const (
	roleUnknown role = iota // not a section of an ELF file in it
	roleOwn                 // .BTF of a file: a kernel's, or a module's, which does not parse alone
	roleModule              // .BTF that is split on the .BTF.base beside it
	rolePart                // .BTF.base or another .BTF.NAME: never a file's own
)

// btfSection is a section of a file inside a larger input, which it has the offset in.
type btfSection struct {
	place Place
	role  role
}

// embeddedFiles looks at the ELF files inside an input that is not one itself, such as an archive.
// It goes through the input once, together with a search, and remembers the last few files: one may
// have others inside it.
type embeddedFiles struct {
	b    []byte
	next int64 // where the search for ELF headers goes on
	last [8][]btfSection
	n    int
}

// sectionAt returns the section that begins at an offset, or none. Offsets must ascend.
func (x *extraction) sectionAt(files *embeddedFiles, off int64) btfSection {
	for files.next < off {
		at, err := x.index(files.b[:off], elfMagic, files.next)
		if err != nil || at < 0 {
			files.next = off - int64(len(elfMagic)) + 1
			break
		}
		files.next = at + 1
		if sections := x.btfSections(files.b[at:], at); len(sections) > 0 {
			files.last[files.n%len(files.last)] = sections
			files.n++
		}
	}
	for _, sections := range files.last {
		for _, s := range sections {
			if s.place.Offset == off {
				return s
			}
		}
	}
	return btfSection{}
}

// btfSections returns the sections with BTF of the ELF file that begins at start.
func (x *extraction) btfSections(b []byte, start int64) []btfSection {
	in := &input{size: int64(len(b)), mem: b}
	f, err := newELF(in, b[:min(len(b), 64)], in.view)
	if err != nil || int64(len(f.table)) > x.work {
		return nil
	}
	x.work -= int64(len(f.table))
	var sections []btfSection
	distilled := false
	for i := range f.count() {
		s := f.section(i)
		name := f.nameOf(s)
		if name != ".BTF" && !strings.HasPrefix(name, ".BTF.") || s.typ == shtNobits ||
			!in.within(s.off, s.size) || len(sections) > maxExtras {
			continue
		}
		found := btfSection{Place{start + int64(s.off), int64(s.size)}, rolePart}
		if name == ".BTF" {
			found.role = roleOwn
		}
		distilled = distilled || name == ".BTF.base"
		sections = append(sections, found)
	}
	for i := range sections {
		if distilled && sections[i].role == roleOwn {
			sections[i].role = roleModule
		}
	}
	return sections
}
