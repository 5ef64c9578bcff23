package session

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
)

// An oracle knows the right answers to a workload. It scans all types, uses no index, and matches
// with package regexp.
type oracle struct {
	workload *workload.Workload
	count    int
	types    []typeAnswer // of workload.IDs
	ids      map[string][]named
	matches  [][]named // by pattern
}

type typeAnswer struct {
	id, kind, size uint64
	name           string
}

// A named is a type that was found by its name.
type named struct {
	id   btf.TypeID
	kind btf.Kind
}

// longText is longer than any name of a kernel or program, and short enough for package regexp.
const longText = 64 << 10

// outOfScale reports whether the names of a Spec are too long for a scan: together much longer than
// its bytes, as only names are that lie in each other, or a single one longer than longText. A name
// that types share counts once.
func outOfScale(spec *btf.Spec) bool {
	left := 1 << 20
	for s := spec; s != nil; s = s.Base() {
		left += 2 * int(s.Info().DataBytes)
	}
	seen := make(map[uint32]bool)
	for _, t := range spec.All() {
		off := t.NameOffset()
		if seen[off] {
			continue
		}
		seen[off] = true
		n := len(t.Name())
		if left -= n; left < 0 || n > longText {
			return true
		}
	}
	return false
}

// walkIsOutOfScale reports whether the names of all structs' members, which the row StructWalk
// reads, are together much longer than the BTF.
func walkIsOutOfScale(spec *btf.Spec) bool {
	left := 1 << 20
	for s := spec; s != nil; s = s.Base() {
		left += 16 * int(s.Info().DataBytes)
	}
	var name []byte
	for t := range spec.TypesByKind(btf.KindStruct) {
		for _, m := range t.Members() {
			name = m.AppendName(name[:0])
			if left -= len(name); left < 0 {
				return true
			}
		}
	}
	return false
}

// newOracle works out the answers to a workload about BTF. It scans all types once, and reads a
// name once, however many types share it.
func newOracle(ctx context.Context, spec *btf.Spec, w *workload.Workload) (*oracle, error) {
	_, end := spec.IDs()
	o := &oracle{workload: w, count: int(end) - 1, ids: make(map[string][]named)}
	for _, name := range slices.Concat(w.Hits, w.Misses) {
		o.ids[name] = nil
	}
	expressions := make([]*regexp.Regexp, len(w.Patterns))
	for i, p := range w.Patterns {
		re, err := regexp.Compile(p.Expr)
		if err != nil {
			return nil, fmt.Errorf("regex %s: %w", p.Label, err)
		}
		expressions[i] = re
	}
	o.matches = make([][]named, len(expressions))
	seen := make(map[uint32]nameAnswer)
	for id, t := range spec.All() {
		a, known := seen[t.NameOffset()]
		if !known {
			var err error
			if a, err = o.readName(ctx, t.Name(), expressions); err != nil {
				return nil, err
			}
			seen[t.NameOffset()] = a
		}
		if !a.empty || t.IsAnonymous() {
			o.add(named{id, t.Kind()}, a)
		}
	}
	return o, o.lookUp(spec)
}

// A nameAnswer says what is asked about a name.
type nameAnswer struct {
	empty    bool
	name     string // if the workload asks for it
	asked    bool
	patterns []int // those that match it
}

func (o *oracle) readName(ctx context.Context, name string, expressions []*regexp.Regexp) (
	nameAnswer, error) {
	a := nameAnswer{empty: name == ""}
	if _, a.asked = o.ids[name]; a.asked {
		a.name = name
	}
	for i, re := range expressions {
		if ctx.Err() != nil {
			return a, context.Cause(ctx)
		}
		if re.MatchString(name) {
			a.patterns = append(a.patterns, i)
		}
	}
	return a, nil
}

// add adds a type to the answers about its name.
func (o *oracle) add(t named, a nameAnswer) {
	if a.asked {
		o.ids[a.name] = append(o.ids[a.name], t)
	}
	for _, i := range a.patterns {
		o.matches[i] = append(o.matches[i], t)
	}
}

func (o *oracle) lookUp(spec *btf.Spec) error {
	for _, id := range o.workload.IDs {
		t, err := spec.TypeByID(id)
		if err != nil {
			return fmt.Errorf("id %d: %w", id, err)
		}
		kind := t.Kind()
		if kind == btf.KindEnum64 {
			kind = btf.KindEnum
		}
		size, _ := t.Size()
		o.types = append(o.types, typeAnswer{uint64(id), uint64(kind), uint64(size), t.Name()})
	}
	return nil
}

// omissions are what a subject said its library leaves out.
type omissions struct {
	kinds  map[btf.Kind]bool
	prefix string
}

func parseOmissions(ready map[string]string) (o omissions, err error) {
	o.prefix = ready["omits-prefix"]
	o.kinds = make(map[btf.Kind]bool)
	for word := range strings.SplitSeq(ready["omits"], ",") {
		if word == "" || word == "-" {
			continue
		}
		kind, err := strconv.ParseUint(word, 10, 8)
		if err != nil {
			return o, fmt.Errorf("omits=%s: %w", ready["omits"], err)
		}
		o.kinds[btf.Kind(kind)] = true
	}
	return o, nil
}

func (o omissions) isEmpty() bool { return len(o.kinds) == 0 && o.prefix == "" }

func (o omissions) withoutOmitted(all []named) (kept []named) {
	for _, n := range all {
		if !o.kinds[n.kind] {
			kept = append(kept, n)
		}
	}
	return kept
}

// The answers of a subject are what it said to the command "check".
type answers struct {
	subject string
	peer    bool
	omits   omissions
	lines   []string
}

// askAnswers gets a subject's answers in a process of its own.
func askAnswers(ctx context.Context, subject Subject, src *Source, workload string) (
	answers, error) {
	p, err := start(ctx, subject, src, workload)
	if err != nil {
		return answers{}, err
	}
	defer p.close()
	omits, err := parseOmissions(p.ready)
	if err != nil {
		return answers{}, fmt.Errorf("%s: %w", subject.Name, err)
	}
	lines, err := p.ask("check")
	if err != nil {
		return answers{}, err
	}
	return answers{subject.Name, subject.Peer, omits, lines}, p.close()
}

// compareAnswers compares our backends' answers with those of the first. It serves where there is
// no oracle. Peers may leave answers out.
func compareAnswers(all []answers) error {
	all = slices.DeleteFunc(slices.Clone(all), func(a answers) bool { return a.peer })
	for _, a := range all[min(1, len(all)):] {
		if len(a.lines) != len(all[0].lines) {
			return fmt.Errorf("%s: check: %d answers, but %s has %d", a.subject, len(a.lines),
				all[0].subject, len(all[0].lines))
		}
		for i, line := range a.lines {
			if want := all[0].lines[i]; line != want {
				return fmt.Errorf("%s: check: answer %q, but %s says %q", a.subject, line,
					all[0].subject, want)
			}
		}
	}
	return nil
}

// checkAll compares subjects' answers with the right ones. The error shows the first difference.
func (o *oracle) checkAll(all []answers) error {
	for _, a := range all {
		if err := o.check(a); err != nil {
			return fmt.Errorf("%s: check: %w", a.subject, err)
		}
	}
	return nil
}

func (o *oracle) check(a answers) error {
	next := 0
	for want := range o.rightAnswers(a.omits) {
		if next == len(a.lines) {
			return fmt.Errorf("ends before %q", want.line)
		}
		if got := a.lines[next]; got != want.line && !want.mayBe(got) {
			return fmt.Errorf("wrong answer %q: %q is right", got, want.line)
		}
		next++
	}
	if next != len(a.lines) {
		return fmt.Errorf("%q is too much", a.lines[next])
	}
	return nil
}

// A rightAnswer is a line. If prefix is not empty, any line with that prefix and suffix will do,
// too.
type rightAnswer struct {
	line           string
	prefix, suffix string
}

func (a rightAnswer) mayBe(line string) bool {
	return a.prefix != "" && strings.HasPrefix(line, a.prefix) && strings.HasSuffix(line, a.suffix)
}

// rightAnswers yields the answers in the order of the protocol.
func (o *oracle) rightAnswers(omits omissions) func(yield func(rightAnswer) bool) {
	return func(yield func(rightAnswer) bool) {
		if !yield(rightAnswer{line: fmt.Sprintf("types %d", o.count)}) {
			return
		}
		for _, t := range o.types {
			a := rightAnswer{line: fmt.Sprintf("type %d %d %d %s", t.id, t.kind, t.size, t.name)}
			if omits.kinds[btf.Kind(t.kind)] {
				a.prefix = fmt.Sprintf("type %d %d ", t.id, t.kind)
			}
			if !yield(a) {
				return
			}
		}
		for _, names := range [][]string{o.workload.Hits, o.workload.Misses} {
			for _, name := range names {
				if !yield(o.idsAnswer(omits, name)) {
					return
				}
			}
		}
		for i, p := range o.workload.Patterns {
			if !yield(o.matchesAnswer(omits, i, p)) {
				return
			}
		}
	}
}

func (o *oracle) idsAnswer(omits omissions, name string) rightAnswer {
	var ids []string
	for _, n := range omits.withoutOmitted(o.ids[name]) {
		ids = append(ids, strconv.FormatUint(uint64(n.id), 10))
	}
	if len(ids) == 0 {
		ids = []string{"-"}
	}
	a := rightAnswer{line: "ids " + strings.Join(ids, ",") + " " + name}
	if omits.prefix != "" && strings.HasPrefix(name, omits.prefix) {
		a.prefix, a.suffix = "ids ", " "+name
	}
	return a
}

// matchesAnswer accepts "- -", for a pattern that the library cannot run.
func (o *oracle) matchesAnswer(omits omissions, i int, p workload.Pattern) rightAnswer {
	kept := omits.withoutOmitted(o.matches[i])
	var sum uint64
	for _, n := range kept {
		sum += uint64(n.id)
	}
	return rightAnswer{
		line:   fmt.Sprintf("matches %d %d %s", len(kept), sum, p.Label),
		prefix: "matches - - ", suffix: " " + p.Label,
	}
}
