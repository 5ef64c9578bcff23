package session

import (
	"os"
	"strings"
	"syscall"
)

// readMachine reads /proc and /sys.
func readMachine() machine {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	meminfo, _ := os.ReadFile("/proc/meminfo")
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	governor, _ := os.ReadFile("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
	m := machine{
		kernel:   string(release),
		governor: string(governor),
		memory:   field(string(meminfo), "MemTotal"),
	}
	// The key depends on the architecture.
	for _, key := range []string{"model name", "Model", "Hardware", "uarch", "cpu", "processor 0"} {
		if m.cpu = field(string(cpuinfo), key); m.cpu != "" {
			break
		}
	}
	return m
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
