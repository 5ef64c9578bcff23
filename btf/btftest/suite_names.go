package btftest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

var nameRules = []rule{
	{name: "every name", rule: "Every name that All shows is found, with all ids that have it, " +
		"ascending, and no name is found that no type has.",
		check: checkEveryName, split: true},
	{name: "order", rule: "Ids come base first and ascending; a name that both have is found in both.",
		check: checkOrder, split: true},
	{name: "append", rule: "AppendIDs and AppendMatches append: what is in dst stays, and a miss " +
		"adds nothing and is no error.",
		check: checkAppend, split: true},
	{name: "named", rule: "Named ranges over the types of IDsByName in the same order, and ends " +
		"when the loop does.",
		check: checkNamed, split: true},
	{name: "type by name", rule: "TypeByName returns the lowest id among the kinds asked for, any " +
		"kind if none is; a miss is ErrNotFound and says what was asked.",
		check: checkTypeByName, split: true},
	{name: "anonymous", rule: `"" finds the anonymous structs, unions, enums and enum64s, however ` +
		"their empty name is written, and nothing else.",
		check: checkAnonymous, split: true},
	{name: "NUL", rule: "A name with a NUL byte is nobody's, whatever the bytes around a name are.",
		check: checkNUL, split: true},
	{name: "middle", rule: "A name may start in the middle of another string.",
		check: checkMiddle},
	{name: "bytes", rule: "Names are bytes in no encoding, of any length.",
		check: checkBytes},
	{name: "nameless kinds", rule: "A record of a kind that has no name is found under the name " +
		"that it carries nevertheless.",
		check: checkNamelessKinds},
	{name: "duplicates", rule: "Any number of types may have one name.",
		check: checkDuplicates},
	{name: "sorted", rule: "Sections sorted by name answer like all others.",
		check: checkSorted},
	{name: "small sections", rule: "Sections of any small number of names answer like all others.",
		check: checkSmall},
	{name: "many names", rule: "Names that differ are told apart, however many there are.",
		check: checkManyNames, once: true},
	{name: "HasName", rule: "HasName tells an anonymous type from one whose kind has no name.",
		check: checkHasName},
	{name: "kinds", rule: "Queries by name and by kind select the kinds given, and any if none is.",
		check: checkKinds},
}

// model returns the ids of spec by name, as an iteration finds them.
func model(spec *btf.Spec) map[string][]btf.TypeID {
	byName := make(map[string][]btf.TypeID)
	for id, ty := range spec.All() {
		name := ty.Name()
		if name != "" || ty.IsAnonymous() {
			byName[name] = append(byName[name], id)
		}
	}
	return byName
}

func checkEveryName(t *testing.T, s setup) {
	for _, blob := range s.blobs() {
		spec := s.blob(t, blob)
		for _, spec := range []*btf.Spec{spec, spec.Own()} {
			want := model(spec)
			for name := range want {
				ids, err := spec.IDsByName(name)
				wantIDs(t, blob.Name+" "+abbreviate(name), ids, err, want[name])
				for _, other := range []string{name + "_", "_" + name, tail(name), head(name)} {
					if _, ok := want[other]; !ok && other != "" {
						ids, err := spec.IDsByName(other)
						wantIDs(t, blob.Name+" "+abbreviate(other), ids, err, nil)
					}
				}
			}
		}
	}
}

func tail(s string) string { return s[min(1, len(s)):] }
func head(s string) string { return s[:max(0, len(s)-1)] }

// maxShown is how many bytes of a name are shown.
const maxShown = 40

func abbreviate(name string) string {
	if len(name) > maxShown {
		return fmt.Sprintf("%q... of %d bytes", name[:maxShown], len(name))
	}
	return fmt.Sprintf("%q", name)
}

func checkOrder(t *testing.T, s setup) {
	kernel := s.kernel(t)
	module := s.module(t, kernel)
	for _, name := range []string{"kfree_skb", "module", "list_head", ""} {
		ids, err := module.IDsByName(name)
		base, err2 := kernel.IDsByName(name)
		own, err3 := module.Own().IDsByName(name)
		if err != nil || err2 != nil || err3 != nil || !slices.IsSorted(ids) ||
			len(ids) < 2 || !slices.Equal(ids, append(base, own...)) {
			t.Errorf("%q: %v, base %v, own %v", name, ids, base, own)
		}
	}
}

func checkAppend(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	before := []btf.TypeID{7, 5}
	dst, err := module.AppendIDsByName(before, "init_module")
	wantIDs(t, "hit", dst, err, []btf.TypeID{7, 5, kernelLen + 11})
	dst, err = module.AppendIDsByName(before, "exit_module")
	wantIDs(t, "miss", dst, err, before)
	dst, err = module.AppendIDsByName(nil, "exit_module")
	wantIDs(t, "miss", dst, err, nil)
	dst, err = module.AppendIDsByMatch(before, btf.MustMatcher("^init"))
	wantIDs(t, "match", dst, err, []btf.TypeID{7, 5, kernelLen + 11})
	dst, err = module.AppendIDsByMatch(before, btf.MustMatcher("^exit"))
	wantIDs(t, "no match", dst, err, before)
}

func checkNamed(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	for _, name := range []string{"kfree_skb", "", "sk_buff", "absent"} {
		var got []btf.TypeID
		for ty := range module.TypesByName(name) {
			got = append(got, ty.ID())
			if ty != mustID(t, module, ty.ID()) || ty.Name() != name {
				t.Errorf("%q: %v", name, ty)
			}
			// A query inside the loop must not disturb it.
			if _, err := module.TypeByName("char"); err != nil {
				t.Error(err)
			}
		}
		want, err := module.IDsByName(name)
		wantIDs(t, name, got, err, want)
		for ty := range module.TypesByName(name) {
			if ty.ID() != want[0] {
				t.Errorf("%q: starts with %v", name, ty)
			}
			break
		}
	}
}

func checkTypeByName(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	for _, test := range []struct {
		name  string
		kinds []btf.Kind
		want  string
	}{
		{"list_head", nil, "[19] STRUCT list_head"},
		{"list_head", []btf.Kind{btf.KindFunc}, "[48] FUNC list_head"},
		{"list_head", []btf.Kind{btf.KindFunc, btf.KindStruct}, "[19] STRUCT list_head"},
		{"module", nil, "[17] FWD module"},
		{"module", []btf.Kind{btf.KindStruct}, "[54] STRUCT module"},
		{"kfree_skb", []btf.Kind{btf.KindFunc}, "[36] FUNC kfree_skb"},
		{"", []btf.Kind{btf.KindUnion}, "[28] UNION"},
	} {
		ty, err := module.TypeByName(test.name, test.kinds...)
		if err != nil || ty.String() != test.want {
			t.Errorf("%q %v: %v, %v; want %s", test.name, test.kinds, ty, err, test.want)
		}
	}
	for _, name := range []string{"kfree_skb", "absent", "", "kfree_sk"} {
		ty, err := module.TypeByName(name, btf.KindFloat)
		if !errors.Is(err, btf.ErrNotFound) || ty != (btf.Type{}) {
			t.Errorf("%q FLOAT: %v, %v", name, ty, err)
		}
	}
	for _, test := range []struct {
		name  string
		kinds []btf.Kind
		want  string
	}{
		{"absent", nil, `btf: no type named "absent"`},
		{"list_head", []btf.Kind{btf.KindTypedef, btf.KindVar},
			`btf: no TYPEDEF or VAR named "list_head", but STRUCT, FUNC`},
	} {
		_, err := module.TypeByName(test.name, test.kinds...)
		var missing *btf.NotFoundError
		if !errors.As(err, &missing) || missing.Name != test.name || err.Error() != test.want {
			t.Errorf("%v; want %s", err, test.want)
		}
	}
}

func checkKinds(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	for _, kinds := range [][]btf.Kind{nil, {btf.KindFunc}, {btf.KindStruct, btf.KindFwd},
		{btf.KindFloat}, {33}} {
		byName, byKind := make(map[string][]btf.TypeID), []btf.TypeID(nil)
		for id, ty := range module.All() {
			if len(kinds) > 0 && !slices.Contains(kinds, ty.Kind()) {
				continue
			}
			byKind = append(byKind, id)
			if name := ty.Name(); name != "" {
				byName[name] = append(byName[name], id)
			}
		}
		for name := range model(module) {
			if name == "" {
				continue
			}
			ids, err := module.AppendIDsByName([]btf.TypeID{7}, name, kinds...)
			wantIDs(t, name, ids, err, append([]btf.TypeID{7}, byName[name]...))
			var types []btf.TypeID
			for ty := range module.TypesByName(name, kinds...) {
				types = append(types, ty.ID())
			}
			wantIDs(t, "types named "+name, types, nil, byName[name])
		}
		var types []btf.TypeID
		for ty := range module.TypesByKind(kinds...) {
			types = append(types, ty.ID())
		}
		wantIDs(t, fmt.Sprint("types of ", kinds), types, nil, byKind)
	}
}

func checkAnonymous(t *testing.T, s setup) {
	spec := s.open(t, Names(s.ownOrder), nil)
	ids, err := spec.IDsByName("")
	wantIDs(t, "names", ids, err, []btf.TypeID{16, 20, 21, 22, 23})
	module := s.module(t, s.kernel(t))
	ids, err = module.IDsByName("")
	wantIDs(t, "module", ids, err, []btf.TypeID{15, 16, 20, 28, 55})
	for _, id := range ids {
		if ty := mustID(t, module, id); !ty.IsAnonymous() || !ty.Kind().HasName() || ty.Name() != "" {
			t.Errorf("%v is not anonymous", ty)
		}
	}
}

func checkNUL(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	for _, name := range []string{"\x00", "int\x00", "\x00int", "char\x00int", "int\x00unsigned int",
		"kfree_skb\x00", "kfree_skb\x00sk", "toy_device\x00queue", "\x00\x00"} {
		ids, err := module.IDsByName(name)
		wantIDs(t, fmt.Sprintf("%q", name), ids, err, nil)
		if ty, err := module.TypeByName(name); !errors.Is(err, btf.ErrNotFound) {
			t.Errorf("%q: %v, %v", name, ty, err)
		}
	}
}

func checkMiddle(t *testing.T, s setup) {
	spec := s.open(t, Names(s.ownOrder), nil)
	for name, want := range map[string][]btf.TypeID{
		"prefix_suffix": {12}, "suffix": {13, 15}, "x": {14}, "fix": nil, "_suffix": nil, "prefix": nil,
	} {
		ids, err := spec.IDsByName(name)
		wantIDs(t, name, ids, err, want)
	}
	// The tails of one string, on a split whose base has some of them, too.
	base := s.openIn(t, s.base, Overlap(300), nil)
	b := builder.New(builder.Options{Base: base, ByteOrder: s.ownOrder})
	_, end := base.IDs()
	b.Raw(builder.RawType{Kind: btf.KindTypedef, NameOffset: 301 - 7})
	b.Raw(builder.RawType{Kind: btf.KindTypedef, NameOffset: b.Intern("yxxxxxxx") + 1})
	split := s.open(t, must(b), base)
	for n, want := range map[int][]btf.TypeID{1: {1}, 7: {7, end, end + 1}, 299: {299}, 300: {300},
		301: nil} {
		ids, err := split.IDsByName(strings.Repeat("x", n))
		wantIDs(t, fmt.Sprint(n, " x"), ids, err, want)
	}
}

func checkBytes(t *testing.T, s setup) {
	spec := s.open(t, Names(s.ownOrder), nil)
	for id, name := range map[btf.TypeID]string{2: "\xff\xfe", 3: "h\xc3\xa9llo", 4: "h\xe9llo",
		5: "a b", 6: ".", 7: "\t\n", 8: "1", 10: "plai", 11: LongName} {
		ids, err := spec.IDsByName(name)
		wantIDs(t, abbreviate(name), ids, err, []btf.TypeID{id})
		ty := mustID(t, spec, id)
		if ty.Name() != name || string(ty.AppendName([]byte("<"))) != "<"+name || !ty.NameIs(name) {
			t.Errorf("%s: name %s", abbreviate(name), abbreviate(ty.Name()))
		}
		if ty.NameIs(name+"x") || ty.NameIs(head(name)) || ty.NameIs("") || ty.NameIs(name+"\x00") {
			t.Errorf("%s: NameIs takes other names", abbreviate(name))
		}
	}
	ids, err := spec.IDsByName(LongName[1:])
	wantIDs(t, "all but the first byte", ids, err, nil)
}

func checkNamelessKinds(t *testing.T, s setup) {
	spec := s.open(t, Names(s.ownOrder), nil)
	ids, err := spec.IDsByName("pointer")
	wantIDs(t, "pointer", ids, err, []btf.TypeID{18})
	ids, err = spec.IDsByName("plain")
	wantIDs(t, "plain", ids, err, []btf.TypeID{1, 19})
}

func checkDuplicates(t *testing.T, s setup) {
	const n = 5000
	spec := s.open(t, Duplicates(n), nil)
	want := make([]btf.TypeID, n)
	for i := range want {
		want[i] = btf.TypeID(2*i + 1)
	}
	ids, err := spec.IDsByName("same")
	wantIDs(t, "same", ids, err, want)
	for name, want := range map[string][]btf.TypeID{
		"same_not": {2*n + 1}, "sam": {2*n + 2}, "sa": nil} {
		ids, err := spec.IDsByName(name)
		wantIDs(t, name, ids, err, want)
	}
}

func checkSorted(t *testing.T, s setup) {
	// Around the sizes at which an index over sorted names may change shape.
	for _, n := range []int{1, 2, 15, 16, 17, 300, 3000} {
		spec := s.open(t, Sorted(n, s.ownOrder), nil)
		want := model(spec)
		if len(want) != n+1 {
			t.Fatalf("%d names of %d pairs", len(want), n)
		}
		names := slices.Sorted(maps.Keys(want))
		for i := 0; i < len(names); i += 1 + n/100 {
			name := names[i]
			ids, err := spec.IDsByName(name)
			wantIDs(t, fmt.Sprintf("%d pairs, %q", n, name), ids, err, want[name])
			for _, other := range []string{name + "\x01", name + "\xff", head(name), "", "\x01", "\xff"} {
				ids, err := spec.IDsByName(other)
				wantIDs(t, fmt.Sprintf("%d pairs, %q", n, other), ids, err, want[other])
			}
		}
	}
}

func checkSmall(t *testing.T, s setup) {
	for n := range 40 {
		b := builder.New(builder.Options{ByteOrder: s.ownOrder})
		for i := range n {
			b.Fwd(fmt.Sprint("name_", i), btf.KindStruct)
		}
		spec := s.open(t, must(b), nil)
		for i := range n + 60 {
			var want []btf.TypeID
			if i < n {
				want = []btf.TypeID{btf.TypeID(i + 1)}
			}
			ids, err := spec.IDsByName(fmt.Sprint("name_", i))
			wantIDs(t, fmt.Sprint(n, " names, name_", i), ids, err, want)
		}
	}
}

func checkManyNames(t *testing.T, s setup) {
	const n = 200_000
	b := builder.New(builder.Options{})
	for i := range n {
		b.Fwd("name_"+strconv.Itoa(i), btf.KindStruct)
	}
	spec := s.open(t, must(b), nil)
	// All of them, present and absent in turn, or as many as backends without an index can
	// do in a second.
	for i, end := 0, time.Now().Add(time.Second); i < 2*n && time.Now().Before(end); i++ {
		i := i/2 + i%2*n
		var want []btf.TypeID
		if i < n {
			want = []btf.TypeID{btf.TypeID(i + 1)}
		}
		name := "name_" + strconv.Itoa(i)
		ids, err := spec.IDsByName(name)
		wantIDs(t, name, ids, err, want)
	}
}

func checkHasName(t *testing.T, s setup) {
	spec := s.open(t, Kernel(s.ownOrder), nil)
	for _, ty := range spec.All() {
		named := !slices.Contains([]btf.Kind{btf.KindVoid, btf.KindPtr, btf.KindArray,
			btf.KindVolatile, btf.KindConst, btf.KindRestrict, btf.KindFuncProto}, ty.Kind())
		if ty.Kind().HasName() != named || !named && ty.Name() != "" {
			t.Errorf("%v: HasName %v", ty, ty.Kind().HasName())
		}
	}
}
