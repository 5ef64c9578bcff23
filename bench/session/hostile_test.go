package session_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"golang.org/x/perf/benchfmt"
)

// sharedName returns BTF with n types of one name.
func sharedName(t *testing.T, name string, n int) []byte {
	t.Helper()
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	for range n {
		b.Fwd(name, btf.KindStruct)
	}
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestHostile measures BTF whose names are long, shared by all types, or lie in each other. What
// the driver and the backends allocate, which is more than they hold at once, stays in proportion
// to the input, as does the time: the deadline only ends what would hang.
func TestHostile(t *testing.T) {
	const n = 4_000
	blobs := []*btftest.Blob{
		{Name: "long-name", Data: sharedName(t, strings.Repeat("a", 100*n), n)},
		{Name: "short-name", Data: sharedName(t, "a", 8*n)},
		{Name: "suffixes", Data: btftest.Overlap(4 * n)},
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, blob := range append(blobs, btftest.Hostile(n/8)...) {
		if blob.Base == nil {
			checkHostile(ctx, t, blob)
		}
	}
}

func checkHostile(ctx context.Context, t *testing.T, blob *btftest.Blob) {
	t.Helper()
	path := filepath.Join(t.TempDir(), blob.Name)
	if err := os.WriteFile(path, blob.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	ws := new(session.Workspace)
	defer ws.Close()
	src, err := ws.File(ctx, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run, err := session.Run(ctx, ws, session.Config{
		Sources: []*session.Source{src}, Subjects: session.Ours(bench.Backends(), nil),
		Count: 1, Iterations: 1,
	})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatalf("%s: %v", blob.Name, err)
	}
	walked := slices.ContainsFunc(run.Samples, func(r *benchfmt.Result) bool {
		return strings.HasPrefix(r.Name.String(), "StructWalk")
	})
	if len(run.Samples) == 0 || walked == (blob.Name == "shared-name") {
		t.Errorf("%s: %d samples, members read: %v", blob.Name, len(run.Samples), walked)
	}
	const free, perByte = 32 << 20, 300
	got, most := after.TotalAlloc-before.TotalAlloc, uint64(free+perByte*len(blob.Data))
	if got > most {
		t.Errorf("%s: %d bytes allocated for %d of input, want %d at most", blob.Name, got,
			len(blob.Data), most)
	}
	t.Logf("%s: %d bytes allocated for %d of input", blob.Name, got, len(blob.Data))
}

// TestHostileDeadline has no time left when it begins: then no name is matched, and nobody asked.
func TestHostileDeadline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "names")
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	for i := range 50_000 {
		b.Fwd(fmt.Sprintf("tcp_%d_drop_reason", i), btf.KindStruct)
	}
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, data)
	ws := new(session.Workspace)
	defer ws.Close()
	src, err := ws.File(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = session.Run(t.Context(), ws, session.Config{
		Sources: []*session.Source{src}, Subjects: session.Ours(bench.Backends(), nil),
		Count: 1, Deadline: time.Now(),
	})
	runtime.ReadMemStats(&after)
	got, most := after.TotalAlloc-before.TotalAlloc, uint64(12*len(data))
	if !errors.Is(err, context.DeadlineExceeded) || got > most {
		t.Errorf("%d bytes allocated, want %d at most, error %v", got, most, err)
	}
}
