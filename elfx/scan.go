package elfx

import (
	"bytes"
)

// searchStep is how much is searched between two looks at the context.
const searchStep = 16 << 20

// eachMatch calls visit with every offset of pattern in b, in order; visit returns where to go on.
func (x *extraction) eachMatch(b []byte, pattern string, visit func(at int64) (next int64)) error {
	for from := int64(0); ; {
		at, err := x.index(b, pattern, from)
		if err != nil || at < 0 {
			return err
		}
		from = visit(at)
	}
}

// index returns the first offset of pattern in b from from on, or -1.
func (x *extraction) index(b []byte, pattern string, from int64) (int64, error) {
	want, size := []byte(pattern), int64(len(b))
	for from < size {
		if err := x.ctx.Err(); err != nil {
			return 0, err
		}
		end := min(size, from+searchStep)
		i := bytes.Index(b[from:end], want)
		switch {
		case i >= 0:
			return from + int64(i), nil
		case end == size:
			return -1, nil
		default:
			from = end - int64(len(want)) + 1 // a match may lie across two steps
		}
	}
	return -1, nil
}

// streamScan finds places where a compressed stream may begin, in order. It remembers one place for
// each format and not all of them, which an input could make many.
type streamScan struct {
	codecs []codec
	next   []int64 // -1 where there is none any more
}

// next returns the next place, or a nil codec.
func (x *extraction) nextStream(b []byte, s *streamScan) (at int64, c *codec, err error) {
	first := -1
	for i, at := range s.next {
		if at >= 0 && (first < 0 || at < s.next[first]) {
			first = i
		}
	}
	if first < 0 {
		return 0, nil, nil
	}
	at, c = s.next[first], &s.codecs[first]
	s.next[first], err = x.nextOf(b, c, at+1)
	return at, c, err
}

// nextOf returns where a stream of one format may begin, from from on, or -1.
func (x *extraction) nextOf(b []byte, c *codec, from int64) (int64, error) {
	for {
		at, err := x.index(b, c.magic, from)
		if err != nil || at < 0 || c.matches(b[at:min(at+codecHead, int64(len(b)))]) {
			return at, err
		}
		from = at + 1
	}
}
