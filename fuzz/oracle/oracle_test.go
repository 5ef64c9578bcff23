package oracle_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

func ExampleInput_Check() {
	data := btftest.Tour(builder.Options{})
	in := &oracle.Input{Data: data}
	fmt.Println("whole:", in.Check())
	in.Data = data[:len(data)-1] // every backend must refuse it, for the same reason
	fmt.Println("cut:", in.Check())
	// Output:
	// whole: <nil>
	// cut: <nil>
}

// broken is a backend that does one thing wrong.
type broken struct {
	parse func(data []byte, base *btf.Spec) (*btf.Spec, error)
}

func (broken) Name() string { return "broken" }
func (b broken) Open(string, *btf.Spec) (*btf.Spec, error) {
	return nil, errors.New("only Parse is tested")
}
func (b broken) Parse(data []byte, base *btf.Spec) (*btf.Spec, error) { return b.parse(data, base) }

// renamed returns a copy of the tour with another name, as long as before.
func renamed(tour []byte) []byte {
	return []byte(strings.Replace(string(tour), "colour", "flavor", 1))
}

// replaceBackends replaces all backends by one until the test ends.
func replaceBackends(t *testing.T, b btf.Backend) {
	backends := oracle.Backends
	oracle.Backends = []btf.Backend{b}
	t.Cleanup(func() { oracle.Backends = backends })
}

// TestInputNotices lets Check look at backends that are wrong in one way each.
func TestInputNotices(t *testing.T) {
	tour := btftest.Tour(builder.Options{})
	var kept [][]byte
	stop := make(chan bool)
	defer close(stop)
	for _, test := range []struct {
		name  string
		data  []byte
		parse func([]byte, *btf.Spec) (*btf.Spec, error)
		says  string
	}{
		{"accepts what is wrong", tour[:40], func([]byte, *btf.Spec) (*btf.Spec, error) {
			return btf.Parse(tour, nil)
		}, "accepted"},
		{"refuses what is sound", tour, func([]byte, *btf.Spec) (*btf.Spec, error) {
			return nil, btf.ErrCorrupt
		}, "corrupt input"},
		{"refuses for another reason", tour[:40], func([]byte, *btf.Spec) (*btf.Spec, error) {
			return btf.Parse(tour[:10], nil)
		}, "want offset"},
		{"gives another answer", tour, func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			return btf.Parse(renamed(data), base)
		}, "flavor"},
		{"gives nothing", tour, func([]byte, *btf.Spec) (*btf.Spec, error) { return nil, nil },
			"neither"},
		{"gives both", tour, func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			spec, _ := btf.Parse(data, base)
			return spec, btf.ErrCorrupt
		}, "both"},
		{"takes memory", tour, func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			kept = append(kept, make([]byte, 2<<20))
			return btf.Parse(data, base)
		}, "bytes allocated"},
		{"takes time", tour, func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			time.Sleep(60 * time.Millisecond)
			return btf.Parse(data, base)
		}, "to open"},
		{"leaves goroutines", tour, func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			for range 10 { // more than those of the runtime that may end meanwhile
				go func() { <-stop }()
			}
			return btf.Parse(data, base)
		}, "goroutine"},
	} {
		t.Run(test.name, func(t *testing.T) {
			replaceBackends(t, broken{test.parse})
			err := (&oracle.Input{Data: test.data, Measured: true}).Check()
			if err == nil || !strings.HasPrefix(err.Error(), "broken: ") ||
				!strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want %q", err, test.says)
			}
		})
	}
	if len(kept) == 0 {
		t.Error("nothing was allocated")
	}
}

// TestVary checks that inputs in a row cover all, and that equal bytes are checked alike.
func TestVary(t *testing.T) {
	deep, patterns, variants := map[int]bool{}, map[int]bool{}, 0
	for n := range 100 {
		in := &oracle.Input{}
		in.Vary(n)
		deep[in.Deep], patterns[in.Pattern] = true, true
		if in.Variants {
			variants++
		}
	}
	if len(deep) != len(oracle.Backends) || len(patterns) != len(oracle.Patterns) ||
		variants == 0 || variants == 100 {
		t.Errorf("%d backends in depth, %d patterns, variants in %d of 100", len(deep),
			len(patterns), variants)
	}
	a, b := &oracle.Input{Data: []byte("x")}, &oracle.Input{Data: []byte("x")}
	a.VaryByData()
	b.VaryByData()
	if a.Deep != b.Deep || a.Pattern != b.Pattern || a.Variants != b.Variants {
		t.Error("equal bytes are checked differently")
	}
}

// pair opens one blob and decodes another.
func pair(t *testing.T, ours, theirs []byte) (*btf.Spec, *oracle.Blob) {
	t.Helper()
	spec, err := btf.Parse(ours, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, fault := oracle.Parse(theirs, nil)
	if fault != nil {
		t.Fatal(fault)
	}
	return spec, want
}

// TestCheckType gives the oracle types that differ in one word.
func TestCheckType(t *testing.T) {
	tour := btftest.Tour(builder.Options{})
	spec, want := pair(t, tour, tour)
	noticed := 0
	for i, n := range want.Types {
		typ, err := spec.TypeByID(btf.TypeID(i + 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := oracle.CheckType(typ, n); err != nil {
			t.Errorf("the same: %v", err)
		}
		for at := 8; at+4 <= len(n.Rec); at += 4 { // but for name and kind
			changed := n
			changed.Rec = append([]byte(nil), n.Rec...)
			word := binary.LittleEndian.Uint32(n.Rec[at:])
			binary.LittleEndian.PutUint32(changed.Rec[at:], word^1)
			if err := oracle.CheckType(typ, changed); err == nil && !isUnused(typ, at) {
				t.Errorf("%v: word %d is different, and nothing is said", typ, at/4)
			}
			noticed++
		}
	}
	if noticed < 50 {
		t.Errorf("only %d words were changed", noticed)
	}
}

// isUnused reports whether a record's word at an offset says nothing.
func isUnused(t btf.Type, at int) bool {
	switch t.Kind() {
	case btf.KindArray, btf.KindFwd:
		return at == 8
	}
	return false
}

func TestCheckSpec(t *testing.T) {
	tour := btftest.Tour(builder.Options{})
	for name, data := range map[string][]byte{
		"another byte order":    btftest.Tour(builder.Options{ByteOrder: binary.BigEndian}),
		"another blob":          btftest.Kernel(nil),
		"references to nothing": btftest.Corrupt(nil),
	} {
		spec, want := pair(t, data, data)
		if err := oracle.CheckSpec(want, spec); err != nil {
			t.Errorf("%s, the same: %v", name, err)
		}
		spec, want = pair(t, tour, data)
		if err := oracle.CheckSpec(want, spec); err == nil {
			t.Errorf("%s: taken for the tour", name)
		}
		if err := oracle.CheckRecords(spec, want); err == nil {
			t.Errorf("%s: its records are taken for the tour's", name)
		}
	}
}

func TestCheckQueries(t *testing.T) {
	tour := btftest.Tour(builder.Options{})
	spec, want := pair(t, tour, tour)
	names := oracle.QueryNames(want, 20)
	if err := oracle.CheckNames(spec, want, names); err != nil {
		t.Error(err)
	}
	if len(names) < 20 || !strings.Contains(strings.Join(names, " "), "node") {
		t.Errorf("names %q", names)
	}
	spec, want = pair(t, tour, renamed(tour))
	if err := oracle.CheckNames(spec, want, []string{"flavor"}); err == nil {
		t.Error("a name that is not there is found")
	}
	if err := oracle.CheckMatches(want, "lav", spec); err == nil {
		t.Error("a match that is not there is found")
	}
	if err := oracle.CheckMatches(want, "walk", spec, spec); err != nil {
		t.Error(err)
	}
}

func TestCheckFault(t *testing.T) {
	_, fault := oracle.Parse([]byte("\x9f\xeb\x02"+strings.Repeat("\x00", 30)), nil)
	if fault == nil {
		t.Fatal("version 2 is accepted")
	}
	_, err := btf.Parse([]byte("\x9f\xeb\x02"+strings.Repeat("\x00", 30)), nil)
	if err := oracle.CheckFault(err, fault); err != nil {
		t.Error(err)
	}
	var at *btf.FormatError
	if !errors.As(err, &at) {
		t.Fatal(err)
	}
	elsewhere, untold := *at, *at
	elsewhere.Offset++
	untold.ID++
	for name, wrong := range map[string]error{
		"no error":      nil,
		"another class": btf.ErrCorrupt,
		"no offset":     btf.ErrUnsupported,
		"another place": &elsewhere,
		"another type":  &untold,
	} {
		if err := oracle.CheckFault(wrong, fault); err == nil {
			t.Errorf("%s: nothing is said", name)
		}
	}
}

// TestCheckCilium gives cilium/ebpf what it must agree on, refuse, or not be asked about.
func TestCheckCilium(t *testing.T) {
	tour := btftest.Tour(builder.Options{})
	for name, data := range map[string][]byte{
		"tour": tour, "cut": tour[:len(tour)-1], "opaque": btftest.Opaque(nil),
		"references to nothing": btftest.Corrupt(nil), "a million pointers": btftest.Chain(1_000_000),
	} {
		if err := oracle.CheckCilium(data, name == "tour"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	replaceBackends(t, broken{func(data []byte, base *btf.Spec) (*btf.Spec, error) {
		return btf.Parse(renamed(data), base)
	}})
	if err := oracle.CheckCilium(tour, true); err == nil {
		t.Error("another name than cilium/ebpf's: nothing is said")
	}
}

func TestAllocated(t *testing.T) {
	before := oracle.Allocated()
	kept := make([]byte, 1<<20)
	if n := oracle.Allocated() - before; n < uint64(len(kept)) {
		t.Errorf("%d bytes counted of %d", n, len(kept))
	}
}
