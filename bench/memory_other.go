//go:build !linux

package bench

func readProcessMemory() (processMemory, error) { return processMemory{}, errNoProcessMemory }

func resetPeak() {}
