package bench_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

func TestGenerateAsksWhatExists(t *testing.T) {
	spec, err := input.source.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Close()
	w := bench.Generate(spec, 1)
	if len(w.IDs) != bench.Size || len(w.Hits) < bench.Size/2 || len(w.Misses) < bench.Size/2 {
		t.Fatalf("%d ids, %d hits, %d misses", len(w.IDs), len(w.Hits), len(w.Misses))
	}
	for _, id := range w.IDs {
		if typ, err := spec.TypeByID(id); err != nil || typ.IsVoid() {
			t.Fatalf("id %d: %v, %v", id, typ, err)
		}
	}
	for _, name := range w.Hits {
		if _, err := spec.TypeByName(name); err != nil {
			t.Fatalf("hit %s: %v", name, err)
		}
	}
	for _, name := range w.Misses {
		if _, err := spec.TypeByName(name); !errors.Is(err, btf.ErrNotFound) {
			t.Fatalf("miss %s: error %v", name, err)
		}
	}
	if !reflect.DeepEqual(w, bench.Generate(spec, 1)) {
		t.Error("the same seed gives another workload")
	}
	if reflect.DeepEqual(w.IDs, bench.Generate(spec, 2).IDs) {
		t.Error("another seed gives the same ids")
	}
}

// A module of a kernel is small: it must not be drowned by its base.
func TestGenerateDrawsFromSplit(t *testing.T) {
	base, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	module, err := btf.Parse(btftest.Module(base, nil), base)
	if err != nil {
		t.Fatal(err)
	}
	own, _ := module.Own().IDs()
	var above int
	w := bench.Generate(module, 1)
	for _, id := range w.IDs {
		if id >= own {
			above++
		}
	}
	if above != len(w.IDs)/2 {
		t.Errorf("%d of %d ids are the module's, want half", above, len(w.IDs))
	}
}

func TestGenerateOfNothing(t *testing.T) {
	spec, err := btf.Parse(btftest.Empty(nil, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := bench.Generate(spec, 1); len(w.IDs)+len(w.Hits)+len(w.Misses) > 0 {
		t.Errorf("drew %v from BTF without types", w)
	}
}

func TestWorkloadFile(t *testing.T) {
	want := &bench.Workload{
		IDs: []btf.TypeID{1, 4294967295}, Hits: []string{"sk_buff", "two words"}, Misses: []string{"nö"},
		Patterns: bench.Patterns([]string{`^tcp_`, `a b`, `x/y`}),
	}
	if want.Patterns[0].Label != "^tcp_" || want.Patterns[1].Label != "p2" {
		t.Errorf("labels %v", want.Patterns)
	}
	var b bytes.Buffer
	if _, err := want.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	got, err := bench.ReadWorkload(strings.NewReader("# comment\n\n" + b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, wrote %v", got, want)
	}
}

func TestWorkloadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"id 1\nid x\n":      "line 2: id:",
		"id 4294967296\n":   "line 1: id:",
		"hit\n":             `line 1: "hit": keyword without a value`,
		"bogus 1\n":         `line 1: keyword "bogus": unknown`,
		"regex label (\n":   "line 1: regex label: error parsing regexp",
		"hit a\n\nmiss \n":  `line 3: "miss ": keyword without a value`,
		"hit a\nhitman b\n": `line 2: keyword "hitman": unknown`,
	} {
		if _, err := bench.ReadWorkload(strings.NewReader(text)); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}
