package fuzz

import (
	"errors"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// FuzzStateful replays commands of two bytes, an operation and its argument, on a few Specs that
// are split from each other, and compares with a model: what is open, what the oracle says of
// it, and that what was handed out stays valid for as long as it was promised to.
func FuzzStateful(f *testing.F) {
	f.Fuzz(func(t *testing.T, commands []byte) {
		if len(commands) > 400 {
			t.Skip("200 commands reach every state")
		}
		m := &machine{T: t}
		for len(commands) >= 2 {
			m.run(commands[0], commands[1])
			commands = commands[2:]
		}
		for _, s := range m.specs {
			m.close(s)
		}
		m.checkKept()
	})
}

// machine is the model beside the real thing.
type machine struct {
	*testing.T
	specs []*modelled
	kept  []keptType
}

// modelled is a Spec with what is known about it.
type modelled struct {
	spec   *btf.Spec
	want   *oracle.Blob
	base   *modelled
	splits []*modelled
	closed bool
}

// alive reports whether the section must still answer: its Spec is open, or one above is.
func (s *modelled) alive() bool {
	if !s.closed {
		return true
	}
	for _, split := range s.splits {
		if split.alive() {
			return true
		}
	}
	return false
}

// keptType is a view that was handed out, with its name.
type keptType struct {
	owner *modelled // whose section it lies in
	t     btf.Type
	want  naive.Type
	name  string
}

func (m *machine) run(op, arg byte) {
	if len(m.specs) == 0 {
		op = 0
	}
	var s *modelled
	if len(m.specs) > 0 {
		s = m.specs[int(arg)%len(m.specs)]
	}
	switch op % 9 {
	case 0:
		m.openBase(arg)
	case 1:
		m.openSplit(s, arg)
	case 2:
		m.close(s)
	case 3:
		m.typeByID(s, op, arg)
	case 4:
		m.names(s, arg)
	case 5:
		m.iterate(s)
	case 6:
		m.match(s, arg)
	case 7:
		m.checkKept()
	case 8:
		if info := s.spec.Info(); s.closed != (info == btf.Info{}) {
			m.Fatalf("Info %+v of a Spec that is closed: %v", info, s.closed)
		}
	}
}

const maxSpecs = 6

func (m *machine) openBase(arg byte) {
	if len(m.specs) == maxSpecs {
		return
	}
	name := []string{"fixtures/pahole-kernel-x86_64", "btftest/tour-layout", "btftest/opaque"}[arg%3]
	b := blobs.Find(m, name)
	backend := oracle.Backends[int(arg/3)%len(oracle.Backends)]
	spec, err := backend.Parse(b.Bytes(m), nil)
	if err != nil {
		m.Fatal(err)
	}
	m.specs = append(m.specs, &modelled{spec: spec, want: b.Oracle(m)})
}

// openSplit splits a section off s: a closed base refuses, whether its section lives or not.
func (m *machine) openSplit(s *modelled, arg byte) {
	if len(m.specs) == maxSpecs {
		return
	}
	data := blobs.Find(m, "fixtures/pahole-split-x86_64").Bytes(m)
	want, fault := oracle.Parse(data, s.want)
	spec, err := oracle.Backends[int(arg/8)%len(oracle.Backends)].Parse(data, s.spec)
	switch {
	case s.closed:
		if !errors.Is(err, btf.ErrClosed) {
			m.Fatalf("a split of a closed base: %v", err)
		}
	case fault != nil:
		if err := oracle.CheckFault(err, fault); err != nil {
			m.Fatal(err)
		}
	case err != nil:
		m.Fatal(err)
	default:
		split := &modelled{spec: spec, want: want, base: s}
		s.splits = append(s.splits, split)
		m.specs = append(m.specs, split)
	}
}

// close closes a Spec, perhaps not for the first time.
func (m *machine) close(s *modelled) {
	if err := s.spec.Close(); err != nil {
		m.Fatalf("Close: %v", err)
	}
	s.closed = true
}

func (m *machine) typeByID(s *modelled, op, arg byte) {
	id := uint32(op/9)*7 + uint32(arg)/8
	if id == 0 {
		id = s.want.End() - 1
	}
	t, err := s.spec.TypeByID(btf.TypeID(id))
	want, ok := s.want.ByID(id)
	switch {
	case s.closed:
		if !errors.Is(err, btf.ErrClosed) || !t.IsVoid() {
			m.Fatalf("closed: %v, %v", t, err)
		}
	case !ok:
		if !errors.Is(err, btf.ErrNotFound) {
			m.Fatalf("type %d: %v", id, err)
		}
	case err != nil || uint32(t.ID()) != want.ID:
		m.Fatalf("type %d: %v, %v", id, t, err)
	case !want.IsVoid():
		owner := s
		for owner.want != want.Blob {
			owner = owner.base
		}
		m.kept = append(m.kept, keptType{owner, t, want, t.Name()})
	}
}

func (m *machine) names(s *modelled, arg byte) {
	names := oracle.QueryNames(s.want, 5)
	name := names[int(arg/8)%len(names)]
	if !s.closed {
		if err := oracle.CheckNames(s.spec, s.want, []string{name}); err != nil {
			m.Fatal(err)
		}
		return
	}
	if t, err := s.spec.TypeByName(name); err != btf.ErrClosed || !t.IsVoid() {
		m.Fatalf("closed: TypeByName %v, %v", t, err)
	}
	if ids, err := s.spec.AppendIDsByName(nil, name); err != btf.ErrClosed || len(ids) != 0 {
		m.Fatalf("closed: ids %v, %v", ids, err)
	}
	for t := range s.spec.TypesByName(name) {
		m.Fatalf("closed: %v", t)
	}
}

func (m *machine) iterate(s *modelled) {
	if !s.closed {
		if err := oracle.CheckRecords(s.spec, s.want); err != nil {
			m.Fatal(err)
		}
		return
	}
	for id := range s.spec.All() {
		m.Fatalf("closed: iterates over %d", id)
	}
	if err := s.spec.Verify(); err != btf.ErrClosed {
		m.Fatalf("closed: Verify: %v", err)
	}
}

func (m *machine) match(s *modelled, arg byte) {
	expr := oracle.Patterns[int(arg/8)%len(oracle.Patterns)]
	if !s.closed {
		if err := oracle.CheckMatches(s.want, expr, s.spec); err != nil {
			m.Fatal(err)
		}
		return
	}
	ids, err := s.spec.AppendIDsByMatch(nil, btf.MustMatcher(expr))
	if err != btf.ErrClosed || len(ids) != 0 {
		m.Fatalf("closed: matches %v, %v", ids, err)
	}
}

// checkKept looks at every view that was ever handed out.
func (m *machine) checkKept() {
	for _, k := range m.kept {
		if k.name != k.want.Name() {
			m.Fatalf("a name that was handed out became %q, want %q", k.name, k.want.Name())
		}
		if k.owner.alive() {
			if err := oracle.CheckType(k.t, k.want); err != nil {
				m.Fatalf("kept: %v", err)
			}
			continue
		}
		if k.t.Kind() != btf.KindVoid || k.t.Name() != "" || k.t.Vlen() != 0 {
			m.Fatalf("after Close: %v", k.t)
		}
		if record := store.RecordOf(k.t).Bytes; record != "" {
			m.Fatalf("after Close: the record % x", record)
		}
		for range k.t.Members() {
			m.Fatal("after Close: a member")
		}
		for range k.t.Targets() {
			m.Fatal("after Close: a link")
		}
	}
}
