// Package bpfload asks the running kernel what it thinks of BTF, by loading it (BPF_BTF_LOAD).
package bpfload

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Load loads raw into the kernel and lets go of it again. The error is a syscall.Errno: what the
// kernel says of the bytes, or that the process may not ask.
func Load(raw []byte) error { return load(raw) }

// minimal is a blob that every kernel with BTF accepts: one INT.
var minimal = []byte("\x9f\xeb\x01\x00\x18\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00" +
	"\x10\x00\x00\x00\x05\x00\x00\x00" +
	"\x01\x00\x00\x00\x00\x00\x00\x01\x04\x00\x00\x00\x20\x00\x00\x01" + "\x00int\x00")

// Require skips the test if the kernel cannot be asked, and fails it instead if the environment
// variable BTFKIT_REQUIRE lists bpf.
func Require(t testing.TB) {
	t.Helper()
	err := Load(minimal)
	if err == nil {
		return
	}
	const remedy = "the kernel does not load BTF for this process (%v): " +
		"run as root on little-endian Linux 4.18 or later"
	if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "bpf") {
		t.Fatalf(remedy, err)
	}
	t.Skipf(remedy, err)
}
