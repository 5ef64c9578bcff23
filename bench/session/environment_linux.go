package session

import (
	"os"
	"strings"
	"syscall"

	"github.com/btfkit/btfkit/bench/results"
)

// readMachine reads /proc and /sys. A value is empty if the system does not tell it.
func readMachine() results.Environment {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	meminfo, _ := os.ReadFile("/proc/meminfo")
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	governor, _ := os.ReadFile("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
	var cpu string
	// The key depends on the architecture.
	for _, key := range []string{"model name", "Model", "Hardware", "uarch", "cpu", "processor 0"} {
		if cpu = field(string(cpuinfo), key); cpu != "" {
			break
		}
	}
	return results.Environment{
		{Key: "cpu", Value: cpu},
		{Key: "kernel", Value: string(release)},
		{Key: "governor", Value: string(governor)},
		{Key: "memory", Value: field(string(meminfo), "MemTotal")},
	}
}

// field returns the value of the first line "key : value".
func field(text, key string) string {
	for line := range strings.Lines(text) {
		if k, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// inMemory reports whether a file lies in a file system without a disk, tmpfs or ramfs (by the
// numbers of the UAPI's linux/magic.h), all pages of which count as written to.
func inMemory(path string) bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return false
	}
	return uint32(fs.Type) == 0x01021994 || uint32(fs.Type) == 0x858458f6
}
