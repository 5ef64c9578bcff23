package row

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"
)

// names are rows as results had them before there was this package.
var names = map[string]Row{
	"Open":                        {Op: Open},
	"OpenCold":                    {Op: OpenCold},
	"OpenFirstName":               {Op: OpenFirstName},
	"SplitOpen":                   {Op: SplitOpen},
	"TypeByID":                    {Op: TypeByID},
	"TypeByID/goroutines=4":       {Op: TypeByID, Goroutines: 4},
	"NameByID":                    {Op: NameByID},
	"IDsByName/hit":               {Op: IDsByName, Names: Hit},
	"IDsByName/miss":              {Op: IDsByName, Names: Miss},
	"IDsByName/hit/goroutines=16": {Op: IDsByName, Names: Hit, Goroutines: 16},
	"TypesByName/hit":             {Op: TypesByName, Names: Hit},
	"IDsByRegex/pattern=^tcp_":    {Op: IDsByRegex, Pattern: "^tcp_"},
	"TypesByRegex/pattern=a=b-2":  {Op: TypesByRegex, Pattern: "a=b-2"},
	"Iterate":                     {Op: Iterate},
	"StructWalk":                  {Op: StructWalk},
	"NameOfType":                  {Op: NameOfType},
	"MemberByPath":                {Op: MemberByPath},
	"FuncsByParam":                {Op: FuncsByParam},
	"CollectionDropReasons":       {Op: CollectionDropReasons},
	"Memory/stage=open":           {Op: Memory, Stage: AfterOpen},
	"Memory/stage=queries":        {Op: Memory, Stage: AfterQueries},

	"CollectionOpen/workers=2":            {Op: CollectionOpen, Workers: 2},
	"CollectionOpenFirstName":             {Op: CollectionOpenFirstName},
	"CollectionTypesByName/hit":           {Op: CollectionTypesByName, Names: Hit},
	"CollectionTypesByName/miss":          {Op: CollectionTypesByName, Names: Miss},
	"CollectionTypesByRegex/pattern=.*,+": {Op: CollectionTypesByRegex, Pattern: ".*,+"},
}

func TestRowNames(t *testing.T) {
	seen := make(map[Op]bool)
	for text, r := range names {
		if got := r.String(); got != text {
			t.Errorf("%+v is named %s, want %s", r, got, text)
		}
		if got, err := Parse(text); err != nil || got != r {
			t.Errorf("%s: parsed %+v, %v, want %+v", text, got, err, r)
		}
		if r.OfCollection() != strings.HasPrefix(text, "Collection") {
			t.Errorf("%s: of a collection: %v", text, r.OfCollection())
		}
		seen[r.Op] = true
	}
	for op := range operations {
		if !seen[op] {
			t.Errorf("%s has no name in this test", op)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "unknown row",
		"Bogus":                        "Bogus: unknown row",
		"Bogus/pattern=^tcp_":          "unknown row",
		"Open/":                        "unknown row",
		"Open/hit":                     "unknown row",
		"Open/goroutines=2":            "unknown row",
		"IDsByName":                    "unknown row",
		"IDsByName/maybe":              "unknown row",
		"IDsByName/hit/miss":           "unknown row",
		"IDsByRegex":                   "unknown row",
		"IDsByRegex/pattern=":          "unknown row",
		"IDsByRegex/pattern=a/b":       "unknown row",
		"IDsByRegex/pattern=a b":       "unknown row",
		"Memory":                       "unknown row",
		"Memory/stage=bogus":           "unknown row",
		"TypeByID/size=1":              "unknown row",
		"TypeByID/goroutines=02":       "unknown row",
		"IDsByName/goroutines=2/hit":   "unknown row",
		"TypeByID/goroutines=x":        `count of goroutines "x"`,
		"TypeByID/goroutines=0":        `count of goroutines "0"`,
		"CollectionOpen":               "unknown row",
		"CollectionOpen/workers=-1":    `count of workers "-1"`,
		"CollectionOpen/workers=99e99": `count of workers "99e99"`,
	} {
		if r, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: parsed %+v, error %v, want %q in it", text, r, err, want)
		}
	}
}

// randomRow returns a valid row.
func randomRow(rng *rand.Rand) Row {
	var ops []Op
	for op := range operations {
		ops = append(ops, op)
	}
	slices.Sort(ops)
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	r := Row{Op: ops[rng.IntN(len(ops))]}
	needs := operations[r.Op]
	if needs.names {
		r.Names = pick(Hit, Miss)
	}
	if needs.stage {
		r.Stage = pick(AfterOpen, AfterQueries)
	}
	if needs.pattern {
		r.Pattern = randomText(rng)
	}
	if needs.workers {
		r.Workers = 1 + rng.IntN(64)
	}
	if needs.parallel {
		r.Goroutines = rng.IntN(64)
	}
	return r
}

// randomText returns what can be a part of a name.
func randomText(rng *rand.Rand) string {
	letters := []rune(`ab=-_.*+?()[]{}^$|\,12ü漢`)
	text := make([]rune, 1+rng.IntN(8))
	for i := range text {
		text[i] = letters[rng.IntN(len(letters))]
	}
	return string(text)
}

// Every row, and every name in a file of the benchmark format, is read back as it was written.
func TestNamesComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		r := randomRow(rng)
		if got, err := Parse(r.String()); err != nil || got != r {
			t.Fatalf("%s: parsed %+v, %v, want %+v", r, got, err, r)
		}
		n := Name{r, randomText(rng), randomText(rng)}
		if rng.IntN(4) == 0 {
			n.Row = Row{Op: Op("Foreign" + randomText(rng) + "/" + randomText(rng))}
		}
		if got := ParseName(n.Result(1 + rng.IntN(64))); got != n {
			t.Fatalf("%s: parsed %+v, want %+v", n, got, n)
		}
		var file bytes.Buffer
		result := &benchfmt.Result{
			Name: n.Result(2), Iters: 1, Values: []benchfmt.Value{{Value: 1, Unit: "sec/op"}},
		}
		if err := benchfmt.NewWriter(&file).Write(result); err != nil {
			t.Fatal(err)
		}
		reader := benchfmt.NewReader(&file, "file")
		if !reader.Scan() {
			t.Fatalf("%s: not read: %v", n, reader.Err())
		}
		read, ok := reader.Result().(*benchfmt.Result)
		if !ok || ParseName(read.Name) != n {
			t.Fatalf("%s: read %v", n, reader.Result())
		}
	}
}

// Results of other programs keep their names.
func TestParseNameOfOthers(t *testing.T) {
	for text, want := range map[string]Name{
		"X-2":                      {Row: Row{Op: "X"}},
		"X":                        {Row: Row{Op: "X"}},
		"X/size=3/sorted-8":        {Row: Row{Op: "X/size=3/sorted"}},
		"X/backend=a/n=1/source=s": {Row{Op: "X/n=1"}, "a", "s"},
		"IDsByName/maybe-2":        {Row: Row{Op: "IDsByName/maybe"}},
	} {
		if got := ParseName(benchfmt.Name(text)); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzRow(f *testing.F) {
	for text := range names {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := Parse(text); err == nil {
			if r.String() != text || !r.Valid() {
				t.Errorf("%q: parsed %+v, named %s", text, r, r)
			}
		}
		n := ParseName(benchfmt.Name(text))
		if again := ParseName(n.Result(2)); again != n {
			t.Errorf("%q: %+v, read again %+v", text, n, again)
		}
	})
}
