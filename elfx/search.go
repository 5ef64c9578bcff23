package elfx

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// maxFinds is how many places with BTF are kept to be told.
const maxFinds = 16

// finds is what a search came upon.
type finds struct {
	places  []Place // the first of them, in file order
	count   int
	modules int   // of these, BTF in an archive that needs a base
	largest Place // of the others
	data    *Data // of the first compressed stream with BTF
	trail   []string
}

func (f *finds) add(p Place, module bool) {
	if f.count++; len(f.places) < maxFinds {
		f.places = append(f.places, p)
	}
	if module {
		f.modules++
	} else if p.Size > f.largest.Size {
		f.largest = p
	}
}

// allButLargest returns the places but for the largest.
func (f *finds) allButLargest() []Place {
	var others []Place
	for _, p := range f.places {
		if p != f.largest {
			others = append(others, p)
		}
	}
	return others
}

// String lists the places.
func (f *finds) String() string {
	var b strings.Builder
	for i, p := range f.places {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d bytes at %#x", p.Size, p.Offset)
	}
	if f.count > len(f.places) {
		b.WriteString(", …")
	}
	return b.String()
}

// search looks for BTF in an image, and then for compressed streams that hold any. A kernel's image
// may have modules inside it, whose BTF is smaller. The files of an archive are all alike: there
// BTF must be in one place.
func (x *extraction) search(in *input, deep reach) (*Data, error) {
	archive := archiveFormat(in.mem)
	found, err := x.findBTF(in.mem, archive != "")
	if err != nil {
		return nil, err
	}
	if found.count == 0 || archive != "" {
		if err := x.findStreams(in, deep, archive != "", &found); err != nil {
			return nil, err
		}
	}
	if archive != "" && (found.count > 1 || found.count == found.modules) {
		return nil, archiveError(archive, &found)
	}
	if found.data != nil {
		x.trail = found.trail
		return found.data, nil
	}
	if found.count == 0 {
		return nil, fmt.Errorf("%w: neither BTF, ELF nor a known image with BTF in it: a kernel "+
			"needs CONFIG_DEBUG_INFO_BTF to have any", ErrNoBTF)
	}
	x.enter("raw")
	b, err := x.keep(in, "BTF", found.largest.Offset, found.largest.Size)
	return &Data{BTF: b, Offset: in.at(found.largest.Offset), Others: found.allButLargest()}, err
}

// archiveError refuses an archive without BTF that stands alone, or with more than that.
func archiveError(name string, found *finds) error {
	switch {
	case found.count == 0:
		return fmt.Errorf("%w: %s archive: unpack it and name one of its files", ErrNoBTF, name)
	case found.count == found.modules:
		return fmt.Errorf("%w: %s archive of modules, whose BTF needs a base (%v): unpack it and "+
			"name one of its files", ErrNoBTF, name, found)
	}
	return fmt.Errorf("%w: %s archive with BTF in %d places (%v): unpack it and name one of its "+
		"files", ErrUnsupported, name, found.count, found)
}

// archiveFormat names the archive that b is, if it is one: several files one after the other.
func archiveFormat(b []byte) string {
	switch {
	case len(b) >= 262 && string(b[257:262]) == "ustar":
		return "tar"
	case bytes.HasPrefix(b, []byte("070701")), bytes.HasPrefix(b, []byte("070702")),
		bytes.HasPrefix(b, []byte("070707")):
		return "cpio"
	case bytes.HasPrefix(b, []byte("!<arch>\n")):
		return "ar"
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return "zip"
	}
	return ""
}

// findBTF returns the places of all blobs in b that parse and are a file's own, in an archive also
// those that would parse on a base.
func (x *extraction) findBTF(b []byte, archive bool) (found finds, err error) {
	seen := 0
	var tooLarge error
	x.work = workFactor * int64(len(b))
	for _, magic := range []string{magicLE, magicBE} {
		files := &embeddedFiles{b: b}
		err = x.eachMatch(b, magic, func(at int64) (next int64) {
			seen++
			size, err := x.parseBlob(b[at:])
			tooLarge = cmp.Or(tooLarge, err)
			var section btfSection
			if size > 0 || archive {
				section = x.sectionAt(files, at)
			}
			switch {
			case section.role == rolePart:
				x.recordAttempt("BTF at %#x: a part of a module's, not a file's own", at)
			case section.role == roleModule, section.role == roleOwn && size == 0:
				if archive {
					found.add(section.place, true)
				}
			case size > 0:
				found.add(Place{Offset: at, Size: size}, false)
			}
			return at + max(size, 1)
		})
		if err != nil {
			return finds{}, err
		}
	}
	if found.count == 0 {
		x.recordAttempt("search for BTF in %d bytes: magic seen %d times, no blob parses", len(b), seen)
		return found, tooLarge
	}
	return found, nil
}

// parseCost is how many times its size parsing a blob takes in memory: a copy, and the places of
// its records.
const parseCost = 1.4

// parseBlob returns the length of the stand-alone BTF that b begins with, or 0 if there is none. It
// refuses one that there is too little memory for.
func (x *extraction) parseBlob(b []byte) (int64, error) {
	n := headerSize(b)
	if n <= x.work && float64(n)*parseCost > float64(x.budget.spare) {
		return 0, fmt.Errorf("%w: BTF of %d bytes, too many to parse within the limit of %s "+
			"(%d bytes)", ErrTooLarge, n, x.budget.sizeName, x.budget.maxSize)
	}
	size, cost := blobSize(b, x.work)
	x.work -= cost
	x.budget.spare -= int64(parseCost * float64(cost))
	return size, nil
}

// findStreams decompresses what looks like a compressed stream, in file order, until one holds BTF;
// if all is set, it goes on to the end to find others.
func (x *extraction) findStreams(in *input, deep reach, all bool, found *finds) error {
	scan := &streamScan{codecs: codecs}
	if deep == forBTF {
		scan.codecs = []codec{*codecOf([]byte(zstdMagic))}
	}
	for i := range scan.codecs {
		at, err := x.nextOf(in.mem, &scan.codecs[i], 0)
		if err != nil {
			return err
		}
		scan.next = append(scan.next, at)
	}
	if validLZMA(in.mem) && deep == forStreams {
		if err := x.tryStream(in, 0, &oddLZMA, deep, found); err != nil || found.data != nil && !all {
			return err
		}
	}
	for tries := 0; ; tries++ {
		at, c, err := x.nextStream(in.mem, scan)
		if err != nil {
			return err
		}
		if c == nil {
			if tries == 0 {
				x.recordAttempt("search for compressed streams: none")
			}
			return nil
		}
		if x.feed <= attemptCost {
			x.recordAttempt("search for compressed streams ended at %#x", at)
			return nil
		}
		if err := x.tryStream(in, at, c, deep, found); err != nil || found.data != nil && !all {
			return err
		}
	}
}

// tryStream decompresses what may be a stream and looks into it. It returns only errors that settle
// the matter.
func (x *extraction) tryStream(in *input, at int64, c *codec, deep reach, found *finds) error {
	leave := x.enter(c.name)
	defer leave()
	x.feed -= attemptCost
	// No hint: most finds are chance, and each would reserve memory for the rest of the file.
	src := in.mem[at:][:min(in.size-at, max(x.feed, 0))]
	b, read, err := x.unpack(c, src, 0, true)
	x.feed -= int64(read)
	if err == nil && deep == forBTF && byteOrder(b) == nil {
		return nil
	}
	var d *Data
	if err == nil {
		d, err = x.extract(unpacked(b), forBTF)
	}
	if err == nil {
		if found.data == nil {
			found.data, found.trail = d, append([]string(nil), x.trail...)
		}
		found.add(Place{Offset: at, Size: int64(read)}, false)
		return nil
	}
	if isFinal(err) && !errors.Is(err, ErrNoBTF) {
		return err
	}
	x.recordAttempt("%s at %#x: %v", c.name, at, err)
	return nil
}
