package suite

import (
	"slices"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// A Query is one question about a case; README.md says what each Ask means.
type Query struct {
	Ask  string `json:"ask"`
	ID   uint32 `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// most is how many types, names, members and enumerators a case asks about, of each.
const most = 16

// kindNames are the kinds of the UAPI header.
var kindNames = strings.Fields("UNKN INT PTR ARRAY STRUCT UNION ENUM FWD TYPEDEF VOLATILE CONST " +
	"RESTRICT FUNC FUNC_PROTO VAR DATASEC FLOAT DECL_TAG TYPE_TAG ENUM64")

// KindName returns the name of a kind in the UAPI header, and a number for what has none.
func KindName(kind uint8) string {
	if int(kind) < len(kindNames) {
		return kindNames[kind]
	}
	return strconv.Itoa(int(kind))
}

// An asker collects queries with the answers of the second decoder.
type asker struct {
	blob    *naive.Blob
	queries []Query
	answers []any
}

// Questions returns queries with their answers. Cases that need not be accepted have none.
func (c Case) Questions() (queries []Query, answers []any, err error) {
	queries, answers = []Query{}, []any{} // [] in JSON, not null
	if c.Verdict != Accept {
		return queries, answers, nil
	}
	blob, err := c.decode()
	if err != nil {
		return nil, nil, err
	}
	a := &asker{blob: blob}
	a.add(Query{Ask: "count"}, blob.End())
	for _, id := range spread(blob.End()) {
		if t, ok := blob.ByID(id); ok && !t.IsVoid() {
			a.askRecord(t)
		}
	}
	a.askNames()
	a.askElements()
	return a.queries, a.answers, nil
}

func (a *asker) add(q Query, answer any) {
	a.queries = append(a.queries, q)
	a.answers = append(a.answers, answer)
}

// spread returns ids from 1 below end, the first and the last among them.
func spread(end uint32) (ids []uint32) {
	n := min(end-1, most)
	for i := range n {
		id := uint32(1)
		if n > 1 {
			id += uint32(uint64(i) * uint64(end-2) / uint64(n-1))
		}
		ids = append(ids, id)
	}
	return ids
}

// askRecord asks what a record says outside of its elements.
func (a *asker) askRecord(t naive.Type) {
	f := t.Facts()
	if f.Opaque {
		return
	}
	a.add(Query{Ask: "kind", ID: t.ID}, kindNames[f.Kind])
	if isPlain(f.Name) {
		a.add(Query{Ask: "name", ID: t.ID}, f.Name)
	}
	if f.SizeOK {
		a.add(Query{Ask: "size", ID: t.ID}, f.Size)
	}
	if hasTarget(f) {
		a.add(Query{Ask: "target", ID: t.ID}, f.TargetID)
	}
}

// hasTarget tells kinds that refer to one type, and arrays.
func hasTarget(f naive.Facts) bool {
	switch kindNames[f.Kind] {
	case "PTR", "ARRAY", "TYPEDEF", "VOLATILE", "CONST", "RESTRICT", "FUNC", "VAR", "DECL_TAG",
		"TYPE_TAG":
		return true
	}
	return false
}

// isTag tells kinds whose name is the tag's value.
func isTag(kind uint8) bool {
	return kindNames[kind] == "DECL_TAG" || kindNames[kind] == "TYPE_TAG"
}

// isPlain tells names that mean the same bytes in any reading of JSON, and are not long.
func isPlain(name string) bool {
	return len(name) < 200 && !strings.ContainsFunc(name, func(r rune) bool {
		return r < ' ' || r > '~'
	})
}

// askNames asks for all types of a name; tags have values, and no names.
func (a *asker) askNames() {
	byName := map[string][]uint32{}
	var names []string
	for _, s := range a.blob.Chain() {
		for _, t := range s.Types {
			f := t.Facts()
			if !f.HasName || f.Name == "" || f.Opaque || isTag(f.Kind) || !isPlain(f.Name) {
				continue
			}
			if byName[f.Name] == nil {
				names = append(names, f.Name)
			}
			byName[f.Name] = append(byName[f.Name], t.ID)
		}
	}
	for _, i := range spread(uint32(len(names)) + 1) {
		if ids := byName[names[i-1]]; len(ids) <= 64 {
			a.add(Query{Ask: "ids", Name: names[i-1]}, ids)
		}
	}
	a.add(Query{Ask: "ids", Name: "no type has this name"}, []uint32{})
}

// askElements asks for members and enumerators by name, where the name is the only one.
func (a *asker) askElements() {
	members, values := 0, 0
	for _, t := range a.blob.Types {
		f := t.Facts()
		kind := kindNames[min(int(f.Kind), len(kindNames)-1)]
		elems := t.Elems()
		for i, e := range elems {
			if e.Name == "" || !isPlain(e.Name) || i >= 4 && i < len(elems)-1 || !only(elems, e.Name) {
				continue
			}
			q := Query{ID: t.ID, Name: e.Name}
			switch {
			case strings.HasPrefix(kind, "ENUM") && values < most:
				values++
				q.Ask = "value"
				a.add(q, decimal(e))
			case (kind == "STRUCT" || kind == "UNION") && members < most && (f.Flag || !e.BitsOK):
				members++
				q.Ask = "offset"
				a.add(q, e.Offset)
				q.Ask = "bits"
				a.add(q, e.Width)
			}
		}
	}
}

// only reports whether one element has the name, among few enough to look at.
func only(elems []naive.Elem, name string) bool {
	if len(elems) > 1000 {
		return false
	}
	first := slices.IndexFunc(elems, func(e naive.Elem) bool { return e.Name == name })
	return !slices.ContainsFunc(elems[first+1:], func(e naive.Elem) bool { return e.Name == name })
}

// decimal writes a value out, since many readers of JSON keep 53 bits.
func decimal(e naive.Elem) string {
	if e.Signed {
		return strconv.FormatInt(int64(e.Value), 10)
	}
	return strconv.FormatUint(e.Value, 10)
}
