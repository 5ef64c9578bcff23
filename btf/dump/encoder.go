package dump

import (
	"io"
	"strconv"
)

// An encoder writes fields in one of the two forms.
type encoder struct {
	w      io.Writer // nil if everything stays in buf
	buf    []byte
	err    error // the first of w's
	json   bool
	indent bool
	depth  int
	// sep goes before the next field: "" or between.
	sep, between string
}

// flushAt is how many bytes are gathered before they are written.
const flushAt = 64 << 10

// flush writes what has been gathered.
func (e *encoder) flush() error {
	if e.err == nil && e.w != nil {
		_, e.err = e.w.Write(e.buf)
		e.buf = e.buf[:0]
	}
	return e.err
}

// room flushes when enough has been gathered. After an error, it drops all.
func (e *encoder) room() {
	if e.w != nil && len(e.buf) >= flushAt {
		e.flush()
		e.buf = e.buf[:0]
	}
}

// begin starts a type.
func (e *encoder) begin(id uint64, kind, name string) {
	if e.json {
		e.open('{')
		e.uint64("id", id)
		e.string("kind", kind)
		e.string("name", name)
		return
	}
	e.buf = append(e.buf, '[')
	e.buf = strconv.AppendUint(e.buf, id, 10)
	e.buf = append(e.buf, "] "...)
	e.buf = append(e.buf, kind...)
	e.buf = append(e.buf, ' ')
	e.name(name)
}

// end ends a type.
func (e *encoder) end() {
	if e.json {
		e.close('}')
	} else {
		e.buf = append(e.buf, '\n')
	}
	e.room()
}

// list starts a list of elements, which plain text does not mark.
func (e *encoder) list(key string) {
	if e.json {
		e.key(key)
		e.open('[')
	}
}

func (e *encoder) endList() {
	if e.json {
		e.close(']')
	}
}

// element starts an element.
func (e *encoder) element() {
	if e.json {
		e.open('{')
		return
	}
	e.buf = append(e.buf, "\n\t"...)
	e.sep = ""
}

func (e *encoder) endElement() {
	if e.json {
		e.close('}')
	}
	e.room()
}

// name writes a name, in plain text without a key.
func (e *encoder) name(name string) {
	if e.json {
		e.string("name", name)
		return
	}
	e.buf = append(e.buf, '\'')
	e.buf = append(e.buf, name...)
	e.buf = append(e.buf, '\'')
	e.sep = e.between
}

func (e *encoder) uint(key string, v uint32) { e.uint64(key, uint64(v)) }

func (e *encoder) uint64(key string, v uint64) {
	e.key(key)
	e.buf = strconv.AppendUint(e.buf, v, 10)
	e.sep = e.between
}

func (e *encoder) int(key string, v int64) {
	e.key(key)
	e.buf = strconv.AppendInt(e.buf, v, 10)
	e.sep = e.between
}

func (e *encoder) string(key, v string) {
	e.key(key)
	if e.json {
		e.buf = appendQuoted(e.buf, v)
	} else {
		e.buf = append(e.buf, v...)
	}
	e.sep = e.between
}

// key starts a field; its value follows.
func (e *encoder) key(key string) {
	e.buf = append(e.buf, e.sep...)
	e.sep = ""
	if !e.json {
		e.buf = append(e.buf, key...)
		e.buf = append(e.buf, '=')
		return
	}
	e.newline()
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, key...)
	e.buf = append(e.buf, `":`...)
	if e.indent {
		e.buf = append(e.buf, ' ')
	}
}

// open starts an object or an array: the value of a key, or an element of an array. bpftool
// breaks no line before it.
func (e *encoder) open(bracket byte) {
	e.buf = append(e.buf, e.sep...)
	e.buf = append(e.buf, bracket)
	e.depth++
	e.sep = ""
}

// close ends what open started; an empty one without a line break.
func (e *encoder) close(bracket byte) {
	e.depth--
	if e.sep != "" {
		e.newline()
	}
	e.buf = append(e.buf, bracket)
	e.sep = e.between
}

func (e *encoder) newline() {
	if !e.indent {
		return
	}
	e.buf = append(e.buf, '\n')
	for range e.depth {
		e.buf = append(e.buf, "    "...)
	}
}

// appendQuoted appends a string as json_writer.c escapes it.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		switch c {
		case '\t':
			c = 't'
		case '\n':
			c = 'n'
		case '\r':
			c = 'r'
		case '\f':
			c = 'f'
		case '\b':
			c = 'b'
		case '"', '\\':
		default:
			continue // as it is
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, '\\', c)
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
