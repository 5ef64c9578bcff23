package dumps

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
	"github.com/btfkit/btfkit/btf/dump"
)

// A form is one of the forms that bpftool writes. args are its options and what stands behind the
// file.
type form struct {
	name          string
	options, args []string
	write         func(io.Writer, *btf.Spec) error
}

var forms = []form{
	{"raw", nil, []string{"format", "raw"},
		func(w io.Writer, s *btf.Spec) error { return dump.Raw(w, s.Own()) }},
	{"json", []string{"-j"}, nil,
		func(w io.Writer, s *btf.Spec) error { return dump.JSON(w, s.Own(), false) }},
	{"pretty", []string{"-p"}, nil,
		func(w io.Writer, s *btf.Spec) error { return dump.JSON(w, s.Own(), true) }},
}

var cForms = []form{
	{"c", nil, []string{"format", "c"},
		func(w io.Writer, s *btf.Spec) error { return cdump.Header(w, s, cdump.Options{}) }},
	{"c unsorted", nil, []string{"format", "c", "unsorted"},
		func(w io.Writer, s *btf.Spec) error {
			return cdump.Header(w, s, cdump.Options{Unsorted: true})
		}},
}

// dump has bpftool write b, which some versions cannot: ok is false then.
func (tool bpftool) dump(t *testing.T, b *blob, f form) (out []byte, ok bool) {
	t.Helper()
	base, file := b.files(t)
	args := append(append(append([]string{}, f.options...), base...), "btf", "dump", "file", file)
	out, err := run(tool.path, append(args, f.args...)...)
	if err != nil {
		if why := b.beyond(t); why != "" {
			t.Logf("not compared: %s: %v", why, err)
			return nil, false
		}
		t.Fatal(err)
	}
	return out, true
}

// TestBpftoolDump compares raw and JSON of every blob, through every backend. Each record and each
// field of each trailer is compared, nothing is sampled.
func TestBpftoolDump(t *testing.T) {
	tool := findBpftool(t)
	for _, f := range forms {
		equal, all := 0, blobsFor(t, "bpftool")
		for _, b := range all {
			t.Run(f.name+"/"+b.name, func(t *testing.T) {
				want, ok := tool.dump(t, b, f)
				if !ok {
					return
				}
				for _, backend := range backends {
					var got bytes.Buffer
					if err := f.write(&got, b.open(t, backend)); err != nil {
						t.Fatal(err)
					}
					if !compare(t, backend.Name(), got.Bytes(), want) {
						return
					}
				}
				equal++
			})
		}
		t.Logf("%s: %d of %d blobs equal", f.name, equal, len(all))
	}
}

// TestBpftoolC compares C. Versions below 7.5 write no prototypes, do not sort, and know fewer
// attributes: all that is taken out of what cdump writes before. Versions in between have some of
// it, and are not compared with.
func TestBpftoolC(t *testing.T) {
	tool := findBpftool(t)
	if tool.minor > 4 && tool.minor < 8 {
		t.Skipf("bpftool 7.%d writes other C than 7.1 and 7.8 do (apt-get install bpftool)", tool.minor)
	}
	for _, f := range cForms {
		equal, all := 0, blobsFor(t, "bpftool")
		for _, b := range all {
			t.Run(f.name+"/"+b.name, func(t *testing.T) {
				old := f
				if tool.minor < 5 {
					old.args = old.args[:2]
					if f.name == "c" {
						t.Skip("this bpftool does not sort")
					}
				}
				want, ok := tool.dump(t, b, old)
				if !ok {
					return
				}
				spec := b.open(t, cache.Backend{})
				var got bytes.Buffer
				if err := f.write(&got, spec); err != nil {
					t.Fatal(err)
				}
				text := got.String()
				if tool.minor < 5 {
					text = as71(t, spec, text)
				}
				if compare(t, b.name, []byte(text), want) {
					equal++
				}
			})
		}
		t.Logf("%s: %d of %d blobs equal", f.name, equal, len(all))
	}
}

// as71 takes out of a header what bpftool 7.1 does not know.
func as71(t *testing.T, spec *btf.Spec, header string) string {
	t.Helper()
	for typ := range spec.TypesByKind(btf.KindTypeTag) {
		if name := typ.Name(); typ.IsAttribute() { // Linux 6.15
			header = strings.ReplaceAll(header, " __attribute__(("+name+"))",
				` __attribute__((btf_type_tag("`+name+`")))`)
		}
	}
	cut := func(from, to string) {
		i := strings.Index(header, from)
		if i < 0 {
			t.Fatalf("no %q", from)
		}
		n := strings.Index(header[i:], to)
		if n < 0 {
			t.Fatalf("no %q behind %q", to, from)
		}
		header = header[:i] + header[i+n+len(to):]
	}
	cut("#ifndef __ksym\n", "#endif\n\n")
	cut("#ifndef __weak\n", "#endif\n\n")
	cut("#ifndef __bpf_fastcall\n", "#endif\n#endif\n\n")
	cut("\n/* BPF kfuncs */\n", "#endif\n\n")
	for _, mode := range []string{"byte", "word"} {
		header = strings.ReplaceAll(header, "} __attribute__((mode("+mode+")))", "}")
	}
	return header
}
