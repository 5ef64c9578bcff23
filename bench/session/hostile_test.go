package session_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
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
	const n = 8_000
	blobs := []*btftest.Blob{
		{Name: "long-name", Data: sharedName(t, strings.Repeat("a", 100*n), n)},
		{Name: "short-name", Data: sharedName(t, "a", 8*n)},
		{Name: "suffixes", Data: btftest.Overlap(4 * n)},
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, blob := range append(blobs, btftest.Hostile(n/16)...) {
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
	if len(run.Samples) == 0 {
		t.Errorf("%s: no samples", blob.Name)
	}
	const free, perByte = 32 << 20, 300
	got, most := after.TotalAlloc-before.TotalAlloc, uint64(free+perByte*len(blob.Data))
	if got > most {
		t.Errorf("%s: %d bytes allocated for %d of input, want %d at most", blob.Name, got,
			len(blob.Data), most)
	}
	t.Logf("%s: %d bytes allocated for %d of input", blob.Name, got, len(blob.Data))
}
