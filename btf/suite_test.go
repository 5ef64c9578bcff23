package btf_test

import (
	"testing"

	"github.com/btfkit/btfkit/btf/btftest"
)

// TestSuite holds the core alone, under the plainest of backends, to what all backends promise.
func TestSuite(t *testing.T) { btftest.TestBackend(t, btftest.Plain) }

// TestSteps holds the core, the Builder and the filters to linear time.
func TestSteps(t *testing.T) { btftest.TestSteps(t, btftest.Plain) }
