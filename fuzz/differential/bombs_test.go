package differential

import (
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// A bomb is small input on which a naive reader takes forever, or all memory, or its stack.
type bomb struct {
	name  string
	types func(w *words)
	// cyclic bombs are refused by Verify.
	cyclic bool
}

// words collects the types of a bomb.
type words struct {
	types   []byte
	strings []byte
}

func (w *words) add(words ...uint32) {
	for _, word := range words {
		w.types = binary.LittleEndian.AppendUint32(w.types, word)
	}
}

func (w *words) blob() []byte {
	u32 := binary.LittleEndian.AppendUint32
	out := []byte{0x9f, 0xeb, 1, 0}
	for _, n := range []int{24, 0, len(w.types), len(w.types), len(w.strings)} {
		out = u32(out, uint32(n))
	}
	return append(append(out, w.types...), w.strings...)
}

const (
	ptr     = uint32(btf.KindPtr) << 24
	typedef = uint32(btf.KindTypedef) << 24
	array   = uint32(btf.KindArray) << 24
	structs = uint32(btf.KindStruct) << 24
	integer = uint32(btf.KindInt) << 24

	million = 1_000_000
)

var bombs = []bomb{
	{"a million chained pointers", func(w *words) {
		for i := range uint32(million) {
			w.add(0, ptr, (i+2)%(million+1))
		}
	}, false},
	{"a million chained pointers, backwards", func(w *words) {
		for i := range uint32(million) {
			w.add(0, ptr, i)
		}
	}, false},
	{"a pointer to itself", func(w *words) { w.add(0, ptr, 1) }, true},
	{"a typedef of itself", func(w *words) { w.add(1, typedef, 1) }, true},
	{"a ring of a million typedefs", func(w *words) {
		for i := range uint32(million) {
			w.add(1, typedef, (i+1)%million+1)
		}
	}, true},
	{"a long way to a typedef of itself", func(w *words) {
		for i := range uint32(million) {
			w.add(1, typedef, min(i+2, million))
		}
	}, true},
	{"an array of itself", func(w *words) { w.add(0, array, 0, 1, 1, 4) }, true},
	{"arrays of arrays", func(w *words) {
		w.add(1, integer, 8, 64)
		for i := range uint32(100_000) {
			w.add(0, array, 0, i+1, 1, 1<<31)
		}
	}, false},
	{"a struct of itself", func(w *words) { w.add(1, structs|1, 8, 1, 1, 0) }, true},
	{"structs of two of the next", func(w *words) {
		for i := range uint32(50_000) {
			w.add(0, structs|2, 8, 0, i+2, 0, 0, i+2, 32)
		}
		w.add(0, structs, 0)
	}, false},
	{"structs around a million", func(w *words) {
		for i := range uint32(300_000) {
			w.add(0, structs|1, 8, 0, (i+2)%300_001, 0)
		}
	}, false},
	{"names that overlap", func(w *words) {
		for len(w.strings) < 2<<20 {
			w.strings = append(w.strings, 'x')
		}
		w.strings = append(w.strings, 0)
		for i := range uint32(170_000) {
			w.add(1+i%1000, typedef, 0)
		}
	}, false},
	{"names that all are one", func(w *words) {
		for range million {
			w.add(1, typedef, 0)
		}
	}, false},
}

// TestBombs opens each bomb in every backend, verifies it, follows it and asks for names:
// all within 2 seconds by the goal, of which a machine that is busy may take several times
// as many; what these bombs are made to provoke takes minutes. No more than 64 MiB are
// allocated beyond what the input's length accounts for.
func TestBombs(t *testing.T) {
	for _, b := range bombs {
		t.Run(b.name, func(t *testing.T) {
			w := &words{strings: []byte("\x00a\x00")}
			b.types(w)
			data := w.blob()
			for _, backend := range oracle.Backends {
				withDeadline(t, 20*time.Second, backend.Name(), func() { defuse(t, backend, data, b.cyclic) })
			}
		})
	}
}

// withDeadline fails the test at once if f hangs.
func withDeadline(t *testing.T, limit time.Duration, name string, f func()) {
	t.Helper()
	done := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		t.Logf("%s: %v", name, time.Since(start).Round(time.Millisecond))
	case <-time.After(limit):
		buf := make([]byte, 64<<10)
		t.Fatalf("%s: still busy after %v\n%s", name, limit, buf[:runtime.Stack(buf, true)])
	}
}

func defuse(t *testing.T, backend btf.Backend, data []byte, cyclic bool) {
	limit := uint64(64<<20 + 16*len(data))
	before := oracle.Allocated()
	spec, err := backend.Parse(data, nil)
	if err != nil {
		t.Errorf("%s: %v", backend.Name(), err)
		return
	}
	defer spec.Close()
	if err := spec.Verify(); (err != nil) != cyclic {
		t.Errorf("%s: Verify: %v", backend.Name(), err)
	}
	_, end := spec.IDs()
	for _, id := range []btf.TypeID{1, end / 2, end - 1} {
		first, _ := spec.TypeByID(id)
		links := 0
		for range first.Targets() {
			links++
		}
		if links > 4*int(end) {
			t.Errorf("%s: chain of %d links in %d types", backend.Name(), links, end)
		}
		first.Underlying()
		first.Sizeof()
		for _, m := range first.Members() {
			m.Bits()
		}
	}
	buf := make([]btf.TypeID, 0, end)
	for _, name := range []string{"", "a", "xxxx", "b"} {
		spec.AppendIDsByName(buf, name)
	}
	for _, expr := range []string{"^a$", "x+y", "^$"} {
		m := btf.MustMatcher(expr)
		spec.AppendIDsByMatch(buf, m)
	}
	if used := oracle.Allocated() - before; used > limit {
		t.Errorf("%s: %d MiB allocated for an input of %d MiB", backend.Name(), used>>20, len(data)>>20)
	}
}
