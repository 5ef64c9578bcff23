package main

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestKernelLoaded asks for what the running kernel holds, as list numbers it: its own BTF.
func TestKernelLoaded(t *testing.T) {
	var out strings.Builder
	stderr, status := run(&out, "list", "--loaded")
	if status != 0 {
		if !strings.Contains(stderr, "CAP_SYS_ADMIN") &&
			!strings.Contains(stderr, syscall.ENOSYS.Error()) {
			t.Errorf("status %d: %s", status, stderr)
		}
		if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "bpf") {
			t.Fatal(stderr, "and BTFKIT_REQUIRE asks for it: run as root")
		}
		t.Skip(stderr, "run as root, on Linux 5.11 or later")
	}
	id := ""
	for line := range strings.Lines(out.String()) {
		if f := strings.Fields(line); len(f) == 4 && f[1] == "vmlinux" {
			id = f[0]
		}
	}
	if id == "" {
		t.Skip("a kernel without BTF of its own: CONFIG_DEBUG_INFO_BTF")
	}
	out.Reset()
	stderr, status = run(&out, "show", "--id", id, "list_head")
	if status != 0 || !strings.Contains(out.String(), "struct list_head") {
		t.Errorf("status %d, %s\n%s", status, stderr, out.String())
	}
	for _, flag := range []string{"--id", "--prog"} {
		stderr, status = run(&out, "dump", flag, "2147483647")
		if status != 1 || !strings.Contains(stderr, "2147483647: not loaded") {
			t.Errorf("%s: status %d, %s", flag, status, stderr)
		}
	}
}
