package btftest

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/store"
)

var closeRules = []rule{
	{name: "close", rule: "After Close, lookups return ErrClosed, and ranges are empty.",
		check: checkClose, split: true},
	{name: "close twice", rule: "Closing again does nothing; Own shares Close with its Spec.",
		check: checkCloseTwice},
	{name: "views after close", rule: "After Close, views answer like void.",
		check: checkViewsAfterClose},
	{name: "names outlive close", rule: "Names and ids that were handed out stay valid.",
		check: checkNamesOutlive},
	{name: "copies outlive close",
		rule:  "A Builder keeps what it copied, and finds its strings again.",
		check: checkCopiesOutlive, once: true},
	{name: "base stays", rule: "A base stays open underneath until its last split is closed, " +
		"although its own Spec is closed at once.",
		check: checkBaseStays, split: true},
	{name: "closed base", rule: "Nothing can be opened on a closed base.",
		check: checkClosedBase, split: true},
	{name: "close in a loop", rule: "A loop over types that closes the Spec ends.",
		check: checkCloseInLoop},
}

func wantClosed(t *testing.T, spec *btf.Spec) {
	t.Helper()
	_, byID := spec.TypeByID(1)
	void, voidErr := spec.TypeByID(0)
	_, byName := spec.TypeByName("int")
	_, ids := spec.IDsByName("int")
	_, anonymous := spec.IDsByName("")
	_, matches := spec.IDsByMatch(btf.MustMatcher("int"))
	wantErr(t, "TypeByID", byID, btf.ErrClosed) // not bare, to be inlined
	wantErr(t, "void", voidErr, btf.ErrClosed)
	for what, err := range map[string]error{"TypeByName": byName, "IDsByName": ids,
		"anonymous": anonymous, "IDsByMatch": matches, "Verify": spec.Verify()} {
		if err != btf.ErrClosed {
			t.Errorf("%s: %v", what, err)
		}
	}
	if void != (btf.Type{}) {
		t.Errorf("void is %v", void)
	}
	for id := range spec.All() {
		t.Errorf("All ranges over %d", id)
	}
	for ty := range spec.TypesByName("int") {
		t.Errorf("TypesByName ranges over %v", ty)
	}
	for ty := range spec.TypesByMatch(btf.MustMatcher("int")) {
		t.Errorf("TypesByMatch ranges over %v", ty)
	}
}

func checkClose(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	own := module.Own()
	wantErr(t, "Close", module.Close(), nil)
	wantClosed(t, module)
	wantClosed(t, own)
	dst := []btf.TypeID{3}
	if got, _ := module.AppendIDsByName(dst, "int"); len(got) != 1 {
		t.Errorf("AppendIDsByName: %v", got)
	}
}

func checkCloseTwice(t *testing.T, s setup) {
	spec := s.open(t, Kernel(s.ownOrder), nil)
	for range 3 {
		wantErr(t, "Close", spec.Close(), nil)
		wantErr(t, "Own().Close", spec.Own().Close(), nil)
	}
	spec = s.open(t, Kernel(s.ownOrder), nil)
	wantErr(t, "Own().Close", spec.Own().Close(), nil)
	wantClosed(t, spec)
}

func checkViewsAfterClose(t *testing.T, s setup) {
	spec := s.open(t, Tour(builder.Options{ByteOrder: s.ownOrder}), nil)
	var types []btf.Type
	var members []btf.Member
	var params []btf.Param
	var values []btf.Enumerator
	for _, ty := range spec.All() {
		types = append(types, ty)
		for _, m := range ty.Members() {
			members = append(members, m)
		}
		for _, p := range ty.Params() {
			params = append(params, p)
		}
		for _, e := range ty.Enumerators() {
			values = append(values, e)
		}
	}
	wantErr(t, "Close", spec.Close(), nil)
	for _, ty := range types {
		touch(t, ty)
		target := ty.Target()
		if ty.Kind() != btf.KindVoid || ty.Name() != "" || ty.Vlen() != 0 || ty.TargetID() != 0 ||
			target != (btf.Type{}) || store.RecordOf(ty).Bytes != "" {
			t.Errorf("%v answers, target %v", ty, target)
		}
	}
	for _, m := range members {
		if target := m.Target(); m.Name() != "" || target != (btf.Type{}) || m.BitOffset() != 0 {
			t.Errorf("member %q answers, target %v", m.Name(), target)
		}
	}
	for _, p := range params {
		if target := p.Target(); p.Name() != "" || target != (btf.Type{}) {
			t.Errorf("parameter %q answers, target %v", p.Name(), target)
		}
	}
	for _, e := range values {
		if e.Name() != "" || e.Uint64() != 0 {
			t.Errorf("value %q answers", e.Name())
		}
	}
}

func checkNamesOutlive(t *testing.T, s setup) {
	spec := s.open(t, Kernel(s.ownOrder), nil)
	skb := mustName(t, spec, "sk_buff", btf.KindStruct)
	names := []string{skb.Name()}
	for _, m := range skb.Members() {
		names = append(names, m.Name())
	}
	ids, err := spec.IDsByName("tcp_sendmsg")
	wantErr(t, "Close", spec.Close(), nil)
	runtime.GC()
	want := []string{"sk_buff", "", "sk", "cb", "len", "cloned", "pkt_type", "data"}
	for i, name := range names {
		if name != want[i] {
			t.Errorf("name %d is %q, want %q", i, name, want[i])
		}
	}
	wantIDs(t, "tcp_sendmsg", ids, err, []btf.TypeID{32})
}

func checkBaseStays(t *testing.T, s setup) {
	kernel := s.kernel(t)
	skb := mustName(t, kernel, "sk_buff", btf.KindStruct)
	one, other := s.module(t, kernel), s.module(t, kernel)
	plugin := s.open(t, Plugin(other, s.ownOrder), other)
	use := func(spec *btf.Spec) {
		t.Helper()
		if ty := mustName(t, spec, "sk_buff", btf.KindStruct); ty != skb || ty.Vlen() != 7 {
			t.Errorf("sk_buff is %v with %d members", ty, ty.Vlen())
		}
		ids, err := spec.IDsByMatch(btf.MustMatcher("^tcp_"))
		wantIDs(t, "^tcp_", ids, err, []btf.TypeID{32})
	}
	wantErr(t, "Close", kernel.Close(), nil)
	wantClosed(t, kernel)
	use(one)
	wantErr(t, "Close", one.Close(), nil)
	wantClosed(t, one)
	use(other)
	wantErr(t, "Close", other.Close(), nil)
	wantClosed(t, other)
	use(plugin)
	wantErr(t, "Close", plugin.Close(), nil)
	wantClosed(t, plugin)
	if skb.Kind() != btf.KindVoid || skb.Name() != "" {
		t.Errorf("%v answers although all is closed", skb)
	}
}

func checkClosedBase(t *testing.T, s setup) {
	kernel := s.kernel(t)
	data := Module(kernel, s.ownOrder)
	keeper := s.module(t, kernel)
	wantErr(t, "Close", kernel.Close(), nil)
	_, err := s.tryOpen(t, s.own, data, kernel)
	wantErr(t, "split of a closed base that is kept", err, btf.ErrClosed)
	wantErr(t, "Close", keeper.Close(), nil)
	_, err = s.tryOpen(t, s.own, data, kernel)
	wantErr(t, "split of a closed base", err, btf.ErrClosed)
}

func checkCloseInLoop(t *testing.T, s setup) {
	for _, stop := range []btf.TypeID{0, 1, 20, kernelLen} {
		spec := s.open(t, Kernel(s.ownOrder), nil)
		count := btf.TypeID(0)
		for id := range spec.All() {
			if count++; id == stop {
				spec.Close()
			}
		}
		if count > kernelLen+1 {
			t.Errorf("%d types after a Close at %d", count, stop)
		}
	}
}

func checkCopiesOutlive(t *testing.T, s setup) {
	spec := s.open(t, Kernel(s.ownOrder), nil)
	b := builder.New(builder.Options{ByteOrder: s.ownOrder})
	var names []string
	for _, ty := range spec.All() {
		if !ty.IsVoid() {
			b.Copy(ty, nil)
			names = append(names, ty.Name())
		}
	}
	before := must(b)
	if err := spec.Close(); err != nil {
		t.Error(err)
	}
	for _, name := range names {
		b.Intern(name)
	}
	if after := must(b); !bytes.Equal(after, before) {
		t.Errorf("%d bytes became %d, though all strings were there", len(before), len(after))
	}
}
