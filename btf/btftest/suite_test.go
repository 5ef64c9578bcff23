package btftest_test

import (
	"testing"

	"github.com/btfkit/btfkit/btf/btftest"
)

func TestPlain(t *testing.T) { btftest.TestBackend(t, btftest.Plain) }
