package raw

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"

	"github.com/btfkit/btfkit/btf/internal/steps"
)

// The walk finds where each record of the type section starts and checks what Open
// promises: every record's kind, end and own name offset.
//
// A record's size is known only from its own info word, so a plain loop waits for
// memory at each step (load, size, next address): some 7 ns a type on a kernel's
// 4 MB. The walk therefore takes the section in blocks and runs four lanes through
// each, the first from the block's known start, the others from guessed record
// boundaries, so that four loads are under way at once. Guesses cost nothing in
// exactness: a lane counts only if the lane before it ended precisely where this
// one began, which makes its start a true boundary; otherwise the plain loop
// takes the block, as it does whenever anything in the block looks wrong. Errors
// thus always come from the plain loop.
type walker struct {
	types string
	sizes recordSizes
	// nameEnd bounds name offsets; it is at least 1, since 0 is always a name.
	nameEnd   uint32
	bigEndian bool

	pos   int // start of the next record, a true boundary
	table *tableBuilder
	lanes *[laneCount][laneRecords]uint32
}

const (
	laneCount = 4
	laneLen   = 32 << 10 // bytes
	walkBlock = laneCount * laneLen
	// guessSteps is how many headers in a row must look right for a guess, and
	// guessTries how many offsets are tried before the plain loop takes over.
	guessSteps = 4
	guessTries = 256
	// laneRecords bounds the records of a lane: its start and the next one's are
	// each at most guessTries words off.
	laneRecords = (laneLen+guessTries*4)/HeaderSize + 1
)

// laneBuffers holds scratch memory for those who open one section after the other.
var laneBuffers = sync.Pool{New: func() any { return new([laneCount][laneRecords]uint32) }}

// recordSizes gives the size of a record by kind: fixed bytes, and elem bytes for
// each of vlen elements.
type recordSizes [MaxKinds]struct{ fixed, elem uint32 }

// noSize is the fixed size of kinds that cannot be sized: more than any section
// has left, so that every lane stops there.
const noSize = 1<<32 - 1

func (t *Trailers) sizes() (sizes recordSizes) {
	for k := range t {
		sizes[k].fixed = noSize
		if t[k].Known {
			sizes[k].fixed = HeaderSize + uint32(t[k].Info)
			sizes[k].elem = uint32(t[k].Elem)
		}
	}
	return sizes
}

// walk runs through the whole section.
func (w *walker) walk() error {
	if len(w.types) > walkBlock {
		w.lanes = laneBuffers.Get().(*[laneCount][laneRecords]uint32)
		defer laneBuffers.Put(w.lanes)
	}
	for w.pos < len(w.types) {
		end := w.pos + walkBlock
		if end+HeaderSize <= len(w.types) && w.walkLanes() {
			continue
		}
		if err := w.walkPlain(min(end, len(w.types))); err != nil {
			return err
		}
	}
	return nil
}

// walkPlain takes records one by one until one starts at or behind end.
func (w *walker) walkPlain(end int) error {
	var batch [64]uint32
	n := 0
	for w.pos < end {
		steps.Add(1)
		next, err := w.check(w.pos)
		if err != nil {
			w.table.add(batch[:n]) // so that the count names the type at fault
			return err
		}
		batch[n] = uint32(w.pos)
		if n++; n == len(batch) {
			w.table.add(batch[:])
			n = 0
		}
		w.pos = next
	}
	w.table.add(batch[:n])
	return nil
}

var errShortHeader = errors.New("record header exceeds section")

// check returns where the record at pos ends, or what is wrong with it as a
// *recordError.
func (w *walker) check(pos int) (next int, err error) {
	left := len(w.types) - pos
	if left < HeaderSize {
		return 0, &recordError{0, ErrCorrupt, errShortHeader}
	}
	name, info := w.load(pos)
	kind, vlen := InfoKind(info), InfoVlen(info)
	size := w.sizes[kind]
	if size.fixed == noSize {
		if kind == Void {
			return 0, &recordError{4, ErrCorrupt, errors.New("kind 0 in a record")}
		}
		return 0, &recordError{4, ErrUnsupported,
			fmt.Errorf("kind %d unknown, and not sized by a layout section", kind)}
	}
	total := uint64(size.fixed) + uint64(vlen)*uint64(size.elem)
	if total > uint64(left) {
		if size.elem != 0 {
			return 0, &recordError{4, ErrCorrupt,
				fmt.Errorf("%v with vlen %d exceeds section", kind, vlen)}
		}
		return 0, &recordError{4, ErrCorrupt, fmt.Errorf("%v exceeds section", kind)}
	}
	if name >= w.nameEnd {
		return 0, &recordError{0, ErrCorrupt,
			fmt.Errorf("name offset %#x beyond the strings' end %#x", name, w.nameEnd)}
	}
	return pos + int(total), nil
}

// A recordError is a fault at some bytes behind the start of a record.
type recordError struct {
	at    int
	class error
	err   error
}

func (e *recordError) Error() string { return e.err.Error() }

// load returns the first two words of the record at pos.
func (w *walker) load(pos int) (name, info uint32) {
	h := w.types[pos : pos+8]
	return Load32(h, w.bigEndian), Load32(h[4:], w.bigEndian)
}

// walkLanes takes the block at pos and reports whether it could.
func (w *walker) walkLanes() bool {
	start := uint64(w.pos)
	s1, ok1 := w.guess(start + laneLen)
	s2, ok2 := w.guess(start + 2*laneLen)
	s3, ok3 := w.guess(start + 3*laneLen)
	if !ok1 || !ok2 || !ok3 {
		return false
	}
	var (
		p0, p1, p2, p3   = start, s1, s2, s3
		end              = start + walkBlock
		l                = w.lanes
		types, be, sizes = w.types, w.bigEndian, &w.sizes
		worst            uint32
		n                int
	)
	for p0 < s1 && p1 < s2 && p2 < s3 && p3 < end && n < len(l[0]) {
		l[0][n], l[1][n], l[2][n], l[3][n] = uint32(p0), uint32(p1), uint32(p2), uint32(p3)
		n++
		h0, h1, h2, h3 := types[p0:p0+8], types[p1:p1+8], types[p2:p2+8], types[p3:p3+8]
		n0, n1, n2, n3 := Load32(h0, false), Load32(h1, false), Load32(h2, false), Load32(h3, false)
		i0, i1 := Load32(h0[4:], false), Load32(h1[4:], false)
		i2, i3 := Load32(h2[4:], false), Load32(h3[4:], false)
		if be {
			n0, n1, n2, n3 = swap32(n0, n1, n2, n3)
			i0, i1, i2, i3 = swap32(i0, i1, i2, i3)
		}
		worst = max(worst, n0, n1, n2, n3)
		p0 += sizes.of(i0)
		p1 += sizes.of(i1)
		p2 += sizes.of(i2)
		p3 += sizes.of(i3)
	}
	steps.Add(laneCount * n)
	if worst >= w.nameEnd {
		return false
	}
	c0, p0 := w.finishLane(0, n, p0, s1)
	c1, p1 := w.finishLane(1, n, p1, s2)
	c2, p2 := w.finishLane(2, n, p2, s3)
	c3, p3 := w.finishLane(3, n, p3, end)
	if p0 != s1 || p1 != s2 || p2 != s3 || p3 > uint64(len(types)) {
		return false
	}
	w.table.add(l[0][:c0])
	w.table.add(l[1][:c1])
	w.table.add(l[2][:c2])
	w.table.add(l[3][:c3])
	w.pos = int(p3)
	return true
}

// finishLane takes lane k, which holds n records so far, from pos until a record
// starts at or behind end. It returns the count and where the last record ends,
// which is noEnd if a name was wrong.
func (w *walker) finishLane(k, n int, pos, end uint64) (int, uint64) {
	l := &w.lanes[k]
	for pos < end && n < len(l) {
		l[n] = uint32(pos)
		n++
		h := w.types[pos : pos+8]
		if Load32(h, w.bigEndian) >= w.nameEnd {
			return n, noEnd
		}
		pos += w.sizes.of(Load32(h[4:], w.bigEndian))
	}
	return n, pos
}

const noEnd = 1<<64 - 1

// swap32 turns big-endian words that were read as little-endian. It is a call, so
// that its callers branch: the conditional moves that the compiler makes of an
// inlined swap would put three more cycles into the chain of steps, a third of the
// walk's time, to save a branch that is always predicted.
//
//go:noinline
func swap32(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	return bits.ReverseBytes32(a), bits.ReverseBytes32(b),
		bits.ReverseBytes32(c), bits.ReverseBytes32(d)
}

// of returns the size of a record from its info word.
func (s *recordSizes) of(info uint32) uint64 {
	e := &s[info>>24&0x7f]
	return uint64(e.fixed) + uint64(info&0xffffff)*uint64(e.elem)
}

// guess looks for a record boundary at or behind pos. Members and enumerators make
// bad headers: what would be their info word is a type id, an offset or a small
// value, whose kind bits are 0. So a few plausible headers in a row are hardly ever
// wrong, and when they are, the check at the lanes' ends finds out.
func (w *walker) guess(pos uint64) (uint64, bool) {
	for range guessTries {
		if w.plausible(pos) {
			return pos, true
		}
		pos += 4
	}
	return 0, false
}

func (w *walker) plausible(pos uint64) bool {
	for range guessSteps {
		if pos+HeaderSize > uint64(len(w.types)) {
			return false
		}
		name, info := w.load(int(pos))
		kind, vlen := InfoKind(info), InfoVlen(info)
		switch {
		case name >= w.nameEnd,
			name != 0 && !kind.HasName(),
			vlen > 2 && !kind.In(WithElements):
			return false
		}
		pos += w.sizes.of(info)
	}
	return true
}
