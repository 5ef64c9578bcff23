package packed

import (
	"bytes"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	for _, raw := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("btf "), 3<<20)} {
		frame, err := Pack(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Unpack(bytes.NewReader(frame), len(raw), Sum(raw))
		if err != nil {
			t.Fatalf("%d bytes: %v", len(raw), err)
		}
		if !bytes.Equal(got, raw) || cap(got) != len(raw) {
			t.Errorf("%d bytes came back as %d, capacity %d", len(raw), len(got), cap(got))
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	raw := []byte(strings.Repeat("abcdefgh", 100))
	frame, err := Pack(raw)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, sum string
		frame     []byte
		size      int
	}{
		{"more than stated", Sum(raw[1:]), frame, len(raw) - 1},
		{"less than stated", Sum(raw), frame, len(raw) + 1},
		{"other contents", Sum(raw[1:]), frame, len(raw)},
		{"truncated frame", Sum(raw), frame[:len(frame)/2], len(raw)},
		{"no frame", Sum(raw), raw, len(raw)},
	}
	for _, c := range cases {
		if _, err := Unpack(bytes.NewReader(c.frame), c.size, c.sum); err == nil {
			t.Errorf("%s: accepted", c.name)
		}
	}
}
