package validate

import (
	"errors"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// What types refer to, as btf_check_all_types follows it: depth first, no deeper than 32 types.
// Where it stops depends on whether it started from a pointer, or from a struct or array.

// A state is what is known of an own type.
type state uint8

const (
	unseen state = iota
	open
	resolved
	broken // it, or a part of it, has a finding
)

// A mode says which types are not followed.
type mode uint8

const (
	fromAny     mode = iota
	fromPointer      // structs and arrays are not followed
	fromStruct       // pointers are not followed
)

// maxDepth is MAX_RESOLVE_DEPTH.
const maxDepth = 32

var (
	errBroken = errors.New("a part is broken")
	errDeep   = errors.New("types nest more than 32 deep")
)

// Sets of kinds, by the kernel's names.
const (
	modifiers   = raw.Modifiers | 1<<raw.Typedef
	needResolve = modifiers | raw.Composites | 1<<raw.Ptr | 1<<raw.Array | 1<<raw.Var | 1<<raw.Func |
		1<<raw.Datasec | 1<<raw.DeclTag
	sourceOnly = 1<<raw.Var | 1<<raw.Datasec | 1<<raw.DeclTag
	noSize     = 1<<raw.Void | 1<<raw.Fwd | 1<<raw.Func | 1<<raw.FuncProto | 1<<raw.DeclTag
)

func in(t btf.Type, set raw.KindSet) bool { return raw.Kind(t.Kind()).In(set) }

// resolveAll follows the references of all own types.
func (c *checker) resolveAll() {
	for _, t := range c.spec.Own().All() {
		c.t = t
		if in(t, modifiers) && c.chain(t) > maxDepth {
			c.add("chain", "btf_check_type_tags", "more than %d modifiers and typedefs in a row", maxDepth)
			continue
		}
		c.mode = fromAny
		if in(t, needResolve) {
			c.start(t)
		}
		if t.Kind() == btf.KindFuncProto && c.stateOf(t) != broken {
			c.t = t
			c.checkProto(t)
		}
	}
}

// chain counts modifiers and typedefs from a type on, up to one more than are allowed.
func (c *checker) chain(t btf.Type) (n int) {
	for ; in(t, modifiers) && n <= maxDepth; n++ {
		t = t.Target()
	}
	return n
}

// start resolves a type and reports one that nests too deep.
func (c *checker) start(t btf.Type) (ok bool) {
	c.mode = fromAny
	err := c.resolve(t, 1)
	if err == errDeep {
		c.t = t
		c.add("depth", "env_stack_push", "%v", err)
	}
	return err == nil
}

func (c *checker) stateOf(t btf.Type) state {
	if t.IsVoid() || t.ID() < c.first {
		return resolved // of a base, which is not judged
	}
	return c.states[t.ID()-c.first]
}

// resolve follows a type and its parts.
func (c *checker) resolve(t btf.Type, depth int) error {
	switch c.stateOf(t) {
	case resolved:
		return nil
	case broken:
		return errBroken
	case open:
		return errBroken // a circle, which Verify knows, or one through pointers alone
	}
	if depth > maxDepth {
		return errDeep
	}
	own := &c.states[t.ID()-c.first]
	*own = open
	if c.mode == fromAny && t.Kind() == btf.KindPtr {
		c.mode = fromPointer
	} else if c.mode == fromAny && in(t, raw.Composites|1<<raw.Array) {
		c.mode = fromStruct
	}
	err := c.resolveParts(t, depth)
	if c.stateOf(t) == broken && err == nil {
		err = errBroken
	}
	if err != nil {
		*own = broken
		return err
	}
	*own = resolved
	return nil
}

// follow resolves a part, if it is to be followed.
func (c *checker) follow(t btf.Type, depth int) error {
	sink := !in(t, needResolve)
	switch c.mode {
	case fromPointer:
		sink = !in(t, modifiers|1<<raw.Ptr)
	case fromStruct:
		sink = !in(t, modifiers|raw.Composites|1<<raw.Array)
	}
	if sink {
		return nil
	}
	return c.resolve(t, depth+1)
}

// report is add, for a type whose parts were resolved meanwhile.
func (c *checker) report(t btf.Type, rule, source, format string, args ...any) error {
	c.t = t
	c.add(rule, source, format, args...)
	return errBroken
}

func (c *checker) resolveParts(t btf.Type, depth int) error {
	switch k := t.Kind(); {
	case in(t, modifiers):
		return c.resolveReference(t, "btf_modifier_resolve", depth)
	case k == btf.KindPtr:
		return c.resolveReference(t, "btf_ptr_resolve", depth)
	case k == btf.KindArray:
		return c.resolveArray(t, depth)
	case in(t, raw.Composites):
		return c.resolveMembers(t, depth)
	case k == btf.KindVar:
		return c.resolveVar(t, depth)
	case k == btf.KindDatasec:
		return c.resolveDatasec(t, depth)
	case k == btf.KindFunc:
		return c.resolveFunc(t)
	}
	return c.resolveDeclTag(t, depth)
}

func (c *checker) resolveReference(t btf.Type, source string, depth int) error {
	target := t.Target()
	if in(target, sourceOnly) {
		return c.report(t, "target", source, "refers to %v", target)
	}
	return c.follow(target, depth)
}

// concrete goes through modifiers, typedefs and variables.
func concrete(t btf.Type) btf.Type {
	for range 2 * maxDepth {
		if !in(t, modifiers|1<<raw.Var) {
			break
		}
		t = t.Target()
	}
	return t
}

// size returns the size of values of a type that was resolved, in bytes.
func (c *checker) size(t btf.Type) (size uint64, ok bool) {
	t = concrete(t)
	switch {
	case in(t, noSize):
		return 0, false
	case t.Kind() == btf.KindPtr:
		return c.ptrSize, true
	case t.Kind() == btf.KindArray && t.ID() < c.first:
		return t.Sizeof()
	case t.Kind() == btf.KindArray:
		return c.arrays[t.ID()], true
	}
	n, ok := t.Size()
	return uint64(n), ok
}

// isRegular is btf_type_int_is_regular, which does not look at the size.
func isRegular(t btf.Type) bool {
	i, ok := t.Int()
	return ok && i.Offset == 0 && i.Bits >= 8 && i.Bits <= 128 && i.Bits&(i.Bits-1) == 0
}

func (c *checker) resolveArray(t btf.Type, depth int) error {
	const source = "btf_array_resolve"
	index, elem := t.IndexType(), t.Target()
	for _, part := range []btf.Type{index, elem} {
		if in(part, noSize|sourceOnly) {
			return c.report(t, "array", source, "elements or an index of %v", part)
		}
		if err := c.follow(part, depth); err != nil {
			return err
		}
	}
	if index = concrete(index); !isRegular(index) {
		return c.report(t, "array-index", source, "an index of %v, no plain integer", index)
	}
	size, ok := c.size(elem)
	elem = concrete(elem)
	switch n, _ := t.ArrayLen(); {
	case !ok:
		return c.report(t, "array", source, "elements of %v, which has no size", elem)
	case elem.Kind() == btf.KindInt && !isRegular(elem):
		return c.report(t, "array-element", source, "elements of %v, no plain integer", elem)
	case size*uint64(n) > 0xffffffff:
		return c.report(t, "array-large", source, "%d elements of %d bytes", n, size)
	default:
		c.arrays[t.ID()] = size * uint64(n)
	}
	return nil
}

func (c *checker) resolveVar(t btf.Type, depth int) error {
	const source = "btf_var_resolve"
	target := t.Target()
	if in(target, sourceOnly) {
		return c.report(t, "target", source, "a variable of %v", target)
	}
	if err := c.follow(target, depth); err != nil {
		return err
	}
	if _, ok := c.size(target); !ok {
		return c.report(t, "var-size", source, "a variable of %v, which has no size", target)
	}
	return nil
}

func (c *checker) resolveDatasec(t btf.Type, depth int) error {
	const source = "btf_datasec_resolve"
	for i, v := range t.VarSecinfos() {
		target := v.Target()
		if c.object && target.Kind() == btf.KindFunc {
			continue
		}
		if target.Kind() != btf.KindVar {
			return c.report(t, "section-type", source, "variable %d is %v", i, target)
		}
		if err := c.follow(target, depth); err != nil {
			return err
		}
		if size, ok := c.size(target); !ok || size > uint64(v.Size()) && !c.object {
			return c.report(t, "section-variable", source, "variable %d of %d bytes in %d", i, size,
				v.Size())
		}
	}
	return nil
}

func (c *checker) resolveFunc(t btf.Type) error {
	for i, p := range t.Params() {
		sec, off := btf.Internal.Record(t.Target())
		name := sec.Word(off + raw.HeaderSize + 8*uint32(i))
		if name == 0 && p.TargetID() != 0 && !c.object {
			return c.report(t, "func-param", "btf_func_check", "parameter %d has no name", i)
		}
	}
	return nil
}

func (c *checker) resolveDeclTag(t btf.Type, depth int) error {
	const source = "btf_decl_tag_resolve"
	target := t.Target()
	if !in(target, raw.Composites|1<<raw.Func|1<<raw.Var|1<<raw.Typedef) {
		return c.report(t, "tag-target", source, "a tag of %v", target)
	}
	if err := c.follow(target, depth); err != nil {
		return err
	}
	n := target.Vlen() // 0 of a VAR or TYPEDEF, which has no components
	if target.Kind() == btf.KindFunc {
		n = target.Target().Vlen()
	}
	if index, _ := t.ComponentIndex(); index >= n {
		return c.report(t, "component", source, "component %d of %v", index, target)
	}
	return nil
}

// checkProto is btf_func_proto_check.
func (c *checker) checkProto(t btf.Type) {
	const source = "btf_func_proto_check"
	if ret := t.Return(); !ret.IsVoid() && !c.hasValues(t, ret) {
		return
	}
	n := t.Vlen()
	for i, p := range t.Params() {
		c.t = t
		name := c.elementName(i)
		if p.TargetID() == 0 {
			if i != n-1 || name != 0 {
				c.add("variadic", source, "parameter %d of type void", i)
			}
			continue
		}
		c.checkName(source, "parameter", name, true)
		if !c.hasValues(t, p.Target()) {
			return
		}
	}
}

// hasValues resolves what a prototype returns or takes, and reports it if it has no size.
func (c *checker) hasValues(proto, t btf.Type) bool {
	if in(t, sourceOnly) {
		c.report(proto, "proto-type", "btf_func_proto_check", "returns or takes %v", t)
		return false
	}
	if in(t, needResolve) && !c.start(t) {
		return false
	}
	if _, ok := c.size(t); !ok {
		c.report(proto, "proto-type", "btf_func_proto_check", "returns or takes %v", t)
		return false
	}
	return true
}
