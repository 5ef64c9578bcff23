package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// A Result classes what an implementation did with a case.
type Result string

// The results. Crash is any end but exit status 0, 1 and 77, and running out of memory. NotAsked
// says that the implementation has no opinion.
const (
	Right              Result = "right"
	NotAsked           Result = "not asked"
	ShouldHaveAccepted Result = "should have accepted"
	ShouldHaveRefused  Result = "should have refused"
	WrongAnswer        Result = "wrong answer"
	Crash              Result = "crash"
	Timeout            Result = "timeout"
)

// Results lists the results, the best first.
var Results = []Result{Right, NotAsked, ShouldHaveAccepted, ShouldHaveRefused, WrongAnswer,
	Crash, Timeout}

// IsWrong reports whether a result is the implementation's fault.
func (r Result) IsWrong() bool { return r != Right && r != NotAsked }

// Judge classes an implementation that accepted or refused the case, and whose output, if it
// accepted, is out: an array of answers, null for what it cannot tell. Without any output it
// answers nothing. Answered counts the answers; detail is for people.
func (c Case) Judge(accepted bool, out []byte) (r Result, answered int, detail string) {
	switch {
	case c.Verdict == Either, !accepted && c.Verdict == Reject:
		return Right, 0, ""
	case !accepted:
		return ShouldHaveAccepted, 0, ""
	case c.Verdict == Reject:
		return ShouldHaveRefused, 0, ""
	case len(bytes.TrimSpace(out)) == 0:
		return Right, 0, ""
	}
	queries, answers, err := c.Questions()
	if err != nil {
		return WrongAnswer, 0, err.Error()
	}
	got, err := parse(out)
	if err != nil || len(got) != len(answers) {
		return WrongAnswer, 0, fmt.Sprintf("%d answers to %d queries (%v)", len(got), len(answers), err)
	}
	text, err := json.Marshal(answers)
	if err != nil {
		return WrongAnswer, 0, err.Error()
	}
	want, err := parse(text)
	if err != nil {
		return WrongAnswer, 0, err.Error()
	}
	for i, g := range got {
		if g == nil {
			continue
		}
		answered++
		if !reflect.DeepEqual(g, want[i]) && detail == "" {
			q := queries[i]
			detail = fmt.Sprintf("%s of %d %q: %v, not %v", q.Ask, q.ID, q.Name, g, want[i])
		}
	}
	if detail != "" {
		return WrongAnswer, answered, detail
	}
	return Right, answered, ""
}

// parse reads an array of JSON, numbers as they are spelled.
func parse(text []byte) (values []any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&values)
	return values, err
}
