//go:build !linux

package session

import "github.com/btfkit/btfkit/bench/results"

func readMachine() results.Environment { return nil }

func inMemory(string) bool { return false }
