// Package validate finds what the Linux kernel would refuse in BTF that a program loads, without a
// kernel, and says of each what it is, where, and which of the kernel's functions refuses it.
//
//	for _, f := range validate.Kernel(spec) {
//		fmt.Println(f)
//	}
//
// The rules are those of kernel/bpf/btf.c of Linux 6.18 (btf_parse), which names its functions in
// each Finding. Rules that other versions do not have are left out: the order of type tags, and
// what Linux 7.1 says of layout sections. The kernel is laxer with its own BTF and that of modules.
package validate

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// A Finding is something that a rule does not allow.
type Finding struct {
	// ID is the type that it is about; 0 for what is about the whole section.
	ID btf.TypeID
	// Rule names the rule, such as "member-order".
	Rule string
	// Source is the function of the kernel's btf.c that refuses it.
	Source string
	// Text says what is wrong.
	Text string
}

// String returns a line such as
// `type 17: member 2 at bit 8, behind one at bit 32 (member-order, btf_struct_check_meta)`.
func (f Finding) String() string {
	where := ""
	if f.ID != 0 {
		where = fmt.Sprintf("type %d: ", f.ID)
	}
	return fmt.Sprintf("%s%s (%s, %s)", where, f.Text, f.Rule, f.Source)
}

// Kernel returns what a kernel of the section's byte order would refuse in the own types of spec:
// first of records, then of what they refer to, each in the order of types. It is empty if there is
// nothing. A type whose parts are refused is not judged itself; nor are references, if Verify finds
// one to nothing, or a circle. Time and memory are linear in the section. The error is
// btf.ErrClosed.
func Kernel(spec *btf.Spec) ([]Finding, error) { return check(spec, false) }

// Object is Kernel for what compilers write into objects, which a loader completes: there, sections
// of variables have no sizes and offsets yet, and may have functions, what is extern is only
// declared, functions have no names for parameters, structs are packed around floats, and there may
// be gaps between sections.
func Object(spec *btf.Spec) ([]Finding, error) { return check(spec, true) }

// A checker collects findings on one section.
type checker struct {
	spec     *btf.Spec
	object   bool
	first    btf.TypeID
	ptrSize  uint64
	findings []Finding

	t      btf.Type // the record that is looked at
	states []state  // of own types, by id - first
	mode   mode
	arrays map[btf.TypeID]uint64 // sizes of arrays, in bytes
}

func check(spec *btf.Spec, object bool) ([]Finding, error) {
	if btf.Internal.Closed(spec) {
		return nil, fmt.Errorf("validate: %w", btf.ErrClosed)
	}
	first, end := spec.Own().IDs()
	first = max(first, 1)
	c := &checker{spec: spec, object: object, first: first, ptrSize: uint64(spec.PointerSize()),
		states: make([]state, end-min(first, end)), arrays: map[btf.TypeID]uint64{}}
	if c.ptrSize == 0 {
		c.ptrSize = 8
	}
	c.checkHeader()
	for _, t := range spec.Own().All() {
		if !t.IsVoid() {
			c.checkRecord(t)
		}
	}
	if err := spec.Own().Verify(); err != nil {
		c.addError(err)
		return c.findings, nil
	}
	c.resolveAll()
	return c.findings, nil
}

// add adds a finding on the record that is looked at, of which it breaks the rule.
func (c *checker) add(rule, source, format string, args ...any) {
	c.findings = append(c.findings, Finding{c.t.ID(), rule, source, fmt.Sprintf(format, args...)})
	if i := c.t.ID() - c.first; !c.t.IsVoid() && int(i) < len(c.states) {
		c.states[i] = broken
	}
}
