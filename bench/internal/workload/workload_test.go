package workload_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/corpus/kernel"
)

// kernelSpec opens the embedded kernel.
func kernelSpec(t *testing.T) *btf.Spec {
	t.Helper()
	data, err := kernel.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := bench.Backends()[0].Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { spec.Close() })
	return spec
}

func TestGenerateAsksWhatExists(t *testing.T) {
	spec := kernelSpec(t)
	w := workload.Generate(spec, 1)
	const half = workload.Size / 2
	if len(w.IDs) != workload.Size || len(w.Hits) < half || len(w.Misses) < half {
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
	if !reflect.DeepEqual(w, workload.Generate(spec, 1)) {
		t.Error("the same seed gives another workload")
	}
	if reflect.DeepEqual(w.IDs, workload.Generate(spec, 2).IDs) {
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
	split, _ := module.Own().IDs()
	var above int
	w := workload.Generate(module, 1)
	for _, id := range w.IDs {
		if id >= split {
			above++
		}
	}
	if above != len(w.IDs)/2 {
		t.Errorf("%d of %d ids are the module's, want half", above, len(w.IDs))
	}
}

// Of a kernel with modules, half of the names are the kernel's, and the others those of modules.
func TestGenerateCollection(t *testing.T) {
	base, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := modules.New(base)
	defer c.Close()
	for name, data := range map[string][]byte{
		"toy": btftest.Module(base, nil), "empty": btftest.Empty(base, nil),
	} {
		open := func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
			return btf.Parse(data, base)
		}
		if err := c.Add(name, "", open); err != nil {
			t.Fatal(err)
		}
	}
	w := workload.GenerateCollection(c, 1)
	if len(w.IDs) != 0 || len(w.Hits) != workload.Size || len(w.Misses) != workload.Size {
		t.Fatalf("%d ids, %d hits, %d misses", len(w.IDs), len(w.Hits), len(w.Misses))
	}
	inModule := 0
	for i, name := range w.Hits {
		_, hit := c.TypeByName(name)
		_, miss := c.TypeByName(w.Misses[i])
		if hit != nil || !errors.Is(miss, btf.ErrNotFound) {
			t.Fatalf("hit %s: %v, miss %s: %v", name, hit, w.Misses[i], miss)
		}
		if _, err := base.TypeByName(name); err != nil {
			inModule++
		}
	}
	if inModule < workload.Size/8 || inModule > workload.Size/2 {
		t.Errorf("%d of %d names are a module's alone", inModule, len(w.Hits))
	}
	if !reflect.DeepEqual(w, workload.GenerateCollection(c, 1)) ||
		reflect.DeepEqual(w.Hits, workload.GenerateCollection(c, 2).Hits) {
		t.Error("the seed does not decide")
	}
}

func TestGenerateOfNothing(t *testing.T) {
	spec, err := btf.Parse(btftest.Empty(nil, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := workload.Generate(spec, 1); len(w.IDs)+len(w.Hits)+len(w.Misses) > 0 {
		t.Errorf("drew %v from BTF without types", w)
	}
}

func TestWorkloadFile(t *testing.T) {
	want := &workload.Workload{
		IDs: []btf.TypeID{1, 4294967295}, Hits: []string{"sk_buff", "two words"}, Misses: []string{"nö"},
		Patterns: workload.Patterns([]string{`^tcp_`, `a b`, `x/y`}),
	}
	if want.Patterns[0].Label != "^tcp_" || want.Patterns[1].Label != "p2" {
		t.Errorf("labels %v", want.Patterns)
	}
	var b bytes.Buffer
	if _, err := want.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	got, err := workload.Read(strings.NewReader("# comment\n\n" + b.String()))
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
		"regex a/b c\n":     `line 1: regex: label "a/b" cannot be part of a row's name`,
		"hit a\n\nmiss \n":  `line 3: "miss ": keyword without a value`,
		"hit a\nhitman b\n": `line 2: keyword "hitman": unknown`,
	} {
		if _, err := workload.Read(strings.NewReader(text)); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}

// Rows are what the workload's entries allow.
func TestRows(t *testing.T) {
	some := &workload.Workload{
		Hits: []string{"sk_buff"}, Patterns: workload.Patterns([]string{"^tcp_", "a b"}),
	}
	all := &workload.Workload{IDs: []btf.TypeID{1}, Hits: some.Hits, Misses: []string{"absent"}}
	for want, got := range map[string][]row.Row{
		"Open OpenFirstName IDsByName/hit TypesByName/hit IDsByRegex/pattern=^tcp_ " +
			"IDsByRegex/pattern=p2 TypesByRegex/pattern=^tcp_ TypesByRegex/pattern=p2 Iterate " +
			"StructWalk": some.Rows(false),
		"Open OpenFirstName SplitOpen TypeByID NameByID IDsByName/hit IDsByName/miss " +
			"TypesByName/hit Iterate StructWalk": all.Rows(true),
		"TypeByID/goroutines=1 IDsByName/hit/goroutines=1 TypeByID/goroutines=2 " +
			"IDsByName/hit/goroutines=2 TypeByID/goroutines=3 IDsByName/hit/goroutines=3": all.
			ParallelRows(3),
		"CollectionOpen/workers=1 CollectionOpenFirstName CollectionTypesByName/hit " +
			"CollectionTypesByRegex/pattern=^tcp_ CollectionTypesByRegex/pattern=p2 " +
			"CollectionDropReasons": some.CollectionRows(1),
		"CollectionOpen/workers=1 CollectionOpen/workers=2 CollectionOpenFirstName " +
			"CollectionTypesByName/hit CollectionTypesByName/miss CollectionDropReasons": all.
			CollectionRows(2),
		"FuncsByParam":                         some.TaskRows(),
		"FuncsByParam NameOfType MemberByPath": all.TaskRows(),
	} {
		var names []string
		for _, r := range got {
			if !r.Valid() {
				t.Errorf("%+v is no valid row", r)
			}
			names = append(names, r.String())
		}
		if strings.Join(names, " ") != want {
			t.Errorf("rows %q, want %s", names, want)
		}
	}
}

// TestGenerateFewNames asks for few names where lookups read all types, and for none that is too
// long for a workload file.
func TestGenerateFewNames(t *testing.T) {
	const n = 2500
	overlap, err := btf.Parse(btftest.Overlap(n), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := workload.Generate(overlap, 1)
	if len(w.IDs) != workload.Size || len(w.Hits) == 0 || len(w.Hits) > 16 || len(w.Misses) > 16 {
		t.Errorf("%d ids, %d hits, %d misses, want %d and 16 at most", len(w.IDs), len(w.Hits),
			len(w.Misses), workload.Size)
	}
	for _, name := range append(w.Hits, w.Misses...) {
		if len(name) > 1024 {
			t.Errorf("a name of %d bytes", len(name))
		}
	}
}
