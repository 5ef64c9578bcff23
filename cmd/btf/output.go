package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/btfkit/btfkit/btf"
)

// schema numbers the form of JSON: it rises when a field vanishes or changes its meaning.
const schema = 1

// errClosedPipe says that nobody reads any more, which is no reason to complain.
var errClosedPipe = errors.New("output closed")

// An output takes what a command found: as lines, or as one JSON object
//
//	{"schema": 1, "command": "find", "items": […]}
type output struct {
	w       *bufio.Writer
	pager   *pager
	command string
	json    bool
	colour  bool
	count   int // of items
}

func (a *app) newOutput(command string) *output {
	o := &output{command: command, json: a.json}
	w := a.stdout
	if a.terminal && !a.noPager {
		if o.pager = newPager(a); o.pager != nil {
			w = o.pager
		}
	}
	none, _ := a.getenv("NO_COLOR")
	term, _ := a.getenv("TERM")
	o.colour = a.colour == "always" ||
		a.colour == "auto" && a.terminal && none == "" && term != "dumb"
	o.w = bufio.NewWriterSize(w, 1<<16)
	return o
}

// raw says that what the command writes itself is all there is.
func (o *output) raw() io.Writer {
	o.json = false
	return o.w
}

// begin begins the list of items.
func (o *output) begin() {
	fmt.Fprintf(o.w, `{"schema":%d,"command":%q,"items":[`, schema, o.command)
}

// item writes one thing that was found: text, without a line's end, or the JSON of v.
func (o *output) item(v any, text string) error {
	o.count++
	switch {
	case !o.json:
		_, err := fmt.Fprintln(o.w, text)
		return pipeError(err)
	case o.count == 1:
		o.begin()
	default:
		o.w.WriteByte(',')
	}
	o.w.WriteByte('\n')
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := o.w.WriteString(strings.TrimSuffix(b.String(), "\n"))
	return pipeError(err)
}

// end ends the list of items.
func (o *output) end() error {
	if o.json && o.count == 0 {
		o.begin()
	}
	if o.json {
		o.w.WriteString("\n]}\n")
	}
	return pipeError(o.w.Flush())
}

// close writes what is left, and waits for the pager's end.
func (o *output) close() error {
	err := o.end()
	if o.pager != nil {
		o.pager.wait()
	}
	return err
}

// pipeError makes errClosedPipe of what says that nobody reads.
func pipeError(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return errClosedPipe
	}
	return err
}

// The colours, by what they mark: those of git, where it has the like.
const (
	yellow = "33" // ids
	cyan   = "36" // comments
	green  = "32" // what was added
	red    = "31" // what was removed
)

func (o *output) paint(colour, text string) string {
	if !o.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[m"
}

// describe is Type.String for people.
func (o *output) describe(t btf.Type) string {
	id, rest, ok := strings.Cut(clean(t.String()), "]")
	if !ok {
		return id // void
	}
	return o.paint(yellow, id+"]") + rest
}

// clean replaces control characters, with which hostile names could write over the screen.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '\ufffd'
		}
		return r
	}, s)
}

// short cuts what a user typed for a message.
func short(s string) string {
	if len(s) > 100 {
		return s[:100] + "..."
	}
	return s
}

// plural returns "1 byte" or "2 bytes".
func plural[N int | uint32 | uint64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
