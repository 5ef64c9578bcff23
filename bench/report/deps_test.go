package report_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Who compares two files needs neither the driver, nor a backend, nor the embedded kernel: report
// and results link nothing of ours but the names of rows and the statistics.
func TestDependencies(t *testing.T) {
	const prefix = "github.com/btfkit/btfkit/"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".", "../results").Output()
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), prefix); ok {
			ours = append(ours, name)
		}
	}
	slices.Sort(ours)
	want := []string{"bench/internal/figures", "bench/internal/row", "bench/report", "bench/results"}
	if !slices.Equal(ours, want) {
		t.Errorf("report and results link %q, want %q", ours, want)
	}
}
