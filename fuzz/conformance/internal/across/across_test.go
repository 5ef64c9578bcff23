//go:build unix

package across_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/across"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/matrix"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

// TestMinimise makes damaged blobs small in ways that need each of the steps.
func TestMinimise(t *testing.T) {
	tour := btftest.Tour(builder.Options{})
	for _, m := range []struct {
		name, rule string
		most       int // bytes that must do
		damage     func(data []byte) []byte
	}{
		{"a pointer to nothing", "missing type in PTR", 40, func(d []byte) []byte {
			at := 24
			for binary.LittleEndian.Uint32(d[at+4:])>>24 != 2 {
				at += 4
			}
			binary.LittleEndian.PutUint32(d[at+8:], 1<<20)
			return d
		}},
		{"a version", "version", 24, func(d []byte) []byte { d[2] = 7; return d }},
		{"strings that are not there", "section outside of the input", 25, func(d []byte) []byte {
			return d[:len(d)-1]
		}},
		{"a reference in a circle", "a type refers to itself", 36, func(d []byte) []byte {
			at, id := 24, uint32(1)
			for ; binary.LittleEndian.Uint32(d[at+4:])>>24 != 2; id++ {
				at += 16 // INTs, the tour's first types
			}
			binary.LittleEndian.PutUint32(d[at+8:], id)
			return d
		}},
		{"a struct in itself", "a type refers to itself", 48, func([]byte) []byte {
			b := builder.New(builder.Options{})
			number := b.Int("int", 4, btf.Int{Bits: 32})
			b.Struct("s", 16, builder.Member{Name: "a", Type: number},
				builder.Member{Name: "self", Type: number + 1, BitOffset: 32},
				builder.Member{Name: "b", Type: number, BitOffset: 64})
			d, err := b.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			return d
		}},
	} {
		data := m.damage(bytes.Clone(tour))
		if got := across.Expect(data, nil).Rule; got != m.rule {
			t.Fatalf("%s breaks the rule %q, not %q", m.name, got, m.rule)
		}
		tried := 0
		small := across.Minimise(data, nil, 2000, func(d []byte) bool {
			tried++
			return across.Expect(d, nil).Rule == m.rule
		})
		c := across.Expect(small, nil)
		if c.Rule != m.rule || len(small) > m.most {
			t.Errorf("%s: %d bytes that break %q: % x", m.name, len(small), c.Rule, small)
		}
		t.Logf("%s: from %d bytes to %d in %d tries", m.name, len(data), len(small), tried)
		tried = 0
		across.Minimise(data, nil, 7, func([]byte) bool { tried++; return false })
		if tried != 7 {
			t.Errorf("%s: %d tries instead of 7", m.name, tried)
		}
	}
}

func script(name, text string) matrix.Adapter {
	return matrix.Adapter{Name: name, Command: []string{"sh", "-c", text, "sh"}}
}

// TestFuzzer lets programs of known faults disagree, and wants each fault as one class with a small
// case that shows it again.
func TestFuzzer(t *testing.T) {
	sound := suite.Case{Verdict: suite.Accept, Data: btftest.Tour(builder.Options{})}
	if len(sound.Data) > 1024 {
		t.Fatal("the tour is too long to be mutated")
	}
	credulous := script("credulous", "exit 0")
	fragile := script("fragile",
		"test $(wc -c <$1) -gt 100 || exit 1; echo 'at 0x17' >&2; kill -SEGV $$")
	kernel := script("kernel", "exit 1")
	f := &across.Fuzzer{Dir: t.TempDir(), Adapters: []matrix.Adapter{credulous, fragile},
		Kernel: &kernel, Tries: 100, Patience: time.Minute}
	known := []across.Known{{Class: across.Class{Adapter: "credulous",
		Result: suite.ShouldHaveRefused, Why: "*"}}}
	r, err := f.Run(t.Context(), across.Inputs([]suite.Case{sound}, 12, 1), known)
	if err != nil {
		t.Fatal(err)
	}
	if r.Inputs < 8 || r.Accepted != 0 {
		t.Errorf("%d inputs, %d accepted", r.Inputs, r.Accepted)
	}
	i := slices.IndexFunc(r.Found, func(f across.Found) bool { return f.Adapter == "fragile" })
	if i < 0 || i == 0 || i != len(r.Found)-1 {
		t.Fatalf("found: %+v", r.Found)
	}
	crash := r.Found[i]
	if crash.Result != suite.Crash || crash.Why != "signal: segmentation fault" ||
		crash.Count < 2 {
		t.Errorf("the crash: %+v", crash)
	}
	if n := len(crash.Case.Data); n > 130 {
		t.Errorf("the crash is shown by %d bytes, where 101 do", n)
	}
	dir := t.TempDir()
	if err := suite.Write(dir, []suite.Case{crash.Case}); err != nil {
		t.Fatal(err)
	}
	cell, err := across.Try(t.Context(), filepath.Join(dir, crash.Case.Name), fragile)
	if err != nil || cell.Result != suite.Crash {
		t.Errorf("again: %+v, %v", cell, err)
	}
}

// TestFuzzerAsksKernel counts a refusal only where the kernel accepts.
func TestFuzzerAsksKernel(t *testing.T) {
	sound := suite.Case{Verdict: suite.Accept, Data: btftest.Tour(builder.Options{})}
	for accepts, status := range map[bool]string{true: "exit 0", false: "exit 77"} {
		kernel := script("kernel", status)
		f := &across.Fuzzer{Dir: t.TempDir(), Adapters: []matrix.Adapter{script("strict", "exit 1")},
			Kernel: &kernel, KernelVersion: "a kernel"}
		r, err := f.Run(t.Context(), across.Inputs([]suite.Case{sound}, 20, 2), nil)
		if err != nil {
			t.Fatal(err)
		}
		refused := slices.ContainsFunc(r.Found, func(f across.Found) bool {
			return f.Result == suite.ShouldHaveAccepted && f.Case.Source == "a kernel"
		})
		if refused != accepts || (r.Accepted > 0) != accepts {
			t.Errorf("a kernel that accepts: %v; refusals count: %v; %d accepted", accepts, refused,
				r.Accepted)
		}
	}
}

// TestFuzzerInterrupted takes nothing for a hang because the run was ended.
func TestFuzzerInterrupted(t *testing.T) {
	sound := suite.Case{Verdict: suite.Accept, Data: btftest.Tour(builder.Options{})}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	f := &across.Fuzzer{Dir: t.TempDir(), Adapters: []matrix.Adapter{script("slow", "sleep 4")}}
	r, err := f.Run(ctx, across.Inputs([]suite.Case{sound}, 20, 3), nil)
	if err != nil || len(r.Found) > 0 {
		t.Errorf("found %+v, %v", r.Found, err)
	}
}

// TestGone asks again about what is known.
func TestGone(t *testing.T) {
	data := btftest.Tour(builder.Options{})[:100]
	f := &across.Fuzzer{Dir: t.TempDir(), Adapters: []matrix.Adapter{script("credulous", "exit 0"),
		script("strict", "exit 1")}}
	var known []across.Known
	for _, name := range []string{"credulous", "strict", "absent"} {
		known = append(known, across.Known{Data: data, Class: across.Class{Adapter: name,
			Result: suite.ShouldHaveRefused, Why: across.Expect(data, nil).Rule}})
	}
	gone, err := f.Gone(t.Context(), known)
	if err != nil || len(gone) != 1 || gone[0].Adapter != "strict" {
		t.Errorf("%+v, %v", gone, err)
	}
}

// TestKnown writes and reads a table, and compares classes with it.
func TestKnown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known.json")
	if known, err := across.ReadKnown(path); err != nil || known != nil {
		t.Errorf("no file: %v, %v", known, err)
	}
	class := across.Class{Adapter: "a", Result: suite.Crash, Why: "signal: # in *"}
	want := []across.Known{{Class: class, Reason: "r", Data: []byte{0, 255}}}
	if err := across.WriteKnown(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := across.ReadKnown(path)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for why, has := range map[string]bool{"signal: # in PTR": true, "signal: # in *": true,
		"signal: # of PTR": false, "": false} {
		class.Why = why
		if got[0].Has(class) != has {
			t.Errorf("%q: not %v", why, has)
		}
	}
	class.Adapter = "b"
	if got[0].Has(class) {
		t.Error("a class of another adapter")
	}
}

// TestTable wants of each known class a reason, an adapter that there is, and an input that breaks
// the rule that it is said to break, or none.
func TestTable(t *testing.T) {
	known, err := across.ReadKnown("../../results/known.json")
	if err != nil {
		t.Fatal(err)
	}
	peers := map[string]bool{}
	for _, k := range known {
		peers[k.Adapter] = true
		if !slices.ContainsFunc(matrix.Adapters("", ""), func(a matrix.Adapter) bool {
			return a.Name == k.Adapter
		}) {
			t.Errorf("%v: no such adapter", k.Class)
		}
		if k.Reason == "" || len(k.Data)+len(k.Base) > 400 {
			t.Errorf("%v: reason %q, %d bytes", k.Class, k.Reason, len(k.Data)+len(k.Base))
		}
		class := k.Class
		switch c := across.Expect(k.Data, k.Base); k.Result {
		case suite.ShouldHaveRefused:
			if class.Why = c.Rule; c.Verdict != suite.Reject || !k.Has(class) {
				t.Errorf("%v: breaks the rule %q", k.Class, c.Rule)
			}
		case suite.ShouldHaveAccepted, suite.WrongAnswer:
			if c.Verdict != suite.Either {
				t.Errorf("%v: breaks the rule %q", k.Class, c.Rule)
			}
		}
	}
	if len(peers) < 5 {
		t.Errorf("known of %d implementations, fewer than 5", len(peers))
	}
}
