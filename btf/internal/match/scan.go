package match

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// A Scan is one query over one text, for callers that produce their offsets in blocks. It
// is not safe for concurrent use; several scans of one Matcher are.
type Scan struct {
	m     *Matcher
	run   run
	posix *run // the other reading, as long as it might be the right one
}

// NewScan returns a Scan that was Reset.
func (m *Matcher) NewScan(text string, names int) (*Scan, error) {
	s := new(Scan)
	return s, s.Reset(m, text, names)
}

// Reset starts a query in a Scan that is new or closed; so scans may be kept and do not
// have to be allocated. The text must be empty or end in a NUL. About names offsets will
// be asked in all: the figure only guides the choice between a look at each name
// and one pass over the whole text.
func (s *Scan) Reset(m *Matcher, text string, names int) error {
	if text != "" && text[len(text)-1] != 0 {
		return errors.New("match: text: no NUL at its end")
	}
	*s = Scan{m: m, run: run{plan: m.plan, text: text, names: names}}
	if m.posix == nil || m.newlineOnly && strings.IndexByte(text, '\n') < 0 {
		return nil
	}
	posix := run{plan: m.posix, text: text, names: names}
	switch m.reading.Load() {
	case readingUnknown:
		s.posix = &posix
	case readingPOSIX:
		s.run = posix
	}
	return nil
}

// Select sets bit i of hits for every i such that the name at text[offs[i]:] matches. Other
// bits stay as they are. It returns an error only if hits is too short or an offset is
// outside the text; then hits is undefined.
func (s *Scan) Select(offs []uint32, hits []uint64) error {
	words := (len(offs) + 63) / 64
	if len(hits) < words {
		return fmt.Errorf("match: hits: %d words for %d names", len(hits), len(offs))
	}
	if len(offs) == 0 {
		return nil
	}
	if last := largest(offs); int64(last) >= int64(len(s.run.text)) {
		return fmt.Errorf("match: name offset %#x: text ends at %#x", last, len(s.run.text))
	}
	if s.posix == nil {
		s.run.selectNames(offs, hits)
		return nil
	}
	s.selectBoth(offs, hits[:words])
	return nil
}

// selectBoth asks both readings of an ambiguous Regexp; see FromRegexp.
func (s *Scan) selectBoth(offs []uint32, hits []uint64) {
	perl, posix := make([]uint64, len(hits)), make([]uint64, len(hits))
	s.run.selectNames(offs, perl)
	s.posix.selectNames(offs, posix)
	for i := range hits {
		if differ := perl[i] ^ posix[i]; differ != 0 {
			bit := bits.TrailingZeros64(differ)
			name := nameAt(s.run.text, offs[i*64+bit])
			if s.m.re.MatchString(name) == (perl[i]>>bit&1 != 0) {
				s.m.reading.Store(readingPerl)
			} else {
				s.m.reading.Store(readingPOSIX)
				s.run, *s.posix = *s.posix, s.run
				perl = posix
			}
			s.posix.close()
			s.posix = nil
			break
		}
	}
	for i, word := range perl {
		hits[i] |= word
	}
}

// Close ends the query and hands what it built to the next. The Scan must not be used
// after it.
func (s *Scan) Close() {
	s.run.close()
	if s.posix != nil {
		s.posix.close()
	}
	*s = Scan{} // who keeps it must not keep the text
}

// largest returns the largest of some numbers, of which there is at least one. Four chains
// of comparisons take a third of the time of slices.Max's one.
func largest(offs []uint32) uint32 {
	m0, m1, m2, m3 := offs[0], offs[0], offs[0], offs[0]
	for len(offs) >= 4 {
		m0, m1, m2, m3 = max(m0, offs[0]), max(m1, offs[1]), max(m2, offs[2]), max(m3, offs[3])
		offs = offs[4:]
	}
	for _, off := range offs {
		m0 = max(m0, off)
	}
	return max(m0, m1, m2, m3)
}
