package btftest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/store"
)

var viewRules = []rule{
	{name: "views", rule: "Every field of every kind reads as it was written, in either byte order.",
		check: checkViews},
	{name: "function", rule: "Targets lead from a function to its prototype, from that to a " +
		"parameter, and on to the struct it points at, across splits.",
		check: checkFunction, split: true},
	{name: "chain", rule: "Chain excludes its start, includes a final void, and stops behind a " +
		"type that has no target, such as a FUNC_PROTO.",
		check: checkChain, split: true},
	{name: "cycles", rule: "Chain, SkipModsAndTypedefs and Sizeof end on cyclic input.",
		check: checkCycles},
	{name: "total", rule: "Accessors are total: on corrupt references Target says ok=false and " +
		"Name is empty, and nothing panics.",
		check: checkTotal},
	{name: "elements", rule: "Members, enumerators, parameters and variables are the same by " +
		"range and by index, and there is none outside [0, Vlen).",
		check: checkElements},
	{name: "opaque", rule: "Kinds that only the layout section knows are skipped by their size and " +
		"have an id, a kind and a name.",
		check: checkOpaque},
	{name: "wide vlen", rule: "vlen has 24 bits.",
		check: checkWideVlen},
	{name: "byte order", rule: "ByteOrder is that of the section, whatever its base has.",
		check: checkByteOrder, split: true},
	{name: "sizes", rule: "Sizeof follows typedefs, modifiers, variables and arrays; the pointer " +
		"size is that of the target's long, which a split has from its base.",
		check: checkSizes, split: true},
	{name: "verify", rule: "Verify accepts sound sections and refuses missing ids, missing strings " +
		"and cycles.",
		check: checkVerify, split: true},
	{name: "records", rule: "store.RecordOf gives the bytes of each record; together they are the " +
		"type section.",
		check: checkRecords},
}

func checkViews(t *testing.T, s setup) {
	plain, err := btf.Parse(Tour(builder.Options{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	spec := s.open(t, Tour(builder.Options{ByteOrder: s.ownOrder}), nil)
	var got, want strings.Builder
	if err := dump.Raw(&got, spec); err != nil {
		t.Fatal(err)
	}
	if err := dump.Raw(&want, plain); err != nil {
		t.Fatal(err)
	}
	if got.String() != want.String() {
		t.Errorf("dump:\n%s\nwant\n%s", got.String(), want.String())
	}
	attr, noinline := mustID(t, spec, 33), mustID(t, spec, 29)
	if !attr.IsAttribute() || !noinline.IsAttribute() || mustID(t, spec, 31).IsAttribute() {
		t.Errorf("attributes: %v, %v", attr, noinline)
	}
}

func checkFunction(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	for name, want := range map[string]string{
		"tcp_sendmsg": "sk sock, msg msghdr, size VOID size_t: INT int",
		"toy_xmit":    "skb sk_buff, dev toy_device: INT int",
		"kfree_skb":   "skb sk_buff: VOID ",
	} {
		fn := mustName(t, module, name, btf.KindFunc)
		proto := fn.Target()
		if proto.Kind() != btf.KindFuncProto {
			t.Fatalf("%s has the prototype %v", name, proto)
		}
		var params []string
		for i, p := range fn.Params() {
			ty := p.Target()
			to := ty.Target()
			if again, ok := proto.Param(i); !ok || again != p || ty.IsVoid() {
				t.Errorf("%s: parameter %d", name, i)
			}
			if ty.Kind() != btf.KindPtr {
				params = append(params, fmt.Sprint(p.Name(), " VOID ", ty.Name()))
				continue
			}
			params = append(params, p.Name()+" "+to.Name())
		}
		ret := fn.Return()
		got := fmt.Sprintf("%s: %v %s", strings.Join(params, ", "), ret.Kind(), ret.Name())
		if got != want {
			t.Errorf("%s: %s; want %s", name, got, want)
		}
	}
}

func checkChain(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	for _, test := range []struct {
		name string
		kind btf.Kind
		want string
	}{
		{"size_t", btf.KindTypedef, "[9] TYPEDEF __kernel_size_t|[4] INT long unsigned int"},
		{"tcp_sendmsg", btf.KindFunc, "[31] FUNC_PROTO"},
		{"bpf_kfunc", btf.KindDeclTag, "[38] FUNC sk_skb_reason_drop|[37] FUNC_PROTO"},
		{"cpu_number", btf.KindVar, "[49] VOLATILE of INT int|[2] INT int"},
		{"current_skb", btf.KindVar,
			"[51] RESTRICT of PTR to STRUCT sk_buff|[27] PTR to STRUCT sk_buff|[30] STRUCT sk_buff"},
		{"sk_buff", btf.KindStruct, ""},
		{"init_module", btf.KindFunc, "[63] FUNC_PROTO"},
	} {
		var got []string
		for ty := range mustName(t, module, test.name, test.kind).Targets() {
			got = append(got, ty.String())
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s: %s; want %s", test.name, strings.Join(got, "|"), test.want)
		}
	}
	void := mustID(t, module, 26) // a void pointer
	var got []btf.Type
	for ty := range void.Targets() {
		got = append(got, ty)
	}
	if void.Kind() != btf.KindPtr || !slices.Equal(got, []btf.Type{{}}) {
		t.Errorf("%v: %v", void, got)
	}
	for range (btf.Type{}).Targets() {
		t.Error("void has a chain")
	}
}

func checkCycles(t *testing.T, s setup) {
	spec := s.open(t, Corrupt(s.ownOrder), nil)
	within(t, "chains", func() {
		for _, ty := range spec.All() {
			steps := 0
			for range ty.Targets() {
				steps++
			}
			if steps > 4*store.SectionOf(spec).Len() {
				t.Errorf("%v: a chain of %d steps", ty, steps)
			}
			ty.Underlying()
			ty.Sizeof()
		}
	})
}

func checkTotal(t *testing.T, s setup) {
	spec := s.open(t, Corrupt(s.ownOrder), nil)
	const missing = 0x7fffffff
	for _, ty := range spec.All() {
		touch(t, ty)
		if target := ty.Target(); ty.TargetID() >= missing && target != (btf.Type{}) {
			t.Errorf("%v: target %v", ty, target)
		}
		for _, m := range ty.Members() {
			if m.TargetID() < missing {
				continue
			}
			if target := m.Target(); target != (btf.Type{}) || m.Name() != "" {
				t.Errorf("%v: member %q with target %v", ty, m.Name(), target)
			}
		}
		for _, e := range ty.Enumerators() {
			if e.Name() != "" || !e.NameIs("") || len(e.AppendName(nil)) != 0 {
				t.Errorf("%v: enumerator %q", ty, e.Name())
			}
		}
	}
}

// touch calls every accessor of a type and its elements; only a panic can fail it.
func touch(t *testing.T, ty btf.Type) {
	t.Helper()
	ty.Name()
	ty.NameIs("int")
	ty.AppendName(nil)
	ty.Size()
	ty.Sizeof()
	ty.Int()
	ty.Target()
	ty.IndexType()
	ty.ArrayLen()
	ty.Return()
	ty.Linkage()
	ty.ComponentIndex()
	ty.IsAttribute()
	ty.IsSigned()
	ty.FwdKind()
	ty.IsOpaque()
	ty.IsAnonymous()
	ty.Underlying()
	store.RecordOf(ty)
	_ = ty.String()
	for _, m := range ty.Members() {
		m.Name()
		m.NameIs("int")
		m.Target()
		m.Bits()
	}
	for _, p := range ty.Params() {
		p.Name()
		p.Target()
		p.IsVariadic()
	}
	for _, e := range ty.Enumerators() {
		e.Int64()
		e.Uint64()
	}
	for _, v := range ty.VarSecinfos() {
		v.Target()
		v.Offset()
		v.Size()
	}
}

func checkElements(t *testing.T, s setup) {
	spec := s.open(t, Tour(builder.Options{ByteOrder: s.ownOrder}), nil)
	for _, ty := range spec.All() {
		count := 0
		for i, m := range ty.Members() {
			if again, ok := ty.Member(i); !ok || again != m || i != count {
				t.Errorf("%v: member %d", ty, i)
			}
			count++
		}
		for i, e := range ty.Enumerators() {
			if again, ok := ty.Enumerator(i); !ok || again != e || i != count {
				t.Errorf("%v: enumerator %d", ty, i)
			}
			count++
		}
		for i, p := range ty.Params() {
			if again, ok := ty.Param(i); !ok || again != p || i != count {
				t.Errorf("%v: parameter %d", ty, i)
			}
			count++
		}
		for i, v := range ty.VarSecinfos() {
			if again, ok := ty.VarSecinfo(i); !ok || again != v || i != count {
				t.Errorf("%v: variable %d", ty, i)
			}
			count++
		}
		vlen := ty.Vlen()
		if ty.Kind() == btf.KindFunc {
			vlen = ty.Target().Vlen()
		}
		if count != vlen {
			t.Errorf("%v: %d elements, vlen %d", ty, count, vlen)
		}
		for _, i := range []int{-1, vlen, 1 << 30} {
			_, a := ty.Member(i)
			_, b := ty.Enumerator(i)
			_, c := ty.Param(i)
			_, d := ty.VarSecinfo(i)
			if a || b || c || d {
				t.Errorf("%v has element %d", ty, i)
			}
		}
	}
}

func checkOpaque(t *testing.T, s setup) {
	spec := s.open(t, Opaque(s.ownOrder), nil)
	var got []string
	for _, ty := range spec.All() {
		got = append(got, fmt.Sprint(ty, " ", ty.Vlen(), " ", ty.IsOpaque()))
		touch(t, ty)
	}
	want := []string{"void 0 false", "[1] FWD before 0 false", "[2] KIND(20) location 0 true",
		"[3] KIND(33) 2 true", "[4] KIND(25) 0 true", "[5] TYPEDEF after 0 false"}
	if !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
	ids, err := spec.IDsByName("location")
	wantIDs(t, "location", ids, err, []btf.TypeID{2})
}

func checkWideVlen(t *testing.T, s setup) {
	const n = 1<<16 + 1
	spec := s.open(t, WideVlen(n), nil)
	wide := mustName(t, spec, "wide", btf.KindEnum)
	last, ok := wide.Enumerator(n - 1)
	if wide.Vlen() != n || !ok || last.Name() != "LAST" || last.Int64() != n-1 {
		t.Errorf("%d values, the last is %s = %d", wide.Vlen(), last.Name(), last.Int64())
	}
	if after := mustID(t, spec, 3); after.Name() != "after" {
		t.Errorf("type 3 is %v", after)
	}
}

func checkByteOrder(t *testing.T, s setup) {
	kernel := s.kernel(t)
	module := s.module(t, kernel)
	if kernel.ByteOrder() != s.baseOrder || module.ByteOrder() != s.ownOrder {
		t.Errorf("base %v, split %v", kernel.ByteOrder(), module.ByteOrder())
	}
}

func checkSizes(t *testing.T, s setup) {
	b := builder.New(builder.Options{ByteOrder: s.baseOrder})
	b.Int("long int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})
	base := s.openIn(t, s.base, must(b), nil)
	b = builder.New(builder.Options{Base: base, ByteOrder: s.ownOrder})
	ptr := b.Ptr(1)
	table := b.Array(b.Const(ptr), 1, 10)
	typedef := b.Typedef("table_t", b.Volatile(b.Array(table, 1, 3)))
	v := b.Var("table", typedef, btf.LinkageStatic)
	fwd := b.Fwd("hidden", btf.KindStruct)
	huge := b.Array(b.Array(b.Array(1, 1, 1<<31), 1, 1<<31), 1, 8)
	spec := s.open(t, must(b), base)
	if n := spec.PointerSize(); n != 4 {
		t.Errorf("pointer size %d", n)
	}
	for id, want := range map[btf.TypeID]uint64{ptr: 4, table: 40, typedef: 120, v: 120} {
		if n, ok := mustID(t, spec, id).Sizeof(); !ok || n != want {
			t.Errorf("%v has size %d, %v; want %d", mustID(t, spec, id), n, ok, want)
		}
	}
	for _, id := range []btf.TypeID{0, fwd, huge} {
		if n, ok := mustID(t, spec, id).Sizeof(); ok {
			t.Errorf("%v has size %d", mustID(t, spec, id), n)
		}
	}
	if n := s.kernel(t).PointerSize(); n != 8 {
		t.Errorf("pointer size %d of the kernel", n)
	}
}

func checkVerify(t *testing.T, s setup) {
	for _, blob := range s.blobs() {
		err := s.blob(t, blob).Verify()
		if !blob.Corrupt {
			wantErr(t, blob.Name, err, nil)
			continue
		}
		wantErr(t, blob.Name, err, btf.ErrCorrupt)
	}
	for name, raw := range map[string]builder.RawType{
		"target":        {Kind: btf.KindPtr, SizeOrType: 3},
		"self":          {Kind: btf.KindConst, SizeOrType: 2},
		"element":       {Kind: btf.KindArray, Trailer: []uint32{3, 1, 1}},
		"index":         {Kind: btf.KindArray, Trailer: []uint32{1, 3, 1}},
		"array of self": {Kind: btf.KindArray, Trailer: []uint32{2, 1, 1}},
		"member":        {Kind: btf.KindUnion, Vlen: 1, Trailer: []uint32{0, 3, 0}},
		"member name":   {Kind: btf.KindStruct, Vlen: 1, Trailer: []uint32{5, 1, 0}},
		"itself":        {Kind: btf.KindStruct, Vlen: 1, Trailer: []uint32{0, 2, 0}},
		"return":        {Kind: btf.KindFuncProto, SizeOrType: 3},
		"parameter":     {Kind: btf.KindFuncProto, Vlen: 1, Trailer: []uint32{0, 3}},
		"variable":      {Kind: btf.KindDatasec, Vlen: 1, Trailer: []uint32{3, 0, 0}},
		"value name":    {Kind: btf.KindEnum64, Vlen: 1, Trailer: []uint32{5, 0, 0}},
	} {
		b := builder.New(builder.Options{ByteOrder: s.ownOrder})
		b.Int("int", 4, btf.Int{Bits: 32})
		b.Raw(raw)
		err := s.open(t, must(b), nil).Verify()
		wantErr(t, name, err, btf.ErrCorrupt)
	}
}

func checkRecords(t *testing.T, s setup) {
	data := Tour(builder.Options{ByteOrder: s.ownOrder})
	spec := s.open(t, data, nil)
	var records []byte
	for _, ty := range spec.All() {
		records = append(records, store.RecordOf(ty).Bytes...)
	}
	h := store.SectionOf(spec).Header()
	if !bytes.Equal(records, data[h.Types.Off:][:h.Types.Len]) {
		t.Errorf("%d bytes of records, %d of types", len(records), h.Types.Len)
	}
}
