package btftest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/diff"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/elements"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/btfkit/btfkit/btf/internal/raw"
	"github.com/btfkit/btfkit/btf/internal/steps"
	"github.com/btfkit/btfkit/btf/layout"
	"github.com/btfkit/btfkit/btf/path"
)

// stepsChild is set for the test that TestSteps runs.
const stepsChild = "BTFKIT_COUNTS_STEPS"

// TestSteps checks that every query in each backend takes steps and memory linear in the input and
// in its result, on BTF that was made to be slow; see Hostile. A step is a byte of a name, or a
// word of a record, that is read. They are counted by a build of their own, with the tag btfsteps:
// TestSteps runs the test that calls it again, with the go command, in the current folder. One
// call for all backends needs one such build.
func TestSteps(t *testing.T, backends ...btf.Backend) {
	if !counting {
		runCounting(t)
		return
	}
	for i, own := range backends {
		t.Run(own.Name(), func(t *testing.T) {
			checkSteps(t, func(blob *Blob) (list []question) {
				list = questions(t, own, blob)
				if i == 0 {
					list = append(list, askHex(t, blob)) // which knows no backend
				}
				return list
			})
		})
	}
}

// checkSteps asks the questions that a function returns for a blob.
func checkSteps(t *testing.T, questions func(*Blob) []question) {
	worst := map[string]*[3]cost{}
	var order []string
	for i, n := range []int{stepsN, 2 * stepsN, 4 * stepsN} {
		for _, blob := range Hostile(n) {
			for _, q := range questions(blob) {
				c := q.measure(t, blob)
				if c.steps > freeSteps+maxSteps*c.size || c.memory > freeMemory+maxMemory*c.size {
					t.Errorf("%s of %s: %v; at most %d and %d are linear",
						q.name, blob.Name, c, maxSteps, maxMemory)
				}
				if worst[q.name] == nil {
					worst[q.name] = new([3]cost)
					order = append(order, q.name)
				}
				if w := &worst[q.name][i]; c.perByte() >= w.perByte() {
					*w = c
				}
			}
		}
	}
	t.Logf("for n = %d, 2n and 4n, per byte of input and answer:", stepsN)
	for _, name := range order {
		w := worst[name]
		t.Logf("%-36s %v | %v | %v", name, w[0], w[1], w[2])
	}
}

const (
	// stepsN is large enough that n*n is beyond all limits, and that chains are longer than
	// the 1,024 links that one step of a walk may follow.
	stepsN = 1200
	// maxSteps and maxMemory are how many steps, and bytes allocated, a question may take for each
	// byte of the input and of its answer.
	maxSteps  = 16
	maxMemory = 48
	// freeSteps and freeMemory come on top: a Builder may do as it likes with the first megabyte of
	// names, which it reads, looks up and writes, and the first question fills pools.
	freeSteps  = 4 << 20
	freeMemory = 8 << 20
)

// counting is no constant: the linker would drop what it excludes, and "go test" would take an old
// result for that of the code that counts.
var counting = steps.Enabled

// runCounting runs the test again with steps counted.
func runCounting(t *testing.T) {
	switch {
	case os.Getenv(stepsChild) != "":
		t.Fatal("the tag btfsteps has no effect")
	case testing.Short():
		t.Skip("it compiles the tests again: run without -short")
	}
	cmd := exec.Command("go", "test", "-vet=off", "-tags=btfsteps", "-run=^"+t.Name()+"$", "-count=1",
		"-v", ".")
	cmd.Env = append(os.Environ(), stepsChild+"=1")
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		t.Skipf("%v: run it where the go command is", err)
	case err != nil:
		t.Errorf("%v: %v", cmd, err)
	}
	t.Logf("%s", out)
}

// A cost is what a question took on an input.
type cost struct {
	steps, memory int64
	size          int64 // bytes of input and answer
}

func (c cost) perByte() float64 { return float64(c.steps) / float64(max(c.size, 1)) }

func (c cost) String() string {
	return fmt.Sprintf("%.2f steps, %.2f B allocated", c.perByte(),
		float64(c.memory)/float64(max(c.size, 1)))
}

// A question is a call of a public function, or a range over what it returns.
type question struct {
	name string
	// ask returns how many bytes the answer takes.
	ask func() (result int)
}

func (q question) measure(t *testing.T, blob *Blob) cost {
	t.Helper()
	c := cost{size: int64(len(blob.Data))}
	for b := blob.Base; b != nil; b = b.Base {
		c.size += int64(len(b.Data))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	from := steps.Total()
	c.size += int64(q.ask())
	c.steps = steps.Total() - from
	runtime.ReadMemStats(&after)
	c.memory = int64(after.TotalAlloc - before.TotalAlloc)
	return c
}

// questions opens the blob and returns what is asked of it.
func questions(t *testing.T, own btf.Backend, blob *Blob) (list []question) {
	t.Helper()
	var base *btf.Spec
	if blob.Base != nil {
		var err error
		if base, err = own.Parse(blob.Base.Data, nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { base.Close() })
	}
	spec := new(btf.Spec)
	add := func(name string, ask func() int) { list = append(list, question{name, ask}) }
	add("Parse", func() int {
		var err error
		if spec, err = own.Parse(blob.Data, base); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { spec.Close() })
		return 0
	})
	probe := mustOpen(blob)
	names := probeNames(probe)
	_, end := probe.IDs()
	typ := func(id btf.TypeID) btf.Type { return mustID(t, spec, id) }
	askNames(add, &spec, names)
	askMatches(add, &spec)
	askSpec(t, add, &spec)
	for _, id := range []btf.TypeID{1, end / 2, end - 1} {
		askType(add, names[0], func() btf.Type { return typ(id) })
	}
	askBuilder(add, &spec)
	askDerived(add, &spec, names)
	askDiff(t, add, own, &spec, blob, base)
	askLayout(add, &spec)
	return list
}

func askHex(t *testing.T, blob *Blob) question {
	var base *btf.Spec
	if blob.Base != nil {
		base = mustOpen(blob.Base)
	}
	return question{"Hex", func() int {
		n := counter(0)
		if err := Hex(&n, blob.Data, base); err != nil {
			t.Error(err)
		}
		return int(n)
	}}
}

// probeNames returns names to ask for: that of the last type, the longest, and what is nearly the
// longest.
func probeNames(spec *btf.Spec) []string {
	long, last := "", ""
	for _, t := range spec.All() {
		if n := t.Name(); n != "" {
			last = n
			if len(n) > len(long) {
				long = n
			}
		}
	}
	with := func(i int, c byte) string { return long[:i] + string(c) + long[i+1:] }
	n := len(long)
	return []string{long, last, with(0, '!'), with(n/2, '!'), with(n-1, '!'), with(n/2, 0),
		long[1:], long[:n-1], long + "a", "a" + long, strings.Repeat("a", n)}
}

type asker = func(name string, ask func() int)

func askNames(add asker, spec **btf.Spec, names []string) {
	for _, name := range names {
		add("IDsByName", func() int {
			ids, _ := (*spec).IDsByName(name)
			return 4 * len(ids)
		})
	}
	for _, name := range names {
		add("TypesByName", func() int { return 4 * count((*spec).TypesByName(name)) })
		add("TypeByName of a kind that is not there", func() int {
			_, err := (*spec).TypeByName(name, btf.KindFloat)
			return len(err.Error())
		})
	}
	add("IDsByName of the anonymous", func() int {
		ids, _ := (*spec).IDsByName("")
		return 4 * len(ids)
	})
}

func askMatches(add asker, spec **btf.Spec) {
	for _, expr := range []string{"a", "^a", "^aaaaaaaaaaaaaaaaaaa", "a$", "^a*$", "aaaaab", "x|y",
		"(a|x)*z",
		"(?i)AB$", "a.*a.*b", `\ba+b`, "[^a]", "^.*x.*y", "^" + strings.Repeat("a", 200), ""} {
		add("IDsByMatch", func() int {
			ids, _ := (*spec).IDsByMatch(btf.MustMatcher(expr))
			return 4 * len(ids)
		})
	}
	add("TypesByMatch of a kind", func() int {
		return 4 * count((*spec).TypesByMatch(btf.MustMatcher("a+"), btf.KindInt))
	})
}

func askSpec(t *testing.T, add asker, spec **btf.Spec) {
	add("PointerSize", func() int { return (*spec).PointerSize() })
	add("Verify", func() int {
		if err := (*spec).Verify(); err != nil {
			t.Error(err)
		}
		return 0
	})
	add("CheckBase", func() int { (*spec).CheckBase(); return 0 }) // overlap is what it looks for
	add("All", func() int {
		n := 0
		for range (*spec).All() {
			n += 4
		}
		return n
	})
	add("TypesByKind", func() int { return 4 * count((*spec).TypesByKind(btf.KindInt)) })
	add("funcs.Finder", func() int {
		f, err := funcs.New(funcs.Query{Param: "void *", Traceable: true})
		if err != nil {
			t.Error(err)
			return 0
		}
		n := 0
		for range f.In(*spec) {
			n += 4
		}
		return n
	})
}

func askType(add asker, name string, typ func() btf.Type) {
	add("Type.Name, AppendName, String", func() int {
		t := typ()
		return len(t.Name()) + len(t.AppendName(nil)) + len(t.String())
	})
	add("Type.NameIs", func() int { typ().NameIs(name); return 0 })
	add("Type.Targets", func() int { return 4 * count(typ().Targets()) })
	add("Type.Sizeof", func() int { typ().Sizeof(); return 0 })
	add("Type.Underlying", func() int { typ().Underlying(); return 0 })
	add("Type.Members, Enumerators, Params", func() int {
		n, t := 0, typ()
		for range t.Members() {
			n += 4
		}
		for range t.Enumerators() {
			n += 4
		}
		for range t.Params() {
			n += 4
		}
		return n
	})
}

func askBuilder(add asker, spec **btf.Spec) {
	size := func(b *builder.Builder) int {
		data, _ := b.Bytes() // too much overlap is refused
		return len(data)
	}
	add("builder.From", func() int { return size(builder.From(*spec, builder.CopyOptions{})) })
	add("builder.From with new strings", func() int {
		return size(builder.From(*spec, builder.CopyOptions{RebuildStrings: true}))
	})
	add("Builder.Copy of all", func() int {
		b := format()
		for _, t := range (*spec).All() {
			if !t.IsVoid() {
				b.Copy(t, nil)
			}
		}
		return size(b)
	})
}

// askDerived asks packages that work things out from types.
func askDerived(add asker, spec **btf.Spec, names []string) {
	for _, name := range names[:3] {
		add("elements.MembersByName", func() int {
			return 4 * countPairs(elements.MembersByName(*spec, name))
		})
		add("elements.EnumeratorsByName", func() int {
			return 4 * countPairs(elements.EnumeratorsByName(*spec, name))
		})
		add("elements.Index", func() int {
			x := elements.NewIndex(*spec)
			return 4 * (countPairs(x.Members(name)) + countPairs(x.Enumerators(name)))
		})
	}
	last := func() btf.Type {
		_, end := (*spec).IDs()
		t, _ := (*spec).TypeByID(end - 1)
		return t
	}
	add("path.Members, Resolve", func() (n int) {
		for range path.Members(last()) {
			n += 4
		}
		_, err := path.Resolve(last(), "a.b")
		return n + len(fmt.Sprint(err))
	})
	add("path.Resolver", func() int {
		_, err := new(path.Resolver).Resolve(last(), "a.b")
		return len(fmt.Sprint(err))
	})
	add("dump.Raw", func() int {
		n := counter(0)
		_ = dump.Raw(&n, *spec) // a counter does not fail
		return int(n)
	})
}

// askDiff compares the blob with itself, and with one that differs in the last type.
func askDiff(t *testing.T, add asker, own btf.Backend, spec **btf.Spec, blob *Blob,
	base *btf.Spec) {
	other, err := own.Parse(otherEnd(blob.Data), base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	add("diff.Between", func() (n int) {
		if changes := diff.Between(*spec, *spec); len(changes) != 0 {
			t.Errorf("changes to itself: %v", changes[0])
		}
		for _, c := range diff.Between(*spec, other) {
			n += 8 + len(c.Name)
			for _, e := range c.Elements {
				n += 8 + len(e.Name)
			}
		}
		return n + len(blob.Data)
	})
	ends := func(ask func(a, b btf.Type)) func() int {
		return func() int {
			_, end := other.IDs()
			for _, id := range []btf.TypeID{end / 2, end - 1} {
				a, _ := (*spec).TypeByID(id)
				b, _ := other.TypeByID(id)
				ask(a, b)
			}
			return len(blob.Data)
		}
	}
	add("diff.Equal", ends(func(a, b btf.Type) { diff.Equal(a, b) }))
	add("diff.SameDeclaration", ends(func(a, b btf.Type) { diff.SameDeclaration(a, b) }))
}

// otherEnd returns a copy of BTF of which the last type has another size, or refers to another.
func otherEnd(data []byte) []byte {
	data = slices.Clone(data)
	word := func(i int) int { return int(binary.LittleEndian.Uint32(data[i:])) }
	types := word(4) + word(8)
	end, last := types+word(12), types
	for at := types; at < end; {
		last = at
		record := raw.Builtin[raw.InfoKind(uint32(word(at+4)))]
		at += raw.HeaderSize + int(record.Info) +
			int(record.Elem)*int(raw.InfoVlen(uint32(word(at+4))))
	}
	data[last+8] ^= 2
	return data
}

func askLayout(add asker, spec **btf.Spec) {
	add("layout.Ruler of all", func() (n int) {
		var r layout.Ruler
		for _, t := range (*spec).All() {
			r.Align(t)
			r.Packed(t)
		}
		return 0
	})
	add("layout.Gaps of all", func() (n int) {
		for t := range (*spec).TypesByKind(btf.KindStruct, btf.KindUnion) {
			for range layout.Gaps(t) {
				n += 24
			}
		}
		return n
	})
}

func countPairs[A, B any](seq iter.Seq2[A, B]) (n int) {
	for range seq {
		n++
	}
	return n
}

func count(seq func(func(btf.Type) bool)) (n int) {
	for range seq {
		n++
	}
	return n
}

// A counter counts what is written to it.
type counter int

var _ io.Writer = (*counter)(nil)

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
