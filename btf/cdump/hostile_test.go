package cdump_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/cdump"
)

// bombs are types that have no end, or none that anybody lives to see.
var bombs = map[string]struct {
	add  func(b *builder.Builder)
	want error
}{
	"struct in itself": {func(b *builder.Builder) {
		b.Struct("s", 4, builder.Member{Name: "s", Type: 1})
		integer(b)
	}, btf.ErrCorrupt},
	"anonymous struct behind a pointer in itself": {func(b *builder.Builder) {
		b.Struct("", 8, builder.Member{Name: "p", Type: 2})
		b.Ptr(1)
	}, btf.ErrCorrupt},
	"missing type": {func(b *builder.Builder) {
		b.Raw(builder.RawType{Kind: btf.KindTypedef, NameOffset: b.Intern("t"), SizeOrType: 77})
	}, btf.ErrCorrupt},
	"missing member": {func(b *builder.Builder) {
		b.Raw(builder.RawType{Kind: btf.KindStruct, NameOffset: b.Intern("t"), Vlen: 1,
			Trailer: []uint32{0, 77, 0}})
	}, btf.ErrCorrupt},
	"missing parameter": {func(b *builder.Builder) {
		b.Raw(builder.RawType{Kind: btf.KindFuncProto, Vlen: 2, Trailer: []uint32{0, 77, 0, 78}})
	}, btf.ErrCorrupt},
	"pointer to itself": {func(b *builder.Builder) { b.Ptr(1) }, cdump.ErrLimit},
	"typedef of a pointer to it": {func(b *builder.Builder) {
		b.Typedef("t", b.Ptr(2))
	}, cdump.ErrLimit},
	"function that takes itself": {func(b *builder.Builder) {
		b.FuncProto(1, builder.Param{Type: 1}, builder.Param{Type: 1})
	}, cdump.ErrLimit},
	"array of itself": {func(b *builder.Builder) { b.Array(1, 1, 3) }, cdump.ErrLimit},
	"functions that take two each": {func(b *builder.Builder) {
		for range 60 {
			next := b.NextID() + 1
			b.FuncProto(next, builder.Param{Type: next}, builder.Param{Type: next})
		}
		integer(b)
	}, cdump.ErrLimit},
	"anonymous structs that hold two each": {func(b *builder.Builder) {
		b.Struct("s", 4, builder.Member{Name: "a", Type: 2})
		for range 60 {
			next := b.NextID() + 1
			b.Struct("", 8, builder.Member{Name: "a", Type: next}, builder.Member{Name: "b", Type: next})
		}
		integer(b)
	}, cdump.ErrLimit},
	"a gap of 250 MB": {func(b *builder.Builder) {
		b.Struct("s", 0x0fffffff)
		integer(b)
	}, cdump.ErrLimit},
	"structs embedded 50,000 deep": {func(b *builder.Builder) {
		for i := range 50_000 {
			b.Struct(fmt.Sprint("s", i), 4, builder.Member{Name: "m", Type: b.NextID() + 1})
		}
		integer(b)
	}, cdump.ErrLimit},
	"50,000 pointers": {func(b *builder.Builder) {
		for range 50_000 {
			b.Ptr(b.NextID() + 1)
		}
		b.Typedef("end", 0)
	}, cdump.ErrLimit},
}

// limited counts what is written.
type limited struct{ n int64 }

func (l *limited) Write(p []byte) (int, error) {
	l.n += int64(len(p))
	return len(p), nil
}

func TestBombs(t *testing.T) {
	const limit = 1 << 20
	for name, bomb := range bombs {
		spec := build(t, bomb.add)
		for _, o := range []cdump.Options{{Limit: limit}, {Limit: limit, Unsorted: true},
			{Limit: limit, Asserts: true}} {
			var w limited
			err := cdump.Header(&w, spec, o)
			if !errors.Is(err, bomb.want) || w.n > limit {
				t.Errorf("%s, %+v: %v after %d bytes", name, o, err, w.n)
			}
		}
		first, err := spec.TypeByID(1)
		if err != nil {
			t.Fatal(err)
		}
		var w limited
		err = cdump.Definitions(&w, spec, cdump.Options{Limit: limit}, first)
		if !errors.Is(err, bomb.want) || w.n > limit {
			t.Errorf("%s: definitions: %v after %d bytes", name, err, w.n)
		}
		checkOne(t, first)
	}
}

// checkOne wants of the functions for one type that they end, and append nothing on error.
func checkOne(t *testing.T, typ btf.Type) {
	t.Helper()
	for _, one := range []func() ([]byte, error){
		func() ([]byte, error) { return cdump.AppendDeclaration([]byte(">"), typ, "x") },
		func() ([]byte, error) { return cdump.AppendDefinition([]byte(">"), typ) },
	} {
		got, err := one()
		if !bytes.HasPrefix(got, []byte(">")) || err != nil && len(got) > 1 {
			t.Errorf("%v: %.100q, %v", typ, got, err)
		}
	}
}

// A long chain is no bomb.
func TestLongChain(t *testing.T) {
	spec, err := btf.Parse(btftest.Chain(10_000), nil)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := spec.TypeByID(1)
	got, err := cdump.AppendDeclaration(nil, first, "x")
	if want := 10_000; bytes.Count(got, []byte("*")) != want || err != nil {
		t.Errorf("%d pointers, %v", bytes.Count(got, []byte("*")), err)
	}
	if err := cdump.Header(io.Discard, spec, cdump.Options{Unsorted: true}); err != nil {
		t.Error(err)
	}
}

// FuzzCDump writes whatever can be opened: within the limit, and with the same definitions whether
// Header or Definitions writes them.
func FuzzCDump(f *testing.F) {
	for _, blob := range btftest.Blobs() {
		if blob.Base == nil && len(blob.Data) < 16<<10 {
			f.Add(blob.Data)
		}
	}
	for _, bomb := range bombs {
		b := builder.New(builder.Options{Limits: builder.LimitsFormat})
		bomb.add(b)
		// Those without end take half a second each; TestBombs has them.
		if data, err := b.Bytes(); err == nil && len(data) < 16<<10 && bomb.want != cdump.ErrLimit {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		spec, err := btf.Parse(data, nil)
		if err != nil {
			return
		}
		const limit = 1 << 16
		var all []btf.Type
		for typ := range spec.TypesByKind() {
			all = append(all, typ)
		}
		var unsorted, definitions bytes.Buffer
		err = cdump.Header(&unsorted, spec, cdump.Options{Limit: limit, Unsorted: true})
		checkResult(t, unsorted.Len(), limit, err)
		errDefinitions := cdump.Definitions(&definitions, spec, cdump.Options{Limit: limit}, all...)
		checkResult(t, definitions.Len(), limit, errDefinitions)
		same := bytes.Contains(unsorted.Bytes(), definitions.Bytes())
		if err == nil && (errDefinitions != nil || !same) {
			t.Errorf("%v, definitions\n%s\nheader\n%s", errDefinitions, &definitions, &unsorted)
		}
		var w limited
		err = cdump.Header(&w, spec, cdump.Options{Limit: limit, Asserts: true})
		checkResult(t, int(w.n), limit, err)
		for _, typ := range all[:min(len(all), 3)] {
			checkOne(t, typ)
		}
	})
}

func checkResult(t *testing.T, n, limit int, err error) {
	t.Helper()
	if n > limit {
		t.Errorf("%d bytes, though the limit is %d", n, limit)
	}
	if err != nil && !errors.Is(err, cdump.ErrLimit) && !errors.Is(err, btf.ErrCorrupt) &&
		!errors.Is(err, btf.ErrUnsupported) {
		t.Errorf("error of no class: %v", err)
	}
}
