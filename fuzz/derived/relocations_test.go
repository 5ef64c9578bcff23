package derived

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/objects"
	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
)

var update = flag.Bool("update", false, "write libbpf's answers, where its driver is built")

// littleKernels are those that objects of this byte order can run on.
func littleKernels() (names []string) {
	for _, name := range kernels {
		if !strings.Contains(name, "s390x") {
			names = append(names, name)
		}
	}
	return names
}

// TestRelocations answers the relocations of real objects on four kernels, as libbpf 1.7 does. Its
// answers are those of testdata, which TestRelocationsLibbpf asks for again.
func TestRelocations(t *testing.T) {
	t.Parallel()
	const golden = "testdata/libbpf-tools-0.26.0.txt"
	var all strings.Builder
	n, missing := 0, 0
	for _, name := range littleKernels() {
		kernel := open(t, name)
		for _, o := range readObjects(t) {
			lines, poisoned := answers(t, o, kernel.spec)
			if *update {
				lines = askLibbpf(t, o, kernel)
			}
			n, missing = n+len(lines), missing+poisoned
			fmt.Fprintf(&all, "%s %s: %s\n", name, o.Name, strings.Join(lines, ", "))
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	wants := strings.SplitAfter(string(want), "\n")
	for i, line := range strings.SplitAfter(all.String(), "\n") {
		if i >= len(wants) || line != wants[i] {
			t.Fatalf("line %d: %.300s\nwant %.300s", i, line, wants[min(i, len(wants)-1)])
		}
	}
	t.Logf("%d relocations, %d of them without an answer", n, missing)
	if n < 2000 || missing == 0 {
		t.Errorf("%d relocations, %d missing", n, missing)
	}
}

// askLibbpf returns libbpf's answers.
func askLibbpf(t *testing.T, o objects.Object, kernel *blob) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, data := range [][]byte{o.BTF, o.Ext, kernel.data} {
		paths = append(paths, filepath.Join(dir, fmt.Sprint(i)))
		if err := os.WriteFile(paths[i], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(require.Tool(t, "./libbpf/bin/relocate",
		"fuzz/derived/libbpf/build.sh; apt-get install gcc libelf-dev zlib1g-dev"), paths...).Output()
	if err != nil {
		t.Fatalf("%s on %s: %v", o.Name, kernel.name, err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

// TestRelocationsLibbpf puts relocations of every kind, about types of objects and of another
// kernel, to libbpf and to package core.
func TestRelocationsLibbpf(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	compare := func(o objects.Object, kernel *blob) {
		got, _ := answers(t, o, kernel.spec)
		want := askLibbpf(t, o, kernel)
		if len(got) != len(want) {
			t.Fatalf("%s: %d answers, want %d", o.Name, len(got), len(want))
		}
		for i, relo := range relocations(t, o) {
			if got[i] != want[i] {
				t.Fatalf("%s on %s: %v: %s, want %s", o.Name, kernel.name, relo, got[i], want[i])
			}
			_, value, _ := strings.Cut(got[i], " ")
			if _, err := strconv.Atoi(value); err == nil {
				value = "value"
			}
			counts[fmt.Sprint(relo.Kind, " ", value)]++
		}
	}
	all, some := readObjects(t), 4
	if require.Asked("relocate") {
		some = 10
		for _, o := range all {
			for _, name := range littleKernels() {
				compare(o, open(t, name))
			}
		}
	}
	old := open(t, kernels[0])
	for _, o := range all[:some] {
		o = everyRelocation(t, o.Name, o.BTF, 1, 2000)
		compare(o, open(t, kernels[1]))
	}
	o := everyRelocation(t, old.name, old.data, 97, 4000)
	compare(o, open(t, kernels[1]))
	compare(o, open(t, newest))
	t.Log(counts)
	for k := core.FieldByteOffset; k <= core.TypeMatches; k++ {
		if n := counts[fmt.Sprint(k, " value")]; n < 20 && k != core.TypeIDLocal {
			t.Errorf("%d relocations of kind %v", n, k)
		}
	}
}

// relocations returns the relocations of an object.
func relocations(t *testing.T, o objects.Object) []core.Relocation {
	t.Helper()
	return slices.Collect(parseObject(t, o).Relocations())
}

// everyRelocation makes an object of BTF, with relocations about every nth named type, up to max of
// them: about the type, its members and theirs, and its enumerators.
func everyRelocation(t *testing.T, name string, data []byte, nth btf.TypeID, max int,
) objects.Object {
	t.Helper()
	o := objects.Object{Name: name}
	var strs map[string]uint32
	o.BTF, strs = withAccessStrings(data)
	spec, err := btf.Parse(o.BTF, nil)
	if err != nil {
		t.Fatal(err)
	}
	var records []uint32
	add := func(id btf.TypeID, access string, kinds ...core.Kind) {
		for _, kind := range kinds {
			if off, ok := strs[access]; ok && len(records) < 4*max {
				records = append(records, uint32(2*len(records)), uint32(id), off, uint32(kind))
			}
		}
	}
	for id, typ := range spec.All() {
		if id%nth != 0 || typ.Name() == "" {
			continue
		}
		add(id, "0", core.TypeIDTarget, core.TypeExists, core.TypeSize, core.TypeMatches)
		for i := range typ.Underlying().Vlen() {
			access := fmt.Sprint("0:", i)
			switch typ.Underlying().Kind() {
			case btf.KindEnum, btf.KindEnum64:
				add(id, access[2:], core.EnumvalExists, core.EnumvalValue)
			case btf.KindStruct, btf.KindUnion:
				for k := core.FieldByteOffset; k <= core.FieldRShiftU64; k++ {
					add(id, access, k)
				}
				add(id, access+":0", core.FieldByteOffset)
				add(id, access+":1", core.FieldExists)
			}
		}
	}
	head := []uint32{0x0001eb9f, 32, 0, 0, 0, 0, 0, uint32(12 + 4*len(records)), 16, 1,
		uint32(len(records) / 4)}
	for _, w := range append(head, records...) {
		o.Ext = binary.LittleEndian.AppendUint32(o.Ext, w)
	}
	return o
}

// withAccessStrings appends access strings to the strings of little-endian BTF, which end it, and
// says where they are.
func withAccessStrings(data []byte) ([]byte, map[string]uint32) {
	data = bytes.Clone(data)
	size := binary.LittleEndian.Uint32(data[20:])
	strs := map[string]uint32{}
	add := func(s string) {
		strs[s] = size
		data, size = append(append(data, s...), 0), size+uint32(len(s))+1
	}
	add("0")
	for i := range 100 {
		if i > 0 {
			add(fmt.Sprint(i))
		}
		for _, behind := range []string{"", ":0", ":1"} {
			add(fmt.Sprint("0:", i, behind))
		}
	}
	binary.LittleEndian.PutUint32(data[20:], size)
	return data, strs
}
