package session

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// TestShorten wants samples no shorter than a millisecond or one operation, and never longer.
func TestShorten(t *testing.T) {
	for _, c := range []struct {
		n      int
		took   time.Duration
		factor float64
		want   int
	}{
		{10, 100 * time.Millisecond, 0.5, 5}, {10, 100 * time.Millisecond, 3, 10},
		{10, 10 * time.Millisecond, 0.01, 1}, {1, 100 * time.Millisecond, 0.01, 1},
		{100, 2 * time.Millisecond, 0.1, 50}, {100, 0, 0.1, 100},
	} {
		task := task{n: c.n, took: c.took}
		if task.shorten(c.factor); task.n != c.want {
			t.Errorf("%+v: %d operations", c, task.n)
		}
	}
}

type nowhere struct {
	io.Writer
	io.Closer
}

// TestRefusal takes "unsupported" for an answer, with its reason, and "error" for a failure.
func TestRefusal(t *testing.T) {
	for line, unsupported := range map[string]bool{"unsupported no regex": true,
		"error no regex": false} {
		p := &process{in: nowhere{io.Discard, nil}, out: bufio.NewReader(strings.NewReader(line + "\n"))}
		_, err := p.ask("query")
		if err == nil || errors.Is(err, errUnsupported) != unsupported ||
			!strings.Contains(err.Error(), "no regex") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestOmissions(t *testing.T) {
	for _, c := range []struct {
		ready  map[string]string
		none   bool
		prefix string
		kinds  int
		failed bool
	}{
		{nil, true, "", 0, false},
		{map[string]string{"omits": "-"}, true, "", 0, false},
		{map[string]string{"omits": "7,17"}, false, "", 2, false},
		{map[string]string{"omits": "-", "omits-prefix": "___"}, false, "___", 0, false},
		{map[string]string{"omits": "x"}, false, "", 0, true},
	} {
		o, err := parseOmissions(c.ready)
		if c.failed != (err != nil) {
			t.Errorf("%v: error %v", c.ready, err)
		}
		if err == nil && (o.isEmpty() != c.none || o.prefix != c.prefix || len(o.kinds) != c.kinds) {
			t.Errorf("%v: %+v", c.ready, o)
		}
	}
	o := omissions{kinds: map[btf.Kind]bool{btf.KindFwd: true}}
	kept := o.withoutOmitted([]named{{1, btf.KindFwd}, {2, btf.KindStruct}})
	if len(kept) != 1 || kept[0].id != 2 {
		t.Errorf("kept %v", kept)
	}
}

func TestConfigKey(t *testing.T) {
	const name, want = "VMlinuZ-6.1_x:é y", "vmlinuz-6.1_x___y"
	if got := configKey(name); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
