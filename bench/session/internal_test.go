package session

import (
	"testing"

	"github.com/btfkit/btfkit/btf"
)

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
