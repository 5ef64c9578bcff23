package diff

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
	"github.com/btfkit/btfkit/btf/internal/steps"
)

// A digester gives each type a digest: two types have the same one if they are SameDeclaration, and
// only then, but for a chance that is too small to count and that nobody can raise, since digests
// depend on numbers drawn at random. It looks at each record once or twice and at each byte of the
// strings once, whatever types share, so that comparing all types takes time linear in the input.
//
// Types that reach a cycle in which no type has a name, which C cannot express, are described again
// in some rounds: their digests tell what is up to that many references away.
type digester struct {
	seed   maphash.Seed
	factor uint64 // of the hashes of names
	tables map[*raw.Section]*table
	last   *table

	buf    []byte     // the record at hand
	todo   []btf.Type // types on the way to the record at hand, and such as they refer to
	loose  bool       // the record at hand reaches a cycle
	cyclic []btf.Type // all that reach one
	rounds bool       // all types have a digest
	opaque uint64     // how many opaque types were met, each of which is equal to itself alone
}

// A table has what is known of a section.
type table struct {
	sec     *raw.Section
	names   []uint64 // the hash of the name that starts at each byte of the strings; nil until asked
	digests []uint64 // of each type
}

// The two lowest bits of a digest say how far it is.
const (
	unseen  = iota
	open    // on the way to the record at hand
	settled // final
	cyclic  // reaches a cycle
	states
)

// maxRounds is how far digests tell what is in cycles.
const maxRounds = 8

func newDigester() *digester {
	return &digester{
		seed:   maphash.MakeSeed(),
		factor: rand.Uint64N(prime-1<<32) + 1<<32,
		tables: map[*raw.Section]*table{},
	}
}

// table returns the table of a section.
func (d *digester) table(sec *raw.Section) *table {
	if d.last != nil && d.last.sec == sec {
		return d.last
	}
	t := d.tables[sec]
	if t == nil {
		t = &table{sec: sec}
		d.tables[sec] = t
	}
	d.last = t
	return t
}

// slot returns where the digest of a type is kept, which must not be void.
func (d *digester) slot(t btf.Type) *uint64 {
	sec, _ := btf.Internal.Record(t)
	table := d.table(sec)
	if table.digests == nil {
		table.digests = make([]uint64, sec.Count)
	}
	return &table.digests[uint32(t.ID())-sec.First]
}

// digest returns the digest of a type, void's if that is asked.
func (d *digester) digest(t btf.Type) uint64 {
	if t.IsVoid() {
		return 0
	}
	if slot := d.slot(t); *slot != unseen {
		return *slot
	}
	d.visit(t)
	return *d.slot(t)
}

// visit gives a type, and what it reaches, digests: first to what others refer to.
func (d *digester) visit(t btf.Type) {
	d.todo = append(d.todo[:0], t)
	for len(d.todo) > 0 {
		n := len(d.todo)
		t, slot := d.todo[n-1], d.slot(d.todo[n-1])
		if *slot%states > open { // it was met twice
			d.todo = d.todo[:n-1]
			continue
		}
		*slot = open
		sum := d.describe(t)
		if len(d.todo) > n {
			continue // it refers to others, and is described again after them
		}
		d.todo = d.todo[:n-1]
		*slot = sum | settled
		if d.loose {
			*slot = sum | cyclic
			d.cyclic = append(d.cyclic, t)
		}
	}
}

// settle ends what visits began, after the last of them: no digest depends on their order.
func (d *digester) settle() {
	d.rounds = true
	next := make([]uint64, len(d.cyclic))
	for range maxRounds {
		for i, t := range d.cyclic {
			next[i] = d.describe(t) | cyclic
		}
		for i, t := range d.cyclic {
			*d.slot(t) = next[i]
		}
	}
	d.rounds = false
}

// describe returns a hash of a record, with the digests of what it refers to.
func (d *digester) describe(t btf.Type) uint64 {
	d.buf, d.loose = d.buf[:0], false
	if t.IsOpaque() {
		d.opaque++
		d.word(d.opaque)
	}
	describe(d, t)
	return maphash.Bytes(d.seed, d.buf) / states * states
}

func (d *digester) more() bool    { return true }
func (d *digester) word(w uint64) { d.buf = binary.LittleEndian.AppendUint64(d.buf, w) }

func (d *digester) name(sec *raw.Section, off uint32) { d.word(d.nameHash(sec, off)) }

// refer takes in a type that is referred to: its name or its digest. It notes such as have none.
func (d *digester) refer(t btf.Type) {
	if k := family(t); k != 0 {
		d.word(uint64(k))
		d.name(nameOffset(t))
		return
	}
	d.word(uint64(t.Kind()))
	if t.IsVoid() {
		d.word(0)
		return
	}
	sum := *d.slot(t)
	switch sum % states {
	case unseen:
		d.todo = append(d.todo, t)
	case open, cyclic:
		if d.loose = true; !d.rounds {
			sum = 0
		}
	}
	d.word(sum)
}

// nameHash returns the hash of the name at a logical offset: a polynomial of its bytes, that of a
// name's tail being part of its own, so that one pass over the strings finds all.
func (d *digester) nameHash(sec *raw.Section, off uint32) uint64 {
	sec = sec.Storing(off)
	t := d.table(sec)
	if t.names == nil {
		t.names = make([]uint64, len(sec.Strs))
		sum := uint64(0)
		for i := len(sec.Strs) - 1; i >= 0; i-- {
			if c := sec.Strs[i]; c != 0 {
				sum = multiplyAdd(sum, d.factor, uint64(c))
			} else {
				sum = 0
			}
			t.names[i] = sum
		}
		steps.Add(len(sec.Strs))
	}
	if off -= sec.StrStart; uint64(off) < uint64(len(t.names)) {
		return t.names[off]
	}
	return 0
}

// prime is the Mersenne prime that names are hashed by.
const prime = 1<<61 - 1

// multiplyAdd returns a*b + c modulo prime, of which all have to be less.
func multiplyAdd(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	sum := hi<<3 | lo>>61
	if sum += lo&prime + c; sum >= prime {
		sum -= prime
	}
	if sum >= prime {
		sum -= prime
	}
	return sum
}
