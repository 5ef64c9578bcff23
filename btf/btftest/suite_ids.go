package btftest

import (
	"errors"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

var idRules = []rule{
	{name: "ids", rule: "IDs is half-open; a section that stands alone starts with 0, void, " +
		"and its first record is type 1.",
		check: checkIDs},
	{name: "type by id", rule: "TypeByID answers for every id that is covered, 0 being void; any " +
		"other id is ErrNotFound.",
		check: checkTypeByID},
	{name: "split ids", rule: "The ids of a split section go on where its base ends, and 0 is " +
		"void on any chain.",
		check: checkSplitIDs, split: true},
	{name: "split on split", rule: "A split may be a base; ids and string offsets are cumulative " +
		"over all ancestors.",
		check: checkSplitOnSplit, split: true},
	{name: "same type", rule: "A base type reached through two splits, through Own and through " +
		"Target is the same value, and works as the key of a map.",
		check: checkSameType, split: true},
	{name: "own", rule: "Own covers the section alone: base ids are ErrNotFound, names of the " +
		"base are not found, and Own of a split has no void.",
		check: checkOwn, split: true},
	{name: "own views", rule: "Views from Own reach into the bases.",
		check: checkOwnViews, split: true},
	{name: "all", rule: "All ranges over every type by ascending id, void included, and ends " +
		"when the loop does.",
		check: checkAll, split: true},
	{name: "base", rule: "Base returns the Spec that was given as the base, nil if there was none; " +
		"Sections lists the root first.",
		check: checkBase, split: true},
	{name: "section", rule: "Section tells the header, the strings and the types of the own bytes.",
		check: checkSection, split: true},
}

// kernelLen is how many types Kernel has.
const kernelLen = 53

func checkIDs(t *testing.T, s setup) {
	spec := s.open(t, Kernel(s.ownOrder), nil)
	if first, end := spec.IDs(); first != 0 || end != kernelLen+1 {
		t.Errorf("ids [%d, %d), want [0, %d)", first, end, kernelLen+1)
	}
	if first, end := spec.Own().IDs(); first != 0 || end != kernelLen+1 {
		t.Errorf("own ids [%d, %d), want [0, %d)", first, end, kernelLen+1)
	}
	if ty := mustID(t, spec, 1); ty.Kind() != btf.KindInt || ty.Name() != "char" {
		t.Errorf("type 1 is %v", ty)
	}
	empty := s.open(t, Empty(nil, s.ownOrder), nil)
	if first, end := empty.IDs(); first != 0 || end != 1 {
		t.Errorf("ids [%d, %d) of BTF without types", first, end)
	}
}

func checkTypeByID(t *testing.T, s setup) {
	spec := s.open(t, Kernel(s.ownOrder), nil)
	plain, err := btf.Parse(Kernel(s.ownOrder), nil)
	if err != nil {
		t.Fatal(err)
	}
	for id := range btf.TypeID(kernelLen + 1) {
		got, want := mustID(t, spec, id), mustID(t, plain, id)
		if got.String() != want.String() {
			t.Errorf("type %d is %v, want %v", id, got, want)
		}
	}
	if void := mustID(t, spec, 0); void != (btf.Type{}) {
		t.Errorf("type 0 is %v", void)
	}
	for _, id := range []btf.TypeID{kernelLen + 1, kernelLen + 2, 1 << 20, 1<<31 - 1, 1 << 31,
		1<<32 - 1} {
		if ty, err := spec.TypeByID(id); !errors.Is(err, btf.ErrNotFound) || ty != (btf.Type{}) {
			t.Errorf("type %d: %v, %v", id, ty, err)
		}
	}
}

func checkSplitIDs(t *testing.T, s setup) {
	kernel := s.kernel(t)
	module := s.module(t, kernel)
	first, end := module.IDs()
	if first != 0 || end != kernelLen+12 {
		t.Errorf("ids [%d, %d), want [0, %d)", first, end, kernelLen+12)
	}
	if void := mustID(t, module, 0); void != (btf.Type{}) {
		t.Errorf("type 0 is %v", void)
	}
	for id := btf.TypeID(1); id <= kernelLen; id++ {
		if ty := mustID(t, module, id); ty != mustID(t, kernel, id) {
			t.Errorf("type %d is %v", id, ty)
		}
	}
	if ty := mustID(t, module, kernelLen+1); ty.String() != "[54] STRUCT module" {
		t.Errorf("first own type is %v", ty)
	}
	if ty := mustID(t, module, end-1); ty.String() != "[64] FUNC init_module" {
		t.Errorf("last own type is %v", ty)
	}
	if ty, err := module.TypeByID(end); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("type %d: %v, %v", end, ty, err)
	}
	if _, err := kernel.TypeByID(kernelLen + 1); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("the base has the split's type: %v", err)
	}
}

func checkSplitOnSplit(t *testing.T, s setup) {
	kernel := s.kernel(t)
	module := s.openIn(t, s.base, Module(kernel, s.baseOrder), kernel)
	empty := s.open(t, Empty(module, s.ownOrder), module)
	plugin := s.open(t, Plugin(empty, s.ownOrder), empty)
	_, moduleEnd := module.IDs()
	if first, end := plugin.Own().IDs(); first != moduleEnd || end != moduleEnd+6 {
		t.Errorf("own ids [%d, %d), want [%d, %d)", first, end, moduleEnd, moduleEnd+6)
	}
	ids, err := plugin.IDsByName("kfree_skb")
	kfree := mustName(t, kernel, "kfree_skb", btf.KindFunc)
	toy, err2 := module.Own().TypeByName("kfree_skb")
	wantErr(t, "module", err2, nil)
	wantIDs(t, "kfree_skb", ids, err, []btf.TypeID{kfree.ID(), toy.ID(), moduleEnd + 4})
	// dev -> toy_device -> queue -> sk_buff: from the top to the root.
	dev, _ := mustName(t, plugin, "toy_plugin", btf.KindStruct).Member(0)
	ptr := dev.Target()
	device := ptr.Target()
	queue, _ := device.Member(0)
	ptr = queue.Target()
	skb := ptr.Target()
	if skb != mustName(t, kernel, "sk_buff", btf.KindStruct) || !dev.NameIs("dev") ||
		!device.NameIs("toy_device") || !queue.NameIs("queue") {
		t.Errorf("%v.%s is %v, its %s points at %v", plugin, dev.Name(), device, queue.Name(), skb)
	}
}

func checkSameType(t *testing.T, s setup) {
	kernel := s.kernel(t)
	one, other := s.module(t, kernel), s.module(t, kernel)
	skb := mustName(t, kernel, "sk_buff", btf.KindStruct)
	seen := map[btf.Type]string{skb: "kernel"}
	for _, spec := range []*btf.Spec{one, other, one.Base(), kernel.Own()} {
		if ty := mustName(t, spec, "sk_buff", btf.KindStruct); seen[ty] != "kernel" {
			t.Errorf("%v is another value", ty)
		}
	}
	queue, _ := mustName(t, one, "toy_device", btf.KindStruct).Member(0)
	ptr := queue.Target()
	if ty := ptr.Target(); seen[ty] != "kernel" {
		t.Errorf("%v, a target, is another value", ty)
	}
	if a, b := mustID(t, one, 54), mustID(t, other, 54); a == b {
		t.Errorf("%v of two modules are the same", a)
	}
}

func checkOwn(t *testing.T, s setup) {
	kernel := s.kernel(t)
	own := s.module(t, kernel).Own()
	if first, end := own.IDs(); first != kernelLen+1 || end != kernelLen+12 {
		t.Errorf("ids [%d, %d)", first, end)
	}
	for _, id := range []btf.TypeID{0, 1, kernelLen, kernelLen + 12} {
		if ty, err := own.TypeByID(id); !errors.Is(err, btf.ErrNotFound) {
			t.Errorf("type %d: %v, %v", id, ty, err)
		}
	}
	ids, err := own.IDsByName("kfree_skb")
	wantIDs(t, "kfree_skb", ids, err, []btf.TypeID{kernelLen + 9})
	ids, err = own.IDsByName("tcp_sendmsg")
	wantIDs(t, "tcp_sendmsg", ids, err, nil)
	ids, err = own.IDsByName("")
	wantIDs(t, "anonymous", ids, err, []btf.TypeID{kernelLen + 2})
	ids, err = own.IDsByMatch(btf.MustMatcher("skb"))
	wantIDs(t, "matches", ids, err, []btf.TypeID{kernelLen + 9})
	next := btf.TypeID(kernelLen + 1)
	for id, ty := range own.All() {
		if id != next || ty.ID() != id || ty.IsVoid() {
			t.Errorf("id %d with %v, want %d", id, ty, next)
		}
		next++
	}
	if next != kernelLen+12 {
		t.Errorf("All ended before %d", next)
	}
}

func checkOwnViews(t *testing.T, s setup) {
	kernel := s.kernel(t)
	own := s.module(t, kernel).Own()
	queue, _ := mustName(t, own, "toy_device", btf.KindStruct).Member(0)
	if skb := queue.Target().Target(); skb.Name() != "sk_buff" {
		t.Errorf("queue points at %v", skb)
	}
	// Its string is in the base, although the type is not.
	ids, err := own.IDsByName("module")
	wantIDs(t, "module", ids, err, []btf.TypeID{kernelLen + 1})
}

func checkAll(t *testing.T, s setup) {
	kernel := s.kernel(t)
	module := s.module(t, kernel)
	next := btf.TypeID(0)
	for id, ty := range module.All() {
		if id != next || ty != mustID(t, module, id) {
			t.Errorf("id %d with %v, want %d", id, ty, next)
		}
		next++
	}
	if _, end := module.IDs(); next != end {
		t.Errorf("All ended at %d, want %d", next, end)
	}
	for _, last := range []btf.TypeID{0, 1, kernelLen, kernelLen + 1} {
		count := btf.TypeID(0)
		for id := range module.All() {
			if count++; id == last {
				break
			}
		}
		if count != last+1 {
			t.Errorf("%d types up to %d", count, last)
		}
	}
}

func checkBase(t *testing.T, s setup) {
	kernel := s.kernel(t)
	module := s.module(t, kernel)
	if kernel.Base() != nil || module.Base() != kernel || module.Own().Base() != kernel {
		t.Errorf("bases %v, %v, %v", kernel.Base(), module.Base(), module.Own().Base())
	}
	for _, spec := range []*btf.Spec{kernel, module} {
		if got := mustID(t, module, store.SectionOf(spec).FirstID()).Spec(); got != spec {
			t.Errorf("a type of %p is stored by %p", spec, got)
		}
	}
	if (btf.Type{}).Spec() != nil {
		t.Error("void is stored somewhere")
	}
	if !store.SectionOf(module).IsSplit() || store.SectionOf(kernel).IsSplit() {
		t.Error("the module is split, the kernel is not")
	}
}

func checkSection(t *testing.T, s setup) {
	kernel := s.kernel(t)
	data := Module(kernel, s.ownOrder)
	module := s.open(t, data, kernel)
	sec := store.SectionOf(module)
	if sec.Len() != 11 || sec.FirstID() != kernelLen+1 {
		t.Errorf("%d types from %d on", sec.Len(), sec.FirstID())
	}
	h := sec.Header()
	if h.Len != 24 || h.Types.Off != 24 || h.ByteOrder != s.ownOrder ||
		h.Strings.Off+int64(h.Strings.Len) != int64(len(data)) {
		t.Errorf("header %+v of %d bytes", h, len(data))
	}
	base, start := store.SectionOf(kernel).Strings()
	at := store.SectionOf(kernel).Header().Strings.Off
	if start != 0 || base != string(Kernel(s.baseOrder)[at:]) {
		t.Errorf("strings of the base: %q from %d on", base, start)
	}
	strs, start := sec.Strings()
	if int(start) != len(base) || strs != string(data[h.Strings.Off:]) {
		t.Errorf("strings %q from %d on", strs, start)
	}
	if ty := sec.TypeAt(0); ty != mustID(t, module, kernelLen+1) || store.RecordOf(ty).Offset != 24 ||
		ty.Spec() != module {
		t.Errorf("record 0 is %v at %d", ty, store.RecordOf(ty).Offset)
	}
	if ty := sec.TypeAt(11); ty != (btf.Type{}) || sec.TypeAt(-1) != ty {
		t.Errorf("record 11 is %v", ty)
	}
}
