package measured

import (
	"strings"

	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/elements"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/btf/path"
)

// task returns the loop of a row about what users do with types, which only our own backends have.
// The loop stays until the source is closed, since such users keep what they learned, too.
func (t *Target) task(spec *btf.Spec, op row.Op) (run loop, err error) {
	if run = t.tasks[op]; run != nil {
		return run, nil
	}
	switch op {
	case row.NameOfType:
		run, err = nameOfType(spec, t.Workload.IDs)
	case row.MemberByPath:
		run, err = memberByPath(spec, t.Workload.IDs)
	case row.FuncsByParam:
		run, err = funcsByParam(spec)
	}
	if err != nil {
		return nil, err
	}
	if t.tasks == nil {
		t.tasks = make(map[row.Op]loop)
	}
	t.tasks[op] = run
	return run, nil
}

// nameOfType asks types in hand for their names. Names of a mapped file are copied into a buffer.
func nameOfType(spec *btf.Spec, ids []btf.TypeID) (loop, error) {
	types := make([]btf.Type, len(ids))
	for i, id := range ids {
		var err error
		if types[i], err = spec.TypeByID(id); err != nil {
			return nil, err
		}
	}
	return namesOf(types), errorIfEmpty(types)
}

//go:noinline
func namesOf(types []btf.Type) loop {
	name := make([]byte, 0, 256)
	return func(n int) (sum uint64, err error) {
		for i := 0; n > 0; n-- {
			if name = types[i].AppendName(name[:0]); len(name) > 0 {
				sum += uint64(len(name)) + uint64(name[0])
			}
			if i++; i == len(types) {
				i = 0
			}
		}
		return sum, nil
	}
}

// memberByPath resolves paths of one step: for each id of a struct or union, the first member that
// has a name, if it is among the first few.
func memberByPath(spec *btf.Spec, ids []btf.TypeID) (loop, error) {
	var roots []btf.Type
	var names []string
	for _, id := range ids {
		t, err := spec.TypeByID(id)
		if err != nil {
			return nil, err
		}
		for i, m := range t.Members() {
			name := m.Name()
			if name != "" {
				roots, names = append(roots, t), append(names, strings.Clone(name))
			}
			if name != "" || i == 8 {
				break
			}
		}
	}
	return memberOffsets(roots, names), errorIfEmpty(roots)
}

//go:noinline
func memberOffsets(roots []btf.Type, names []string) loop {
	r := new(path.Resolver)
	return func(n int) (sum uint64, err error) {
		for i := 0; n > 0; n-- {
			f, err := r.Resolve(roots[i], names[i])
			if err != nil {
				return sum, err
			}
			sum += f.BitOffset + 1
			if i++; i == len(roots) {
				i = 0
			}
		}
		return sum, nil
	}
}

// funcsByParam finds all functions that can be traced and have a packet as a parameter, as pwru
// does.
func funcsByParam(spec *btf.Spec) (loop, error) {
	f, err := funcs.New(funcs.Query{Param: "struct sk_buff *", Traceable: true})
	return matches(spec, f), err
}

//go:noinline
func matches(spec *btf.Spec, f *funcs.Finder) loop {
	return func(n int) (sum uint64, err error) {
		for range n {
			for m := range f.In(spec) {
				sum += uint64(m.Func.ID()) + uint64(m.Param)
			}
		}
		return sum, nil
	}
}

// dropReasons finds the reasons why the kernel and its modules drop packets.
func dropReasons(c *modules.Collection) (loop, error) {
	m, err := btf.NewMatcher(`^[A-Z]+_DROP_REASON_`)
	return values(c, m), err
}

//go:noinline
func values(c *modules.Collection, m *btf.Matcher) loop {
	return func(n int) (sum uint64, err error) {
		for range n {
			for _, e := range elements.EnumeratorsByMatch(c, m) {
				sum += e.Uint64() + 1
			}
		}
		return sum, nil
	}
}
