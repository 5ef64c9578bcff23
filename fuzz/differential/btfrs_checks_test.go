package differential

import (
	"fmt"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// What the rows of btfrsTable check.

func hasIDs(name string, want ...btf.TypeID) func(*btf.Spec) error {
	return func(s *btf.Spec) error {
		got, err := s.IDsByName(name)
		if err != nil || !slices.Equal(got, want) {
			return fmt.Errorf("%v, %v; want %v", got, err, want)
		}
		return nil
	}
}

func hasKind(id btf.TypeID, want btf.Kind) func(*btf.Spec) error {
	return func(s *btf.Spec) error {
		t, err := s.TypeByID(id)
		if err != nil || t.Kind() != want {
			return fmt.Errorf("%v, %v; want a %v", t, err, want)
		}
		return nil
	}
}

func hasTypes(name string, want ...btf.Kind) func(*btf.Spec) error {
	return func(s *btf.Spec) error {
		var got []btf.Kind
		for t := range s.TypesByName(name) {
			got = append(got, t.Kind())
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%v, want %v", got, want)
		}
		return nil
	}
}

func findAnonymous(s *btf.Spec, ids []btf.TypeID, err error) error {
	for _, id := range ids {
		t, _ := s.TypeByID(id)
		for _, v := range t.Enumerators() {
			if v.NameIs("IPPROTO_IP") {
				if t.Name() != "" || !t.Kind().HasName() || t.Kind() != btf.KindEnum {
					return fmt.Errorf("%v has a name or is no enum", t)
				}
				return nil
			}
		}
	}
	return fmt.Errorf("none of %d (%v)", len(ids), err)
}

func constHasNoName(s *btf.Spec) error {
	t, err := s.TypeByID(29)
	if err != nil || t.Kind() != btf.KindConst || t.Kind().HasName() || t.Name() != "" {
		return fmt.Errorf("%v, %v", t, err)
	}
	return nil
}

func kindsOf(t btf.Type) (kinds []btf.Kind) {
	for link := range t.Targets() {
		kinds = append(kinds, link.Kind())
	}
	return kinds
}

func chainOfFunction(s *btf.Spec) error {
	t, err := s.TypeByName("kfree", btf.KindFunc)
	if got := kindsOf(t); err != nil || !slices.Equal(got, []btf.Kind{btf.KindFuncProto}) {
		return fmt.Errorf("%v, %v", got, err)
	}
	return nil
}

func chainOfMember(s *btf.Spec) error {
	t, err := s.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		return err
	}
	for _, m := range t.Members() {
		if !m.NameIs("mac_len") {
			continue
		}
		first := m.Target()
		got := append([]btf.Kind{first.Kind()}, kindsOf(first)...)
		// __u16 is a TYPEDEF of an INT.
		if !slices.Equal(got, []btf.Kind{btf.KindTypedef, btf.KindInt}) {
			return fmt.Errorf("%v", got)
		}
		return nil
	}
	return fmt.Errorf("%v has no mac_len", t)
}

func bijection(name string) func(*btf.Spec) error {
	return func(s *btf.Spec) error {
		t, err := s.TypeByName(name, btf.KindFunc)
		if err != nil || t.Name() != name {
			return fmt.Errorf("%v, %v", t, err)
		}
		ids, err := s.IDsByName(name)
		if err != nil || len(ids) != 1 {
			return fmt.Errorf("ids %v, %v", ids, err)
		}
		if again, err := s.TypeByID(ids[0]); err != nil || again != t || again.Name() != name {
			return fmt.Errorf("by id %v, %v", again, err)
		}
		return nil
	}
}

// function finds a static FUNC and the parameters of its prototype, which returns void.
func function(s *btf.Spec, name string) ([]btf.Param, error) {
	f, err := s.TypeByName(name, btf.KindFunc)
	if err != nil {
		return nil, err
	}
	if l, ok := f.Linkage(); !ok || l != btf.LinkageStatic {
		return nil, fmt.Errorf("%v has linkage %v", f, l)
	}
	proto := f.Target()
	if ret := f.Return(); proto.Kind() != btf.KindFuncProto || !ret.IsVoid() {
		return nil, fmt.Errorf("%v: %v returns %v", f, proto, ret)
	}
	var params []btf.Param
	for _, p := range f.Params() {
		if p.IsVariadic() {
			return nil, fmt.Errorf("%v is variadic", f)
		}
		params = append(params, p)
	}
	return params, nil
}

// pointee returns what a parameter of the name points to.
func pointee(p btf.Param, name string) (btf.Type, error) {
	t := p.Target()
	target := t.Target()
	if p.Name() != name || t.Kind() != btf.KindPtr {
		return btf.Type{}, fmt.Errorf("parameter %s of type %v, want a pointer named %s",
			p.Name(), t, name)
	}
	return target, nil
}

func isStruct(t btf.Type, name string, size uint32, members int) error {
	n, _ := t.Size()
	if t.Kind() != btf.KindStruct || t.Name() != name || n != size || t.Vlen() != members {
		return fmt.Errorf("%v of %d bytes with %d members, want %s, %d, %d",
			t, n, t.Vlen(), name, size, members)
	}
	return nil
}

func resolveFunction(s *btf.Spec) error {
	params, err := function(s, "kfree_skb_reason")
	if err != nil || len(params) != 2 {
		return fmt.Errorf("%d parameters: %w", len(params), err)
	}
	skb, err := pointee(params[0], "skb")
	if err != nil {
		return err
	}
	if reason := params[1].Target(); params[1].Name() != "reason" || reason.Kind() != btf.KindEnum {
		return fmt.Errorf("second parameter %s is a %v", params[1].Name(), reason)
	}
	return isStruct(skb, "sk_buff", 232, 28)
}

func resolveStruct(s *btf.Spec) error {
	t, err := s.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		return err
	}
	m, ok := t.Member(25)
	arg := m.Target()
	i, isInt := arg.Int()
	if !ok || m.Name() != "truesize" || arg.Name() != "unsigned int" || !isInt || i.Encoding != 0 {
		return fmt.Errorf("member %s is %v, encoded %v", m.Name(), arg, i.Encoding)
	}
	return isStruct(t, "sk_buff", 232, 28)
}

// doubleSplit splits from a split: btf-rs refuses that, libbpf and btfkit read it.
func doubleSplit(s *btf.Spec) error {
	_, end := s.IDs()
	b := builder.New(builder.Options{Base: s})
	b.Ptr(end - 1)
	data, err := b.Bytes()
	if err != nil {
		return err
	}
	again, err := oracle.Backends[0].Parse(data, s)
	if err != nil {
		return err
	}
	defer again.Close()
	t, err := again.TypeByID(end)
	if target := t.Target(); err != nil || target.ID() != end-1 {
		return fmt.Errorf("%v, %w", t, err)
	}
	return nil
}

func resolveSplitStruct(s *btf.Spec) error {
	t, err := s.TypeByName("vhost_net", btf.KindStruct)
	if err != nil {
		return err
	}
	var names []string
	for _, m := range t.Members() {
		names = append(names, m.Name())
	}
	want := []string{"dev", "vqs", "poll", "tx_packets", "tx_zcopy_err", "tx_flush", "page_frag",
		"refcnt_bias"}
	if !slices.Equal(names, want) {
		return fmt.Errorf("members %v, want %v", names, want)
	}
	m, _ := t.Member(0)
	dev := m.Target()
	return isStruct(dev, "vhost_dev", 200, 19)
}

func resolveSplitFunc(s *btf.Spec) error {
	params, err := function(s, "vhost_net_busy_poll")
	if err != nil || len(params) != 5 {
		return fmt.Errorf("%d parameters: %w", len(params), err)
	}
	net, err := pointee(params[0], "net")
	if err == nil {
		err = isStruct(net, "vhost_net", 38288, 8)
	}
	if err != nil {
		return err
	}
	if params, err = function(s, "vhost_zerocopy_callback"); err != nil || len(params) != 3 {
		return fmt.Errorf("%d parameters: %w", len(params), err)
	}
	skb, err := pointee(params[0], "skb")
	if err == nil {
		err = isStruct(skb, "sk_buff", 232, 28)
	}
	return err
}

func matchesEnums(expr string, want ...string) func(*btf.Spec) error {
	return func(s *btf.Spec) error {
		var names []string
		for t := range s.TypesByMatch(btf.MustMatcher(expr), btf.KindEnum) {
			names = append(names, t.Name())
		}
		if !slices.Equal(names, want) {
			return fmt.Errorf("%v, want %v", names, want)
		}
		return nil
	}
}
