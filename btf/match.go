package btf

import (
	"iter"
	"math/bits"
	"sync"

	"github.com/btfkit/btfkit/btf/internal/match"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Matcher selects types by a regular expression on their names. It is immutable and safe
// for concurrent use; NewMatcher and NewGlobMatcher make one. It keeps the automata that a
// query built for the next query, so make it once and use it often.
//
// A name matches exactly if regexp.Regexp.MatchString says so. A Matcher is much faster
// over many names than asking package regexp for each: literals are searched for, and
// for the rest automata run over the bytes of the names, in time linear in the text,
// whatever the pattern. See the package internal/match.
type Matcher struct {
	match *match.Matcher
	empty bool // the empty name matches
}

// NewMatcher returns a Matcher for an expression in the syntax of package regexp. It fails
// where regexp.Compile does; the error shows no more than the start of a long expression.
func NewMatcher(expr string) (*Matcher, error) { return wrapMatcher(match.Compile(expr)) }

// NewGlobMatcher returns a Matcher for a pattern of the shell that must match the whole name:
// * stands for any characters, ? for one, [a-z] for one of a set, [!a-z] or [^a-z] for one
// that is not in it, and \ takes the next character literally. In a set, ] and - are
// plain where they stand first, and - also where it stands last.
func NewGlobMatcher(pattern string) (*Matcher, error) { return wrapMatcher(match.Glob(pattern)) }

// MustMatcher is NewMatcher for expressions known to be valid; it panics if one is not.
func MustMatcher(expr string) *Matcher {
	m, err := NewMatcher(expr)
	if err != nil {
		panic(err)
	}
	return m
}

func wrapMatcher(m *match.Matcher, err error) (*Matcher, error) {
	if err != nil {
		return nil, err
	}
	return &Matcher{match: m, empty: m.MatchString("")}, nil
}

// String returns the regular expression.
func (m *Matcher) String() string { return m.match.String() }

// MatchString reports whether a single name matches.
func (m *Matcher) MatchString(name string) bool { return m.match.MatchString(name) }

// AppendIDsByMatch appends the ids of all types whose name matches to dst, each once. If ""
// matches, anonymous structs, unions, enums and enum64s are among them. It allocates to grow
// dst, and once for what the backend builds at its first match and for what m has yet to work
// out about its expression. The only error is ErrClosed.
func (s *Spec) AppendIDsByMatch(dst []TypeID, m *Matcher, kinds ...Kind) ([]TypeID, error) {
	if s.live.closed.Load() {
		return dst, ErrClosed
	}
	q := queries.Get().(*query)
	defer queries.Put(q)
	q.kinds = maskOf(kinds)
	for _, sec := range s.chain {
		if err := q.selectNames(sec, m); err != nil {
			return dst, err
		}
		dst = q.appendHits(dst, sec, m)
	}
	return dst, nil
}

// IDsByMatch returns the ids of all types whose name matches, as AppendIDsByMatch does.
func (s *Spec) IDsByMatch(m *Matcher, kinds ...Kind) ([]TypeID, error) {
	return s.AppendIDsByMatch(nil, m, kinds...)
}

// TypesByMatch ranges over the types whose name matches. It is empty after Close.
func (s *Spec) TypesByMatch(m *Matcher, kinds ...Kind) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		buf := idBuffers.Get().(*[]TypeID)
		var err error
		if *buf, err = s.AppendIDsByMatch((*buf)[:0], m, kinds...); err == nil {
			s.yieldTypes(*buf, nil, yield)
		}
		idBuffers.Put(buf) // if yield panics, the collector takes it
	}
}

// A query is the scratch memory of one run of a Matcher over a section.
type query struct {
	kinds kindMask
	found []uint64 // bit i: own type i has a name that matches
	hits  []uint64 // bit i: name i of those handed to the matcher matches
	offs  [queryBlock]uint32
	index [queryBlock]uint32 // own type whose name is at offs[i]
	scan  match.Scan
}

// queryBlock is how many names read from headers go to the matcher at once.
const queryBlock = 1024

var queries = sync.Pool{New: func() any { return new(query) }}

// bitmap returns a cleared bitmap of n bits in the memory of b.
func bitmap(b []uint64, n uint32) []uint64 {
	words := int(n+63) / 64
	if cap(b) < words {
		return make([]uint64, words)
	}
	b = b[:words]
	clear(b)
	return b
}

// selectNames sets the bits of found for the named own types of sec.
func (q *query) selectNames(sec *section, m *Matcher) error {
	q.found = bitmap(q.found, sec.raw.Count)
	names := sec.store.Names()
	if names.Named != nil {
		q.hits = bitmap(q.hits, uint32(len(names.Offsets)))
		if err := q.scan.Reset(m.match, names.Text, len(names.Offsets)); err != nil {
			return err
		}
		defer q.scan.Close()
		if err := q.scan.Select(names.Offsets, q.hits); err != nil {
			return err
		}
		q.spread(names.Named)
		return nil
	}
	q.hits = bitmap(q.hits, queryBlock)
	for _, level := range sec.raw.Chain {
		if err := q.selectHeaders(sec.raw, level, m); err != nil {
			return err
		}
	}
	return nil
}

// spread moves hit k to the k-th set bit of named.
func (q *query) spread(named []uint64) {
	k := uint(0)
	for w, mask := range named {
		n := uint(bits.OnesCount64(mask))
		switch hits := bitsAt(q.hits, k, n); hits {
		case 0:
		case 1<<n - 1:
			q.found[w] = mask
		default:
			q.found[w] = deposit(hits, mask)
		}
		k += n
	}
}

// bitsAt returns n <= 64 bits of a bitmap from bit k on.
func bitsAt(b []uint64, k, n uint) uint64 {
	if n == 0 {
		return 0
	}
	v := b[k/64] >> (k % 64)
	if k%64+n > 64 {
		v |= b[k/64+1] << (64 - k%64)
	}
	return v & (1<<n - 1) // for n = 64, Go defines the shift as 0: all ones
}

// deposit puts bit k of v at the place of the k-th set bit of mask.
func deposit(v, mask uint64) (out uint64) {
	for ; v != 0; v >>= 1 {
		if v&1 != 0 {
			out |= mask & -mask
		}
		mask &= mask - 1
	}
	return out
}

// selectHeaders sets the bits of found for those own types of sec whose name lies in the
// strings of level, reading the headers.
func (q *query) selectHeaders(sec, level *raw.Section, m *Matcher) error {
	if len(level.Strs) == 0 {
		return nil
	}
	if err := q.scan.Reset(m.match, level.Strs, int(sec.Count)); err != nil {
		return err
	}
	defer q.scan.Close()
	// Offset 0 is the empty name, and that of the root. Below start, differences wrap.
	start, skip := level.StrStart, uint32(0)
	if level.Base == nil {
		skip = 1
	}
	size := uint32(len(level.Strs)) - skip
	for first := 0; first < int(sec.Count); first += queryBlock {
		block := q.offs[:sec.NameOffsets(q.offs[:], first)]
		n := 0
		for i, off := range block {
			off -= start
			// n does not pass i. Half the types have no name, in no order: storing
			// first and counting afterwards leaves no branch to mispredict.
			q.offs[n&(queryBlock-1)], q.index[n&(queryBlock-1)] = off, uint32(first+i)
			if off-skip < size {
				n++
			}
		}
		if m.empty {
			n = q.dropEmpty(level.Strs, n)
		}
		if err := q.selectBlock(n); err != nil {
			return err
		}
	}
	return nil
}

// dropEmpty drops names that are empty, though not at offset 0, and returns how many are
// left: of types without a name, only anonymous ones count.
func (q *query) dropEmpty(strs string, n int) int {
	kept := 0
	for i, off := range q.offs[:n] {
		if strs[off] != 0 {
			q.offs[kept], q.index[kept] = off, q.index[i]
			kept++
		}
	}
	return kept
}

func (q *query) selectBlock(n int) error {
	hits := q.hits[:(n+63)/64]
	clear(hits)
	if err := q.scan.Select(q.offs[:n], hits); err != nil {
		return err
	}
	for w, word := range hits {
		for ; word != 0; word &= word - 1 {
			i := q.index[w*64+bits.TrailingZeros64(word)]
			q.found[i/64] |= 1 << (i % 64)
		}
	}
	return nil
}

// appendHits appends the ids of the types found, and of the anonymous ones if their name
// matches, as far as the kind does, too.
func (q *query) appendHits(dst []TypeID, sec *section, m *Matcher) []TypeID {
	var anonymous []uint64
	if m.empty {
		anonymous = sec.anonymousTypes()
	}
	anyKind := q.kinds == kindMask{}
	for w, word := range q.found {
		if anonymous != nil {
			word |= anonymous[w]
		}
		if anyKind {
			dst = appendBits(dst, sec.raw.First+uint32(w*64), word)
			continue
		}
		for ; word != 0; word &= word - 1 {
			i := w*64 + bits.TrailingZeros64(word)
			if t := sec.typeAt(uint32(i)); q.kinds.has(t.Kind()) {
				dst = append(dst, t.id)
			}
		}
	}
	return dst
}
