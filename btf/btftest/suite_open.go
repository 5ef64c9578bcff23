package btftest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/store"
)

var openRules = []rule{
	{name: "empty module", rule: "A module of 24 bytes without types is normal; so are sections " +
		"without types, without strings, or without both.",
		check: checkEmpty, split: true},
	{name: "headers", rule: "Headers of other lengths, gaps, bytes behind the sections and any " +
		"order of the sections are accepted.",
		check: checkHeaders},
	{name: "layout", rule: "A layout section changes no answer.",
		check: checkLayout},
	{name: "unaligned", rule: "Nothing need be aligned.",
		check: checkUnaligned},
	{name: "copy", rule: "Parse takes a copy: the caller may change data afterwards.",
		check: checkCopy, once: true},
	{name: "removed file", rule: "A file may be removed once it is open.",
		check: checkRemoved, once: true},
	{name: "info", rule: "Info tells the backend, where the bytes are and how many; it is zero " +
		"after Close.",
		check: checkInfo},
}

func checkEmpty(t *testing.T, s setup) {
	kernel := s.kernel(t)
	data := Empty(kernel, s.ownOrder)
	module := s.open(t, data, kernel)
	if first, end := module.Own().IDs(); len(data) != 24 || first != end || first != kernelLen+1 {
		t.Errorf("%d bytes with the own ids [%d, %d)", len(data), first, end)
	}
	if _, err := module.TypeByName("tcp_sendmsg"); err != nil {
		t.Errorf("tcp_sendmsg: %v", err)
	}
	for id, ty := range module.Own().All() {
		t.Errorf("type %d, %v", id, ty)
	}
	ids, err := module.Own().IDsByName("")
	wantIDs(t, "anonymous", ids, err, nil)
	ids, err = module.Own().IDsByName("tcp_sendmsg")
	wantIDs(t, "tcp_sendmsg", ids, err, nil)
	ids, err = module.Own().IDsByMatch(btf.MustMatcher(""))
	wantIDs(t, "matches", ids, err, nil)
	wantErr(t, "verify", module.Verify(), nil)

	base := s.open(t, data, nil) // no byte of strings, not even the NUL
	if first, end := base.IDs(); first != 0 || end != 1 {
		t.Errorf("24 bytes alone have the ids [%d, %d)", first, end)
	}
	b := builder.New(builder.Options{Base: base, ByteOrder: s.ownOrder})
	b.Fwd("first", btf.KindStruct)
	if ty := mustName(t, s.open(t, must(b), base), "first", btf.KindFwd); ty.ID() != 1 {
		t.Errorf("first is %v", ty)
	}

	b = builder.New(builder.Options{Base: kernel, ByteOrder: s.ownOrder})
	b.Intern("strings only")
	strs := s.open(t, must(b), kernel)
	b = builder.New(builder.Options{Base: strs, ByteOrder: s.ownOrder})
	b.Fwd("strings only", btf.KindStruct)
	types := s.open(t, must(b), strs)
	if own, _ := store.SectionOf(types).Strings(); own != "" {
		t.Errorf("strings %q", own)
	}
	ids, err = types.IDsByName("strings only")
	wantIDs(t, "a name in the base", ids, err, []btf.TypeID{kernelLen + 1})
}

// sections lays out the types and strings of data in another way; see arrange.
func (s setup) sections(data []byte, header int, f func(types, strs []byte) (body []byte,
	typesOff, strsOff int)) []byte {
	return arrange(data, s.ownOrder, header, f)
}

func checkHeaders(t *testing.T, s setup) {
	data := Kernel(s.ownOrder)
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	gap := []byte("gap\xff")
	canonical := func(types, strs []byte) ([]byte, int, int) {
		return join(types, strs), 0, len(types)
	}
	for name, data := range map[string][]byte{
		"header of 26": s.sections(data, 26, canonical),
		"header of 28": s.sections(data, 28, canonical),
		"header of 32": s.sections(data, 32, canonical),
		"header of 40": s.sections(data, 40, canonical),
		"gaps": s.sections(data, 24, func(types, strs []byte) ([]byte, int, int) {
			return join(gap, types, gap, gap, strs, gap), 4, len(types) + 12
		}),
		"strings first": s.sections(data, 24, func(types, strs []byte) ([]byte, int, int) {
			pad := make([]byte, -len(strs)&3)
			return join(strs, pad, types), len(strs) + len(pad), 0
		}),
	} {
		spec := s.open(t, data, nil)
		if _, end := spec.IDs(); end != kernelLen+1 {
			t.Errorf("%s: ids end at %d", name, end)
		}
		if fn, err := spec.TypeByName("tcp_sendmsg"); err != nil || fn.Kind() != btf.KindFunc {
			t.Errorf("%s: tcp_sendmsg is %v, %v", name, fn, err)
		}
	}
}

func checkLayout(t *testing.T, s setup) {
	with := s.open(t, Tour(builder.Options{ByteOrder: s.ownOrder, Layout: true}), nil)
	without := s.open(t, Tour(builder.Options{ByteOrder: s.ownOrder}), nil)
	var a, b strings.Builder
	if err := dump.Raw(&a, with); err != nil {
		t.Fatal(err)
	}
	if err := dump.Raw(&b, without); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Errorf("with layout:\n%s\nwithout:\n%s", a.String(), b.String())
	}
	for name, want := range model(without) {
		ids, err := with.IDsByName(name)
		wantIDs(t, name, ids, err, want)
	}
}

func checkUnaligned(t *testing.T, s setup) {
	for pad := 1; pad < 4; pad++ {
		data := s.sections(Kernel(s.ownOrder), 24, func(types, strs []byte) ([]byte, int, int) {
			body := append(make([]byte, pad), types...)
			return append(body, strs...), pad, pad + len(types)
		})
		spec := s.open(t, data, nil)
		if skb := mustName(t, spec, "sk_buff", btf.KindStruct); skb.ID() != 30 || skb.Vlen() != 7 {
			t.Errorf("offset %d: %v with %d members", pad, skb, skb.Vlen())
		}
	}
}

func checkCopy(t *testing.T, s setup) {
	data := Kernel(nil)
	spec, err := s.own.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Close()
	clear(data)
	if fn := mustName(t, spec, "tcp_sendmsg", btf.KindFunc); fn.Name() != "tcp_sendmsg" {
		t.Errorf("tcp_sendmsg is %v", fn)
	}
}

func checkRemoved(t *testing.T, s setup) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not remove files in use: run it on another system")
	}
	path := filepath.Join(t.TempDir(), "btf")
	if err := os.WriteFile(path, Kernel(nil), 0o666); err != nil {
		t.Fatal(err)
	}
	spec, err := s.own.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer spec.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	mustName(t, spec, "tcp_sendmsg", btf.KindFunc)
}

func checkInfo(t *testing.T, s setup) {
	data := Kernel(s.ownOrder)
	spec := s.open(t, data, nil)
	info := spec.Info()
	if info.Backend == "" || info.DataBytes != int64(len(data)) || info.IndexBytes < 0 {
		t.Errorf("%+v of %d bytes", info, len(data))
	}
	spec.Close()
	if info := spec.Info(); info != (btf.Info{}) {
		t.Errorf("%+v after Close", info)
	}
}
