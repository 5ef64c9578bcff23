package dump_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/dump"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// forms are the functions under test, by the ending of the file that holds what they write.
var forms = map[string]func(io.Writer, *btf.Spec) error{
	".txt":         dump.Raw,
	".json":        func(w io.Writer, s *btf.Spec) error { return dump.JSON(w, s, false) },
	".pretty.json": func(w io.Writer, s *btf.Spec) error { return dump.JSON(w, s, true) },
}

// Each of these files is what bpftool 7.1 and 7.8 write for the blob; package fuzz/dumps has
// them write it.
func TestGolden(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		switch blob.Name {
		case "tour", "kernel", "module", "split-on-split":
		default:
			continue
		}
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		for ending, write := range forms {
			if ending != ".txt" && blob.Name != "tour" {
				continue
			}
			var got bytes.Buffer
			if err := write(&got, spec.Own()); err != nil {
				t.Fatal(err)
			}
			golden(t, blob.Name+ending, got.Bytes())
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s", path, got)
	}
}

// odd returns BTF that no compiler makes.
func odd(t *testing.T) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{})
	b.Int("odd", 4, btf.Int{Encoding: btf.IntSigned | btf.IntChar, Bits: 32})
	b.Func("a\tb\nc\rd\fe\bf\"g\\h\x01i/j", 99, 7)
	b.Var("", 0, 7)
	b.Raw(builder.RawType{Kind: btf.KindEnum, NameOffset: 1, Vlen: 2,
		Trailer: []uint32{4, 0x80000000, 999, 1}}) // "" at offset 4, and no string at 999
	b.Raw(builder.RawType{Kind: btf.KindDatasec, Vlen: 2, Trailer: []uint32{0, 1, 2, 99, 3, 4}})
	b.Ptr(99)
	for b.NextID() < 100 {
		b.Ptr(0)
	}
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, []byte{99, 0, 0, 0}, []byte{100, 0, 0, 0}, -1)
	spec, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// What the format has no name for, and what does not exist.
func TestOdd(t *testing.T) {
	want := `[1] INT 'odd' size=4 bits_offset=0 nr_bits=32 encoding=UNKN
[2] FUNC 'a` + "\tb\nc\rd\fe\bf\"g\\h\x01i/j" + `' type_id=100 linkage=(unknown)
[3] VAR '(anon)' type_id=0, linkage=(unknown)
[4] ENUM 'odd' encoding=UNSIGNED size=0 vlen=2
	'' val=2147483648
	'(invalid)' val=1
[5] DATASEC '(anon)' size=0 vlen=2
	type_id=0 offset=1 size=2 (UNKNOWN '(anon)')
	type_id=100 offset=3 size=4
[6] PTR '(anon)' type_id=100
`
	var got bytes.Buffer
	if err := dump.Raw(&got, odd(t)); err != nil {
		t.Fatal(err)
	}
	if text, _, _ := strings.Cut(got.String(), "[7]"); text != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}

	got.Reset()
	if err := dump.JSON(&got, odd(t), false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"name":"a\tb\nc\rd\fe\bf\"g\\h` + "\x01" + `i/j","type_id":100`,
		`"values":[{"name":"","val":18446744071562067968},{"name":"(invalid)","val":1}]`,
		`"vars":[{"type_id":0,"offset":1,"size":2},{"type_id":100,"offset":3,"size":4}]`,
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("no %s in\n%.2000s", want, got.String())
		}
	}
}

// Kinds that this module does not know are "UNKNOWN", as in bpftool 7.8.
func TestUnknownKinds(t *testing.T) {
	spec, err := btf.Parse(btftest.Opaque(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := dump.Raw(&got, spec); err != nil {
		t.Fatal(err)
	}
	want := `[1] FWD 'before' fwd_kind=struct
[2] UNKNOWN 'location'
[3] UNKNOWN '(anon)'
[4] UNKNOWN '(anon)'
[5] TYPEDEF 'after' type_id=1
`
	if got.String() != want {
		t.Errorf("%s\nwant\n%s", got.String(), want)
	}
}

// Whatever the backend's bytes are, AppendRaw of each type is Raw, and JSON is valid and the same
// with and without indentation.
func TestForms(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		checkForms(t, spec, true)
	}
}

// checkForms compares what the functions write for spec.
func checkForms(t *testing.T, spec *btf.Spec, valid bool) {
	t.Helper()
	out := map[string]*bytes.Buffer{}
	for ending, write := range forms {
		out[ending] = new(bytes.Buffer)
		if err := write(out[ending], spec); err != nil {
			t.Fatal(err)
		}
	}
	var each []byte
	for _, typ := range spec.All() {
		each = dump.AppendRaw(each, typ)
	}
	if !bytes.Equal(each, out[".txt"].Bytes()) {
		t.Error("AppendRaw differs from Raw")
	}
	var compact bytes.Buffer
	switch err := json.Compact(&compact, out[".pretty.json"].Bytes()); {
	case err != nil && valid:
		t.Error(err)
	case err == nil:
		compact.WriteByte('\n')
		if !bytes.Equal(compact.Bytes(), out[".json"].Bytes()) {
			t.Error("indented JSON differs from plain JSON by more than blanks")
		}
	}
}

// failing is a writer that takes n bytes.
type failing struct{ n int }

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.n {
		return f.n, errFull
	}
	f.n -= len(p)
	return len(p), nil
}

func TestErrors(t *testing.T) {
	spec, err := btf.Parse(btftest.WideVlen(1<<16), nil)
	if err != nil {
		t.Fatal(err)
	}
	for ending, write := range forms {
		for _, n := range []int{0, 1 << 17} {
			if err := write(&failing{n}, spec); err != errFull {
				t.Errorf("%s: %v after %d bytes", ending, err, n)
			}
		}
	}
	spec.Close()
	for ending, write := range forms {
		if err := write(io.Discard, spec); err != btf.ErrClosed {
			t.Errorf("%s: %v after Close", ending, err)
		}
	}
}

// What is allocated does not depend on how many types and names there are.
func TestAllocations(t *testing.T) {
	for _, n := range []int{10, 10_000} {
		spec, err := btf.Parse(btftest.Sorted(n, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		for ending, write := range forms {
			got := testing.AllocsPerRun(5, func() { write(io.Discard, spec) })
			if got > 3 {
				t.Errorf("%s: %v allocations for %d types", ending, got, n)
			}
		}
	}
}
