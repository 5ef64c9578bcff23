package elfx

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSearchFindsLargest takes the largest of several blobs, wherever it is.
func TestSearchFindsLargest(t *testing.T) {
	le := binary.LittleEndian
	small, large := smallBTF(le), manyInts(le, 1000)
	for _, order := range [][][]byte{{small, large, small}, {large, small}, {small, small, large}} {
		file := bytes.Join(append([][]byte{make([]byte, 64)}, order...), []byte("between"))
		d, err := ExtractBytes(context.Background(), file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(d.BTF, large) || !bytes.Equal(file[d.Offset:][:len(large)], large) {
			t.Errorf("found %d bytes at %d, want %d", len(d.BTF), d.Offset, len(large))
		}
	}
}

// manyInts encodes a blob of n types.
func manyInts(order binary.ByteOrder, n int) []byte {
	b := smallBTF(order)[:24]
	order.PutUint32(b[12:], uint32(16*n))
	order.PutUint32(b[16:], uint32(16*n))
	order.PutUint32(b[20:], 5)
	for range n {
		for _, v := range []uint32{1, 1 << 24, 4, 32} {
			b = appendU32(b, order, v)
		}
	}
	return append(b, "\x00int\x00"...)
}

// overlappingBlobs is n bytes that begin with thousands of BTF headers, all of which announce the
// same records: half of the file, every one in order but the last.
func overlappingBlobs(n int) []byte {
	le := binary.LittleEndian
	types := manyInts(le, n/32)
	types = types[24 : len(types)-5]
	le.PutUint32(types[len(types)-12:], 20<<24) // an unknown kind
	headers := (n - len(types)) / 24
	var b []byte
	for i := range headers {
		h := smallBTF(le)[:24]
		gap := 24 * (headers - i - 1)
		le.PutUint32(h[8:], uint32(gap))
		le.PutUint32(h[12:], uint32(len(types)))
		le.PutUint32(h[16:], uint32(gap+len(types)))
		le.PutUint32(h[20:], 5)
		b = append(b, h...)
	}
	return append(append(b, types...), "\x00int\x00"...)
}

// TestSearchIsLinear lets false finds of BTF cost no more than a multiple of the file's size.
func TestSearchIsLinear(t *testing.T) {
	for _, size := range []int{1 << 16, 1 << 18, 1 << 20} {
		b := overlappingBlobs(size)
		x := &extraction{ctx: context.Background(), budget: newBudget(nil, int64(size))}
		if found, err := x.findBTF(b, false); found.count != 0 || err != nil {
			t.Fatalf("%d bytes: found %+v, error %v", size, found, err)
		}
		if spent := workFactor*int64(len(b)) - x.work; spent < 4*int64(size) {
			t.Errorf("%d bytes: %d bytes of work: the input is harmless, test another", size, spent)
		}
		if x.work < 0 {
			t.Errorf("%d bytes: %d bytes of work more than allowed", size, -x.work)
		}
	}
}

// TestSearchFeedIsLinear lets false finds of compressed streams read no more than a multiple of the
// file's size, although each could go on to the end.
func TestSearchFeedIsLinear(t *testing.T) {
	for _, c := range codecs {
		start := []byte(c.magic)
		switch c.name {
		case "gzip":
			start = append(start, 0, 0, 0, 0, 0, 0, 0, 0) // then empty stored blocks
		case "bzip2":
			start = append(start, "91AY&SY"...)
		case "lzma":
			start = append(start, 0, 4, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0)
		}
		start = append(start, make([]byte, 20)...)
		b := slices.Concat([]byte("none"), bytes.Repeat(start, 1<<20/len(start)))
		x := &extraction{ctx: context.Background(), budget: newBudget(nil, int64(len(b)))}
		x.feed = scanFeed(int64(len(b)))
		_, err := x.extract(&input{size: int64(len(b)), mem: b, shared: true}, forStreams)
		if !errors.Is(err, ErrNoBTF) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v", c.name, err)
		}
		if x.feed < -int64(attemptCost) {
			t.Errorf("%s: %d bytes more than allowed were read", c.name, -x.feed)
		}
		if c.name == "zstd" && len(x.tried) > 6 { // each goes through all that is left
			t.Errorf("%s: tried %q: what was read did not count", c.name, x.tried)
		}
		if len(x.tried) < 2 || len(x.tried) > 10 {
			t.Errorf("%s: tried %q", c.name, x.tried)
		}
	}
}

// TestSearchEnds names the place where searching for streams ended.
func TestSearchEnds(t *testing.T) {
	b := slices.Concat([]byte("none"), bytes.Repeat([]byte("\x28\xb5\x2f\xfd...."), 99))
	_, err := ExtractBytes(context.Background(), b, nil)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrNoBTF) || len(e.Tried) != 10 {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), "zstd at 0x4: zstd stream: corrupt") {
		t.Errorf("error %v does not say what was tried", err)
	}
}

// TestEachCrossesSteps finds a pattern that lies across two steps of the search.
func TestEachCrossesSteps(t *testing.T) {
	b := make([]byte, 2*searchStep+10)
	want := []int64{0, searchStep - 2, 2*searchStep - 1, int64(len(b)) - 4}
	for _, at := range want {
		copy(b[at:], magicLE)
	}
	x := &extraction{ctx: context.Background()}
	var got []int64
	err := x.eachMatch(b, magicLE, func(at int64) int64 {
		got = append(got, at)
		return at + 1
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("found at %d, want %d", got, want)
	}
}

// TestTriedOnce names what was tried in vain once, in however many sections it was.
func TestTriedOnce(t *testing.T) {
	section := testSection{name: ".rodata", typ: 1, flags: shfAlloc, data: []byte("nothing")}
	program := testELF{class: 64, order: binary.LittleEndian,
		sections: slices.Repeat([]testSection{section}, 5)}.build(t)
	_, err := ExtractBytes(context.Background(), program, nil)
	if n := strings.Count(fmt.Sprint(err), "streams: none"); n != 1 {
		t.Errorf("%d times: %v", n, err)
	}
}
