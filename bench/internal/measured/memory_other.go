//go:build !linux

package measured

import "errors"

// readProcessMemory reads /proc on Linux.
func readProcessMemory() (processMemory, error) { return processMemory{}, errors.ErrUnsupported }

func resetPeak() {}
