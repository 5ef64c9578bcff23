package across

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// Expect makes a case of any bytes. What the second decoder refuses is to be refused, by the rule
// that it names. What the decoder reads, an implementation may still refuse for a reason that the
// kernel has, so that the verdict is Either until a kernel accepts it.
func Expect(data, base []byte) suite.Case {
	sum := sha256.Sum256(append(bytes.Clone(data), base...))
	c := suite.Case{
		Name: fmt.Sprintf("900-%x", sum[:6]), Kind: "found", Order: "little", Verdict: suite.Reject,
		Source: "package naive, the second decoder", Data: bytes.Clone(data), Base: base,
	}
	if len(data) > 0 && data[0] == 0xeb {
		c.Order = "big"
	}
	if c.Rule = brokenRule(data, base); c.Rule == "" {
		c.Rule, c.Verdict = "none is broken", suite.Either
	}
	c.Reason = c.Rule
	return c
}

// acceptedBy returns the case as one that a kernel has accepted, and every reader should.
func acceptedBy(kernel string, c suite.Case) suite.Case {
	c.Verdict, c.Source, c.Reason = suite.Accept, kernel, "a kernel accepts it"
	return c
}

// brokenRule says which rule the second decoder finds broken, "" if none is.
func brokenRule(data, base []byte) string {
	var under *naive.Blob
	if base != nil {
		b, fault := naive.Parse(base, nil)
		if fault != nil {
			return "base: " + fault.Why
		}
		under = b
	}
	blob, fault := naive.Parse(data, under)
	if fault != nil {
		return fault.Why
	}
	v := blob.Verify()
	switch {
	case v.Cycle:
		return "a type refers to itself"
	case v.Fault == nil:
		return ""
	case v.Fault.ID == 0:
		return v.Fault.Why
	}
	t, _ := blob.ByID(v.Fault.ID)
	return v.Fault.Why + " in " + suite.KindName(t.Kind())
}
