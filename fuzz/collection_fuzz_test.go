package fuzz

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/corpus/mutate"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// FuzzCollection builds a collection of a kernel and its modules, some of which are damaged by
// the input: each is opened or reported, none stops the others, and all answers are those of
// the members asked one by one. The input is a byte that selects the backend, and then lists
// of edits, each for another copy of the module, the first of which is sound.
func FuzzCollection(f *testing.F) {
	runtime.GOMAXPROCS(runtime.NumCPU()) // OpenAll shall run in parallel; see TestMain
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) < 1 || len(input) > 4096 {
			t.Skip("no input, or too many modules")
		}
		kernel := blobs.Find(t, "fixtures/pahole-kernel-x86_64")
		module := blobs.Find(t, "fixtures/pahole-split-x86_64")
		backend := oracle.Backends[int(input[0])%len(oracle.Backends)]
		base, err := backend.Parse(kernel.Bytes(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		c := modules.New(base)
		defer c.Close()
		below := kernel.Oracle(t)
		o := &mutate.Options{BaseTypes: below.End() - 1, BaseStrings: uint32(len(below.Strings))}
		var members []member
		lists := slices.Collect(slices.Chunk(input[1:], 3*mutate.RecordSize))
		for i, list := range append([][]byte{nil}, lists...) {
			data, _ := mutate.Damage(slices.Clone(module.Bytes(t)), o, list)
			m := member{name: fmt.Sprintf("module_%d", i), data: data}
			m.sound = isSound(backend, data, base)
			members = append(members, m)
			if err := c.Add(m.name, "", func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
				return backend.Parse(data, base)
			}); err != nil {
				t.Fatal(err)
			}
		}
		if input[0]&0x80 != 0 {
			if err := c.OpenAll(context.Background(), 3, nil); err != nil {
				t.Fatal(err)
			}
		}
		checkCollection(t, c, members)
	})
}

type member struct {
	name  string
	data  []byte
	sound bool
}

// isSound reports whether a member must be in the collection.
func isSound(backend btf.Backend, data []byte, base *btf.Spec) bool {
	spec, err := backend.Parse(data, base)
	if err != nil {
		return false
	}
	defer spec.Close()
	return spec.Own().Verify() == nil
}

func checkCollection(t *testing.T, c *modules.Collection, members []member) {
	names := []string{"vmlinux"}
	broken := 0
	count := map[string]int{}
	add := func(spec *btf.Spec) {
		for _, typ := range spec.All() {
			if name := typ.Name(); name != "" {
				count[name]++
			}
		}
	}
	add(c.Base())
	for _, m := range members {
		spec, err := c.Module(context.Background(), m.name)
		if (err == nil) != m.sound {
			t.Fatalf("%s: %v; sound: %v", m.name, err, m.sound)
		}
		if !m.sound {
			broken++
			continue
		}
		names = append(names, m.name)
		add(spec.Own())
	}
	if n := len(c.Problems()); n != broken || c.Len() != len(members) {
		t.Fatalf("%d problems of %d modules, want %d of %d", n, c.Len(), broken, len(members))
	}
	var got []string
	for name := range c.Specs() {
		got = append(got, name)
	}
	slices.Sort(names[1:])
	if !slices.Equal(got, names) {
		t.Fatalf("members %v, want %v", got, names)
	}
	checkCollectionNames(t, c, count)
}

// checkCollectionNames asks the collection for every name that some member has.
func checkCollectionNames(t *testing.T, c *modules.Collection, count map[string]int) {
	all := 0
	for name, want := range count {
		n := 0
		for typ := range c.TypesByName(name) {
			if n++; typ.Name() != name || c.ModuleOf(typ) == "" {
				t.Fatalf("%q: %v of %q", name, typ, c.ModuleOf(typ))
			}
		}
		if all += n; n != want {
			t.Fatalf("%d types named %q, want %d", n, name, want)
		}
	}
	matched := 0
	for range c.TypesByMatch(btf.MustMatcher("(?s).+")) {
		matched++
	}
	if matched != all {
		t.Fatalf("%d types match any name, %d have one", matched, all)
	}
}
