package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
)

// write makes a file of BTF.
func write(t *testing.T, file string, base *btf.Spec, add func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{Base: base, Limits: builder.LimitsFormat})
	add(b)
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, data)
	spec, err := btf.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// No name writes over the screen.
func TestHostileNames(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "evil.btf", nil, func(b *builder.Builder) {
		bad := func(s string) string { return s + "\x1b[2J\r\x9b\x7f" }
		integer := b.Int(bad("int"), 4, btf.Int{Bits: 32})
		b.Struct(bad("s"), 4, builder.Member{Name: bad("m"), Type: integer})
		b.Enum(bad("e"), 4, false, builder.Enumerator{Name: bad("E")})
		b.Func(bad("f"), b.FuncProto(integer, builder.Param{Name: bad("p"), Type: integer}),
			btf.LinkageStatic)
	})
	if err := os.WriteFile("evil\x1b[2J", []byte("no BTF"), 0o600); err != nil {
		t.Skip("no such names here:", err)
	}
	for _, line := range []string{"find --kind int,struct,enum", "find --names --kind struct",
		"find --traceable", "find --regex --enum E", "find --regex --member m", "find --traceable --json",
		"show 1 2 3 4 5", "show 2 --json", "path 's\x1b[2J\r\x9b\x7f.m\x1b[2J\r\x9b\x7f'",
		"path s\x1b[2J.x", "show nosuch\x1b[2J", "find --kind x\x1b[2J", "list", "verify evil\x1b[2J",
		"__complete show s"} {
		var out strings.Builder
		args := words(line)
		if args[0] != "verify" && args[0] != "__complete" {
			args = append(args, "--btf", "evil.btf")
		}
		stderr, _ := run(&out, args...)
		if text := out.String() + stderr; strings.ContainsAny(text, "\x1b\r") ||
			strings.Contains(text, "\x9b") || text == "" {
			t.Errorf("%q: %q", line, text)
		}
	}
}

// What a few bytes describe at great length ends in an error.
func TestHostileDepth(t *testing.T) {
	t.Chdir(t.TempDir())
	nest := func(levels, members int) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			inner := b.Int("int", 4, btf.Int{Bits: 32})
			for range levels {
				var list []builder.Member
				for range members {
					list = append(list, builder.Member{Type: inner})
				}
				inner = b.Union("", 4, list...)
			}
			b.Struct("outer", 4, builder.Member{Type: inner})
		}
	}
	for _, test := range []struct {
		levels, members int
		want            int
	}{{50, 1, statusOK}, {70, 1, statusFailure}, {30, 2, statusFailure}} {
		write(t, "deep.btf", nil, nest(test.levels, test.members))
		var out strings.Builder
		stderr, status := run(&out, "show", "outer", "--btf", "deep.btf")
		if status != test.want {
			t.Errorf("%d levels of %d: status %d, %s", test.levels, test.members, status, stderr)
		}
	}
}

// The first parameter counts, whichever way its type was asked for.
func TestFirstParameter(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "f.btf", nil, func(b *builder.Builder) {
		s := b.Struct("s", 4)
		p, v := builder.Param{Name: "p", Type: b.Ptr(s)}, builder.Param{Name: "v", Type: s}
		b.Func("pointer_first", b.FuncProto(0, p, v), btf.LinkageStatic)
		b.Func("value_first", b.FuncProto(0, v, p), btf.LinkageStatic)
	})
	var out strings.Builder
	stderr, _ := run(&out, "find", "--param", "s", "--btf", "f.btf")
	want := "[4] FUNC pointer_first: parameter 0, struct s *p\n" +
		"[6] FUNC value_first: parameter 0, struct s v\n"
	if out.String() != want || stderr != "" {
		t.Errorf("got %s%s", &out, stderr)
	}
}

// A module on a kernel of another build, whose references happen to exist there.
func TestVerifyBase(t *testing.T) {
	t.Chdir(t.TempDir())
	kernel := func(names ...string) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			for _, name := range names {
				b.Struct(name, 4)
			}
		}
	}
	base := write(t, "right", nil, kernel("first", "second"))
	write(t, "wrong", nil, kernel("overlong_first", "2nd"))
	write(t, "module", base, func(b *builder.Builder) {
		b.Raw(builder.RawType{Kind: btf.KindTypedef, NameOffset: b.Intern("second"), SizeOrType: 1})
	})
	for file, want := range map[string]int{"right": statusOK, "wrong": statusFailure} {
		var out strings.Builder
		if _, status := run(&out, "verify", "module", "--base", file); status != want {
			t.Errorf("on %s: status %d, %s", file, status, &out)
		}
	}
}

// FuzzShow shows the first types of whatever is valid, as text and as JSON that can be read. What
// is not may take cdump a quarter of a second a type, until its limit; see FuzzCDump.
func FuzzShow(f *testing.F) {
	for _, blob := range btftest.Blobs() {
		if blob.Base == nil && len(blob.Data) < 4<<10 {
			f.Add(blob.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := btf.Parse(data, nil)
		if err != nil || len(data) > 64<<10 || spec.Verify() != nil {
			return
		}
		src := &source{main: spec, all: spec, moduleOf: func(btf.Type) string { return "m" }}
		_, end := spec.IDs()
		for id := btf.TypeID(1); id < min(end, 20); id++ {
			typ, err := spec.TypeByID(id)
			if err != nil {
				t.Fatal(err)
			}
			for _, asJSON := range []bool{false, true} {
				var out strings.Builder
				a := &app{stdout: &out, json: asJSON, getenv: noEnvironment}
				a.out = a.newOutput("show")
				shown := a.showType(src, typ) == nil
				a.out.close()
				if strings.ContainsAny(out.String(), "\x1b\r") || shown && out.Len() == 0 {
					t.Errorf("%v: %q", typ, &out)
				}
				if asJSON && !json.Valid([]byte(out.String())) {
					t.Errorf("%v: no JSON: %q", typ, &out)
				}
			}
		}
	})
}
