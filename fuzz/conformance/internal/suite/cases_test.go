package suite_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

var update = flag.Bool("update", false, "write testdata/cases.txt anew")

var load = sync.OnceValues(suite.All)

func all(t *testing.T) []suite.Case {
	t.Helper()
	cases, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestNames pins the name and the bytes of every case, so that none changes unnoticed.
func TestNames(t *testing.T) {
	var list strings.Builder
	seen := map[string]bool{}
	for _, c := range all(t) {
		if seen[c.Name] {
			t.Errorf("%s: two cases of that name", c.Name)
		}
		seen[c.Name] = true
		files, err := c.Files()
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		for _, f := range files {
			fmt.Fprintln(sum, f.Name, len(f.Data))
			sum.Write(f.Data)
		}
		fmt.Fprintf(&list, "%x %s %s\n", sum.Sum(nil)[:8], c.Verdict, c.Name)
	}
	if len(seen) < 600 {
		t.Errorf("%d cases, fewer than 600", len(seen))
	}
	const golden = "testdata/cases.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(list.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(list.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wanted)) {
		if i >= len(got) || i >= len(wanted) || got[i] != wanted[i] {
			t.Fatalf("%s, line %d differs; after a change on purpose, run go test -update, and raise "+
				"Version unless cases were only added", golden, i+1)
		}
	}
}

// TestOurs holds the backends and the second decoder to every case.
func TestOurs(t *testing.T) {
	for name, open := range map[string]suite.Open{
		"cache": suite.OfBackend(cache.Backend{}),
		"mmap":  suite.OfBackend(mmap.Backend{}),
		"arena": suite.OfBackend(arena.Backend{}),
		"naive": suite.Naive,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			for _, c := range all(t) {
				if c.Verdict == suite.Either && len(c.Data) > 1<<20 {
					continue // only a crash would be wrong, and decoding takes its time
				}
				r, n, detail := judge(t, c, open)
				if r != suite.Right {
					t.Errorf("%s: %s: %s", c.Name, r, detail)
				}
				asked += n
			}
			if asked < 5000 {
				t.Errorf("%d answers, fewer than 5000", asked)
			}
		})
	}
}

func judge(t *testing.T, c suite.Case, open suite.Open) (
	suite.Result, int, string) {
	t.Helper()
	r, err := open(c.Data, c.Base)
	if err != nil {
		return c.Judge(false, nil)
	}
	queries, _, err := c.Questions()
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(suite.Answers(r, queries))
	if err != nil {
		t.Fatal(err)
	}
	return c.Judge(true, out)
}

// TestRules checks that each case says where its rule is from.
func TestRules(t *testing.T) {
	for _, c := range all(t) {
		file, function, _ := strings.Cut(c.Source, ": ")
		if file == "" || function == "" || c.Reason == "" || c.Since == "" || c.Link == "" {
			t.Errorf("%s: incomplete: %+v", c.Name, c)
		}
	}
}

// TestJudge shows every result that does not come from a process.
func TestJudge(t *testing.T) {
	accept := all(t)[0]
	for _, c := range all(t) {
		if c.Verdict == suite.Accept {
			accept = c
			break
		}
	}
	reject, either := accept, accept
	reject.Verdict, either.Verdict = suite.Reject, suite.Either
	for _, j := range []struct {
		c        suite.Case
		accepted bool
		out      string
		want     suite.Result
	}{
		{accept, false, "", suite.ShouldHaveAccepted},
		{accept, true, "", suite.Right},
		{accept, true, "[1]", suite.WrongAnswer},
		{accept, true, "{", suite.WrongAnswer},
		{reject, true, "", suite.ShouldHaveRefused},
		{reject, false, "", suite.Right},
		{either, true, "", suite.Right},
		{either, false, "", suite.Right},
	} {
		if got, _, _ := j.c.Judge(j.accepted, []byte(j.out)); got != j.want {
			t.Errorf("%s, accepted %v, %q: %s, not %s", j.c.Verdict, j.accepted, j.out, got, j.want)
		}
	}
	queries, answers, err := accept.Questions()
	if err != nil || len(queries) == 0 {
		t.Fatal(queries, err)
	}
	for i := range answers {
		changed := make([]any, len(answers))
		changed[i] = "no answer is this"
		out, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		if got, n, _ := accept.Judge(true, out); got != suite.WrongAnswer || n != 1 {
			t.Errorf("a wrong answer to %v: %s, of %d answers", queries[i], got, n)
		}
	}
}

// TestWrite exports some cases as files and as an archive, which is the same each time.
func TestWrite(t *testing.T) {
	cases, dir := all(t)[:20], t.TempDir()
	if err := suite.Write(dir, cases); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, cases[7].Name, "case.btf"))
	if err != nil || !bytes.Equal(data, cases[7].Data) {
		t.Errorf("case.btf is not the case: %v", err)
	}
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := suite.Archive(w, cases); err != nil {
			t.Fatal(err)
		}
	}
	if first.Len() == 0 || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two archives of the same cases differ")
	}
}
