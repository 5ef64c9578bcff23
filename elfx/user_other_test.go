//go:build !linux

package elfx

import "testing"

// asNobody runs tests as another user on Linux alone.
func asNobody(*testing.T) bool { return false }
