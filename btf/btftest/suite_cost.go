package btftest

import (
	"strings"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/btf"
)

var costRules = []rule{
	{name: "allocations", rule: "Lookups that append, lookups that find their type, and accessors " +
		"allocate nothing, except for Name on mapped bytes.",
		check: checkAllocations, split: true},
	{name: "concurrency", rule: "A Spec is safe for concurrent use from the first query on.",
		check: checkConcurrency, split: true},
	{name: "overlapping names", rule: "Names that overlap, and are together quadratic in the input, " +
		"cost no more than others.",
		check: checkOverlap, once: true},
	{name: "deep chain", rule: "A chain of a million types is followed and verified without a " +
		"stack.",
		check: checkDeepChain, once: true},
	{name: "many duplicates", rule: "A million types of one name are no worse than others.",
		check: checkManyDuplicates, once: true},
}

func checkAllocations(t *testing.T, s setup) {
	if raceEnabled {
		t.Skip("the race detector allocates: run without -race")
	}
	module := s.module(t, s.kernel(t))
	free := func(what string, f func()) {
		t.Helper()
		f() // what is made at the first query is not counted
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	checkLookupAllocations(free, module)
	checkViewAllocations(t, free, module)

	dst, m := make([]btf.TypeID, 0, 100), btf.MustMatcher("_skb$")
	match := func() { dst, _ = module.AppendIDsByMatch(dst[:0], m) }
	match()
	if n := testing.AllocsPerRun(100, match); n > 0 {
		t.Errorf("AppendIDsByMatch: %v allocations", n)
	}

	skb, want := mustName(t, module, "sk_buff", btf.KindStruct), 0.0
	if module.Base().Info().Mapped {
		want = 1
	}
	length := 0
	if n := testing.AllocsPerRun(100, func() { length += len(skb.Name()) }); n != want {
		t.Errorf("Name: %v allocations, want %v", n, want)
	}
}

func checkLookupAllocations(free func(string, func()), module *btf.Spec) {
	dst, sum := make([]btf.TypeID, 0, 100), 0
	free("TypeByID", func() { module.TypeByID(30); module.TypeByID(60); module.TypeByID(0) })
	free("AppendIDsByName, hit", func() { dst, _ = module.AppendIDsByName(dst[:0], "kfree_skb") })
	free("AppendIDsByName, miss", func() { dst, _ = module.AppendIDsByName(dst[:0], "kfree_skc") })
	free("AppendIDsByName, anonymous", func() { dst, _ = module.AppendIDsByName(dst[:0], "") })
	free("TypeByName", func() { module.TypeByName("toy_device", btf.KindStruct) })
	free("TypesByName", func() {
		for ty := range module.TypesByName("kfree_skb") {
			sum += int(ty.ID())
		}
	})
	free("TypesByKind", func() {
		for ty := range module.TypesByKind(btf.KindStruct, btf.KindFunc) {
			sum += int(ty.ID())
		}
	})
	free("All", func() {
		for id, ty := range module.All() {
			sum += int(id) + int(ty.Kind())
		}
	})
}

func checkViewAllocations(t *testing.T, free func(string, func()), module *btf.Spec) {
	tcp := mustName(t, module, "tcp_sendmsg", btf.KindFunc)
	skb := mustName(t, module, "sk_buff", btf.KindStruct)
	reason := mustName(t, module, "skb_drop_reason", btf.KindEnum)
	data := mustName(t, module, ".data..percpu", btf.KindDatasec)
	name, sum := make([]byte, 0, 100), 0
	free("members", func() {
		for i, m := range skb.Members() {
			name = m.AppendName(name[:0])
			_, size, _ := m.Bits()
			sum += i + int(m.BitOffset()) + int(size)
		}
	})
	free("enumerators", func() {
		for i, e := range reason.Enumerators() {
			name = e.AppendName(name[:0])
			sum += i + int(e.Int64())
		}
	})
	free("parameters", func() {
		for i, p := range tcp.Params() {
			ty := p.Target()
			name = p.AppendName(name[:0])
			sum += i + int(ty.Kind())
		}
	})
	free("variables", func() {
		for i, v := range data.VarSecinfos() {
			sum += i + int(v.Size())
		}
	})
	free("targets", func() {
		for ty := range tcp.Targets() {
			sum += int(ty.Kind())
		}
	})
	free("names", func() {
		name = skb.AppendName(name[:0])
		if skb.NameIs("sk_buff") {
			sum++
		}
	})
}

func checkConcurrency(t *testing.T, s setup) {
	plainKernel, err := btf.Parse(Kernel(s.baseOrder), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := btf.Parse(Module(plainKernel, s.ownOrder), plainKernel)
	if err != nil {
		t.Fatal(err)
	}
	want := model(plain)
	matches, err := plain.IDsByMatch(btf.MustMatcher("s"))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // fresh each time: it is the first queries that build things
		kernel := s.kernel(t)
		module := s.module(t, kernel)
		m := btf.MustMatcher("s")
		var wait sync.WaitGroup
		start := make(chan struct{})
		for i := range 8 {
			wait.Go(func() {
				<-start
				if i%2 == 0 {
					got, err := module.IDsByMatch(m)
					wantIDs(t, "matches", got, err, matches)
				}
				for name := range want {
					got, err := module.IDsByName(name)
					wantIDs(t, name, got, err, want[name])
				}
				if n := module.PointerSize(); n != 8 {
					t.Errorf("pointer size %d", n)
				}
				if i%2 == 1 {
					got, err := module.IDsByMatch(m)
					wantIDs(t, "matches", got, err, matches)
				}
				module.Info()
			})
		}
		close(start)
		wait.Wait()
	}
}

// large returns n, or less for short tests and the race detector, which slows everything down.
func large(n int) int {
	if raceEnabled || testing.Short() {
		return n / 20
	}
	return n
}

func checkOverlap(t *testing.T, s setup) {
	// 26 MB whose names are together 2 TB: reading them takes minutes at any speed.
	n := large(2_000_000)
	data := Overlap(n)
	within(t, "overlapping names", func() {
		spec, err := s.own.Parse(data, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer spec.Close()
		for _, length := range []int{1, 5, 1000, n} {
			ids, err := spec.IDsByName(strings.Repeat("x", length))
			wantIDs(t, "a tail", ids, err, []btf.TypeID{btf.TypeID(length)})
		}
		for _, name := range []string{"y", "xxxy", "yxxx", strings.Repeat("x", n+1)} {
			ids, err := spec.IDsByName(name)
			wantIDs(t, "no tail", ids, err, nil)
		}
		ids, err := spec.IDsByMatch(btf.MustMatcher("^xxx$"))
		wantIDs(t, "^xxx$", ids, err, []btf.TypeID{3})
		ids, err = spec.IDsByMatch(btf.MustMatcher("y"))
		wantIDs(t, "y", ids, err, nil)
	})
}

func checkDeepChain(t *testing.T, s setup) {
	n := large(1_000_000)
	data := Chain(n)
	within(t, "deep chain", func() {
		spec, err := s.own.Parse(data, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer spec.Close()
		first, _ := spec.TypeByID(1)
		steps, last := 0, btf.Type{}
		for ty := range first.Targets() {
			steps, last = steps+1, ty
		}
		if steps != n || !last.NameIs("end") {
			t.Errorf("%d steps to %v", steps, last)
		}
		wantErr(t, "Verify", spec.Verify(), nil)
	})
}

func checkManyDuplicates(t *testing.T, s setup) {
	n := large(1_000_000)
	data := Duplicates(n)
	within(t, "many duplicates", func() {
		spec, err := s.own.Parse(data, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer spec.Close()
		for range 6 { // what a backend builds later, too
			ids, err := spec.IDsByName("same")
			if err != nil || len(ids) != n || ids[0] != 1 || ids[n-1] != btf.TypeID(2*n-1) {
				t.Errorf("%d ids, %v", len(ids), err)
			}
		}
	})
}
