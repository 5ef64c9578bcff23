package session

import (
	"context"
	"fmt"
	"regexp"
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

// newOracle works out the answers to a workload about a source. It scans all types once.
func newOracle(src *Source, w *workload.Workload) (*oracle, error) {
	spec, err := src.open()
	if err != nil {
		return nil, err
	}
	defer spec.Close()
	_, end := spec.IDs()
	o := &oracle{workload: w, count: int(end) - 1, ids: make(map[string][]named)}
	for _, names := range [][]string{w.Hits, w.Misses} {
		for _, name := range names {
			o.ids[name] = nil
		}
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
	for id, t := range spec.All() {
		name := t.Name()
		if name == "" && !t.IsAnonymous() {
			continue
		}
		this := named{id, t.Kind()}
		if ids, asked := o.ids[name]; asked {
			o.ids[name] = append(ids, this)
		}
		for i, re := range expressions {
			if re.MatchString(name) {
				o.matches[i] = append(o.matches[i], this)
			}
		}
	}
	return o, o.lookUp(spec)
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

func (o omissions) none() bool { return len(o.kinds) == 0 && o.prefix == "" }

func (o omissions) keep(all []named) (kept []named) {
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
	return answers{subject.Name, omits, lines}, p.close()
}

// compareAnswers compares the answers with those of the first subject. It serves where there is no
// oracle.
func compareAnswers(all []answers) error {
	for _, a := range all[1:] {
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
	for _, n := range omits.keep(o.ids[name]) {
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
	kept := omits.keep(o.matches[i])
	var sum uint64
	for _, n := range kept {
		sum += uint64(n.id)
	}
	return rightAnswer{
		line:   fmt.Sprintf("matches %d %d %s", len(kept), sum, p.Label),
		prefix: "matches - - ", suffix: " " + p.Label,
	}
}
