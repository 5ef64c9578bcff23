package btf_test

import (
	"testing"

	"github.com/btfkit/btfkit/btf/btftest"
)

// TestSuite holds the core alone, under the plainest of backends, to what all backends promise.
func TestSuite(t *testing.T) { btftest.TestBackend(t, btftest.Plain) }
