// Package matrix runs implementations over the cases of package suite, each case in a
// process of its own with limits, and shows what came out.
package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

// The limits of one case. Memory is what a process may write to, in KiB (RLIMIT_DATA).
const (
	Limit  = 5 * time.Second
	Memory = 256 << 10
)

// An Adapter is one implementation.
type Adapter struct {
	Name string
	// Command is the program with its first arguments, and Version one that prints its version.
	Command, Version []string
	// Remedy says how to get the program.
	Remedy string
}

// A Cell is what an adapter did with a case.
type Cell struct {
	Result   suite.Result `json:"result"`
	Accepted bool         `json:"-"`
	Answers  int          `json:"-"`
	Detail   string       `json:"detail,omitempty"`
}

// A Row is a case with a cell for each adapter of the table.
type Row struct {
	Case  suite.Case
	Cells []Cell
}

// A Column is an adapter that ran.
type Column struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Seconds float64 `json:"seconds"` // summed over its processes
	// Speed is seconds by the title of Speeds, of what was measured.
	Speed map[string]float64 `json:"speed,omitempty"`
}

// A Table is the result of a run.
type Table struct {
	Suite   int
	Date    string // of the run, such as 2026-11-25
	Seconds float64
	Columns []Column
	Skipped []string // adapters that are not built, with the remedy
	Rows    []Row
	// SpeedSource says where the columns' times are from; it is empty if there are none.
	SpeedSource string
}

// Missing splits adapters into those whose program is there and the remedies of the others.
func Missing(all []Adapter) (there []Adapter, remedies []string) {
	for _, a := range all {
		if _, err := exec.LookPath(a.Command[0]); err != nil {
			// Without the error, which tells where programs are on this machine.
			remedies = append(remedies, fmt.Sprintf("%s is missing: %s", a.Name, a.Remedy))
			continue
		}
		there = append(there, a)
	}
	return there, remedies
}

// Run writes the cases below dir, and runs every adapter on each. It tells progress, one call at a
// time, how many of how many runs ended.
func Run(ctx context.Context, dir string, cases []suite.Case, adapters []Adapter,
	progress func(done, of int)) (*Table, error) {
	start := time.Now()
	if err := suite.Write(dir, cases); err != nil {
		return nil, err
	}
	t := &Table{Suite: suite.Version, Date: start.UTC().Format(time.DateOnly)}
	for _, a := range adapters {
		t.Columns = append(t.Columns, Column{Name: a.Name, Version: VersionOf(ctx, a)})
	}
	for _, c := range cases {
		t.Rows = append(t.Rows, Row{Case: c, Cells: make([]Cell, len(adapters))})
	}
	t.fill(ctx, dir, adapters, progress)
	t.Seconds = time.Since(start).Seconds()
	return t, ctx.Err()
}

// fill runs all cells, as many at once as there are processors.
func (t *Table) fill(ctx context.Context, dir string, adapters []Adapter,
	progress func(done, of int)) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	tasks := make(chan [2]int)
	for range runtime.NumCPU() {
		wg.Go(func() {
			for task := range tasks {
				row, col := task[0], task[1]
				start := time.Now()
				t.Rows[row].Cells[col] = RunCase(ctx, dir, t.Rows[row].Case, adapters[col])
				mu.Lock()
				t.Columns[col].Seconds += time.Since(start).Seconds()
				done++
				progress(done, len(t.Rows)*len(adapters))
				mu.Unlock()
			}
		})
	}
	for row := range t.Rows {
		for col := range adapters {
			tasks <- [2]int{row, col}
		}
	}
	close(tasks)
	wg.Wait()
}

// RunCase runs one adapter on one case that Write wrote below dir.
func RunCase(ctx context.Context, dir string, c suite.Case, a Adapter) Cell {
	queries, _, err := c.Questions()
	if err != nil {
		return Cell{Result: suite.Crash, Detail: err.Error()}
	}
	input, err := json.Marshal(queries)
	if err != nil {
		return Cell{Result: suite.Crash, Detail: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	script := fmt.Sprintf(`ulimit -d %d; ulimit -c 0; exec "$@"`, Memory)
	args := append([]string{"-c", script, "sh"}, a.Command...)
	args = append(args, filepath.Join(dir, c.Name, "case.btf"))
	if c.Base != nil {
		args = append(args, filepath.Join(dir, c.Name, "base.btf"))
	}
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, "sh", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &errOut
	killTogether(cmd)
	err = cmd.Run()
	said := withoutFolders(errOut.String(), filepath.Join(dir, c.Name), filepath.Dir(a.Command[0]))
	return judge(c, ctx.Err(), err, out.Bytes(), gist(said))
}

// withoutFolders leaves out of what a program said where its files are: a run elsewhere says the
// same.
func withoutFolders(said string, folders ...string) string {
	for _, f := range folders {
		if filepath.IsAbs(f) {
			said = strings.ReplaceAll(said, f+string(filepath.Separator), "")
		}
	}
	return said
}

// notAsked is the exit status of an implementation that has no opinion of a case.
const notAsked = 77

// judge classes the end of a process.
func judge(c suite.Case, late, err error, out []byte, said string) Cell {
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	}
	switch {
	case late != nil:
		return Cell{Result: suite.Timeout, Detail: Limit.String()}
	case status == notAsked:
		return Cell{Result: suite.NotAsked, Detail: said}
	case err == nil || status == 1:
		r, n, detail := c.Judge(err == nil, out)
		if detail == "" && r != suite.Right {
			detail = said
		}
		return Cell{r, err == nil, n, detail}
	}
	return Cell{Result: suite.Crash, Detail: err.Error() + ": " + said}
}

// gist joins the lines that a program said; of what Go says when it dies, it returns one.
func gist(said string) string {
	var lines []string
	for l := range strings.Lines(said) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
		if strings.HasPrefix(l, "fatal error: ") || strings.HasPrefix(l, "panic: ") {
			lines = []string{l}
			break
		}
	}
	all := strings.Join(lines, "; ")
	return strings.ToValidUTF8(all[:min(len(all), 240)], "?")
}

// VersionOf runs the command of an adapter that prints its version.
func VersionOf(ctx context.Context, a Adapter) string {
	out, err := exec.CommandContext(ctx, a.Version[0], a.Version[1:]...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// Adapters returns every implementation. Programs of Go are expected in bin, and the others where
// their build leaves them below here, which is fuzz/conformance.
func Adapters(bin, here string) (all []Adapter) {
	goProgram := filepath.Join(bin, "adapter")
	for _, with := range []string{"cache", "mmap", "arena", "naive", "cilium", "kernel"} {
		all = append(all, Adapter{with, []string{goProgram, "-with", with},
			[]string{goProgram, "-with", with, "-version"}, "go build ./fuzz/conformance/cmd/adapter"})
	}
	peers := filepath.Join(here, "adapters/peers/target/release/peers")
	lock := filepath.Join(here, "adapters/peers/Cargo.lock")
	for _, p := range [][2]string{{"libbpf", "libbpf-sys"}, {"btfrs-cache", "btf-rs"},
		{"btfrs-mmap", "btf-rs"}, {"aya", "aya-obj"}} {
		script := fmt.Sprintf(`echo %[1]s $(sed -n '/^name = "%[1]s"/{n;s/version = //;s/"//gp}' "$1")`,
			p[1])
		all = append(all, Adapter{p[0], []string{peers, p[0]}, []string{"sh", "-c", script, "sh", lock},
			"cargo build --release in fuzz/conformance/adapters/peers; needs libelf-dev and zlib1g-dev"})
	}
	for _, tool := range [][2]string{{"bpftool", "bpftool.py"}, {"pahole", "pahole.sh"}} {
		a := Adapter{tool[0], []string{filepath.Join(here, "adapters", tool[1])},
			[]string{tool[0], "--version"}, "apt-get install bpftool dwarves python3"}
		if _, err := exec.LookPath(tool[0]); err != nil {
			a.Command[0] = tool[0] // which is missing
		}
		all = append(all, a)
	}
	return all
}

// Require turns remedies into an error where BTFKIT_REQUIRE lists "conformance".
func Require(remedies []string) error {
	for name := range strings.SplitSeq(os.Getenv("BTFKIT_REQUIRE"), ",") {
		if name == "conformance" && len(remedies) > 0 {
			return fmt.Errorf("adapters are missing: %s", strings.Join(remedies, "; "))
		}
	}
	return nil
}
