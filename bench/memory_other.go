//go:build !linux

package bench

import "errors"

// readProcessMemory reads /proc on Linux.
func readProcessMemory() (processMemory, error) { return processMemory{}, errors.ErrUnsupported }

func resetPeak() {}
