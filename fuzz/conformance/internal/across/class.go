package across

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/matrix"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

// A Class is what disagreements of one cause have in common.
type Class struct {
	Adapter string       `json:"adapter"`
	Result  suite.Result `json:"result"`
	// Why is the rule that the input breaks, if an implementation should have refused it; what it
	// said, without values, if it should have accepted it; how it ended, if it crashed; the kind
	// of query, if the answer is wrong.
	Why string `json:"why"`
}

func (c Class) String() string { return fmt.Sprintf("%s, %s: %s", c.Adapter, c.Result, c.Why) }

// classOf returns the class of a cell; ok is false if nothing is wrong with it.
func classOf(adapter string, c suite.Case, cell matrix.Cell) (class Class, ok bool) {
	class = Class{Adapter: adapter, Result: cell.Result}
	switch cell.Result {
	case suite.ShouldHaveRefused:
		class.Why = c.Rule
	case suite.ShouldHaveAccepted:
		class.Why = withoutValues(cell.Detail)
	case suite.Crash:
		class.Why = cmp.Or(withoutValues(panics.FindString(cell.Detail)),
			ends.FindString(cell.Detail))
	case suite.WrongAnswer:
		class.Why, _, _ = strings.Cut(cell.Detail, " ")
	case suite.Timeout:
	default:
		return Class{}, false
	}
	return class, true
}

var (
	quoted = regexp.MustCompile("\"[^\"]*\"|'[^']*'|`[^`]*`")
	panics = regexp.MustCompile(`(fatal error|panic).*`)
	ends   = regexp.MustCompile(`^(exit status [0-9]+|signal: [a-z ]+)`)
	number = regexp.MustCompile(`0x[0-9a-fA-F]+|-?[0-9]+`)
)

// withoutValues leaves out of a message what depends on the input and not on the code that says it.
func withoutValues(said string) string {
	return number.ReplaceAllString(quoted.ReplaceAllString(said, `""`), "#")
}

// A Known is a class with a small input that shows it.
type Known struct {
	Class
	// Reason says in a line what the implementation does and who states the rule. It is written by
	// hand.
	Reason string `json:"reason"`
	Base   hexed  `json:"base,omitempty"`
	Data   hexed  `json:"data"`
}

// hexed is bytes that JSON shows in hexadecimal.
type hexed []byte

// MarshalText writes two digits for each byte.
func (h hexed) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", []byte(h)), nil }

// UnmarshalText reads what MarshalText writes.
func (h *hexed) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "%x", (*[]byte)(h))
	return err
}

// Has reports whether a class is the known one. A star in what is known stands for anything.
func (k Known) Has(c Class) bool {
	before, after, star := strings.Cut(k.Why, "*")
	return k.Adapter == c.Adapter && k.Result == c.Result && (k.Why == c.Why || star &&
		len(c.Why) >= len(before)+len(after) && strings.HasPrefix(c.Why, before) &&
		strings.HasSuffix(c.Why, after))
}

// ReadKnown reads a table of known classes; a file that is not there is an empty one.
func ReadKnown(path string) (known []Known, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return known, nil
}

// WriteKnown writes a table of known classes.
func WriteKnown(path string, known []Known) error {
	text, err := json.MarshalIndent(known, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}
