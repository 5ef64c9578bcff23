package measured

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// readProcessMemory reads Private_Dirty, Rss and Pss of /proc/self/smaps_rollup, and VmHWM, the
// peak of Rss, of /proc/self/status; see proc(5).
func readProcessMemory() (m processMemory, err error) {
	rollup, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return m, err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return m, err
	}
	for _, field := range []struct {
		text []byte
		name string
		to   *int64
	}{
		{rollup, "Private_Dirty:", &m.private},
		{rollup, "Rss:", &m.rss},
		{rollup, "Pss:", &m.pss},
		{status, "VmHWM:", &m.peak},
	} {
		if *field.to, err = kilobytes(string(field.text), field.name); err != nil {
			return m, err
		}
	}
	return m, nil
}

// kilobytes finds a line such as "Rss:   1234 kB" and returns its value in bytes.
func kilobytes(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, " kB\n")), 10, 64)
		return kb << 10, err
	}
	return 0, fmt.Errorf("/proc/self: no line %s", name)
}

// resetPeak sets VmHWM to the present Rss; old kernels and some sandboxes do not allow it, and the
// peak then includes the start of the process.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }
