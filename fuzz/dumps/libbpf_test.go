package dumps

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
)

// bpfdump runs the oracle with a recent libbpf on b; ok is false if it cannot read b.
func bpfdump(t *testing.T, tool string, b *blob, what string) (out []byte, ok bool) {
	t.Helper()
	base, file := b.files(t)
	out, err := run(tool, append(base, file, what)...)
	if err != nil {
		if why := b.beyond(t); why != "" {
			t.Logf("not compared: %s: %v", why, err)
			return nil, false
		}
		t.Fatal(err)
	}
	return out, true
}

func findBpfdump(t *testing.T) string {
	t.Helper()
	return require.Tool(t, "bpfdump/bpfdump", "make -C fuzz/dumps/bpfdump")
}

// TestLibbpfC compares headers, sorted and unsorted.
func TestLibbpfC(t *testing.T) {
	t.Parallel()
	tool := findBpfdump(t)
	for i, what := range []string{"c", "unsorted"} {
		equal, all := 0, blobsFor(t, "bpfdump")
		for _, b := range all {
			t.Run(what+"/"+b.name, func(t *testing.T) {
				want, ok := bpfdump(t, tool, b, what)
				if !ok {
					return
				}
				var got bytes.Buffer
				if err := cForms[i].write(&got, b.open(t, mmap.Backend{})); err != nil {
					t.Fatal(err)
				}
				if compare(t, b.name, got.Bytes(), want) {
					equal++
				}
			})
		}
		t.Logf("%s: %d of %d blobs equal", what, equal, len(all))
	}
}

// renamed is the number behind a name that was taken. libbpf makes all declarations in one go
// here, where names are taken by declarations before.
var renamed = regexp.MustCompile(`___\d+`)

// TestLibbpfDeclarations compares the declaration of every type of every blob.
func TestLibbpfDeclarations(t *testing.T) {
	t.Parallel()
	tool := findBpfdump(t)
	total := 0
	for _, b := range blobsFor(t, "bpfdump") {
		t.Run(b.name, func(t *testing.T) {
			out, ok := bpfdump(t, tool, b, "declarations")
			if !ok {
				return
			}
			spec := b.open(t, mmap.Backend{})
			var got []byte
			for record := range bytes.SplitSeq(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
				if len(record) == 0 {
					continue
				}
				number, want, _ := bytes.Cut(record, []byte("\t"))
				typ, name, err := typeAndName(spec, string(number))
				if err != nil {
					t.Fatal(err)
				}
				if got, err = cdump.AppendDeclaration(got[:0], typ, name); err != nil {
					t.Fatal(err)
				}
				want = renamed.ReplaceAll(want, nil)
				if !bytes.Equal(renamed.ReplaceAll(got, nil), want) {
					t.Fatalf("%v: %s\nlibbpf has %s", typ, got, want)
				}
				total++
			}
		})
	}
	t.Logf("%d declarations equal", total)
	if total < 1_000_000 && require.Asked("bpfdump") { // else of a sample alone
		t.Errorf("only %d declarations", total)
	}
}

func typeAndName(spec *btf.Spec, id string) (typ btf.Type, name string, err error) {
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return typ, "", fmt.Errorf("id of a declaration: %w", err)
	}
	if typ, err = spec.TypeByID(btf.TypeID(n)); err != nil {
		return typ, "", err
	}
	if k := typ.Kind(); k != btf.KindFunc && k != btf.KindVar {
		name = "x"
	}
	return typ, name, nil
}
