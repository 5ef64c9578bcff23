package path

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/btfkit/btfkit/btf"
)

// A Resolver resolves paths as Resolve does, and keeps a hash table of the members of each type
// that it passed: some 100 bytes a member. It is for programs that resolve many paths, or the same
// ones over and over. The zero Resolver is ready to use, for types of any number of Specs; it is
// safe for concurrent use, and must not be copied. It refers to the types of these Specs, so drop
// it when you close them.
type Resolver struct {
	mu     sync.RWMutex
	tables map[btf.Type]*table
}

// Resolve follows a path from root, as the function Resolve does. Once the types on the way are
// known, it takes some 30 ns a step, however many members they have, and does not allocate.
func (r *Resolver) Resolve(root btf.Type, expr string) (Field, error) {
	w := walker{resolver: r, steps: scanner{expr: expr}}
	if err := w.walk(root); err != nil {
		return Field{}, err
	}
	return w.field, nil
}

// A table is a hash table of the named members of a struct or union, as members ranges over
// them.
type table struct {
	slots   []uint32 // 1 + the index of the first entry there; a power of two of them
	entries []entry
}

// An entry is what is known of a member.
type entry struct {
	hash  uint64 // of the beginning of the name
	after uint32 // 1 + the index of the next entry of the same slot
	hit
	target btf.Type // of the member
	// next is the table of target, set when it is first needed.
	next atomic.Pointer[table]
}

var (
	seed  = maphash.MakeSeed()
	empty = table{slots: make([]uint32, 1)}
)

// table returns the table of a type, which it makes at the first call.
func (r *Resolver) table(t btf.Type) *table {
	if k := t.Kind(); k != btf.KindStruct && k != btf.KindUnion {
		return &empty
	}
	r.mu.RLock()
	tab := r.tables[t]
	r.mu.RUnlock()
	if tab != nil {
		return tab
	}
	tab = newTable(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.tables[t]; other != nil {
		return other
	}
	if r.tables == nil {
		r.tables = map[btf.Type]*table{}
	}
	r.tables[t] = tab
	return tab
}

func newTable(t btf.Type) *table {
	n := 0
	for range members(t) {
		n++
	}
	tab := &table{entries: make([]entry, n)}
	size := 1
	for size < 2*n {
		size *= 2
	}
	tab.slots = make([]uint32, size)
	n = 0
	for h := range members(t) {
		e := &tab.entries[n]
		e.hit, e.target = h, h.member.Target()
		sec, off := btf.Internal.MemberName(h.member)
		e.hash = maphash.String(seed, sec.NamePrefix(off, hashed))
		n++
	}
	for i := n - 1; i >= 0; i-- { // so that the first one of a name is found
		e := &tab.entries[i]
		slot := &tab.slots[e.hash&uint64(size-1)]
		e.after, *slot = *slot, uint32(i)+1
	}
	return tab
}

// hashed is how many bytes of a name are hashed: enough to tell those of kernels apart. Thousands
// of members may share one name that is as long as the input.
const hashed = 64

// find returns the first member with the name, nil if there is none.
func (t *table) find(name string) *entry {
	hash := maphash.String(seed, name[:min(len(name), hashed)])
	for i := t.slots[hash&uint64(len(t.slots)-1)]; i != 0; {
		e := &t.entries[i-1]
		if e.hash == hash && e.member.NameIs(name) {
			return e
		}
		i = e.after
	}
	return nil
}

// table returns the table of the member's type.
func (e *entry) table(r *Resolver) *table {
	if next := e.next.Load(); next != nil {
		return next
	}
	next := r.table(e.target.Underlying())
	e.next.Store(next)
	return next
}
