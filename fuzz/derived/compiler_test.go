package derived

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/path"
)

// TestPathsCompiled has bpftool write the kernel's types as C and a compiler say what offsetof and
// sizeof are of every member, bitfields apart, for which C has no words; Find must say the same.
func TestPathsCompiled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles kernels' types")
	}
	bpftool := require.Tool(t, "bpftool", "apt-get install bpftool")
	gcc := require.Tool(t, "gcc", "apt-get install gcc")
	total, kernels := 0, kernels
	if !require.Asked("gcc") {
		kernels = kernels[:1]
	}
	for _, name := range kernels {
		b := open(t, name)
		if b.spec.ByteOrder() != binary.LittleEndian {
			continue // for bitfields beside a member, the layout is that of the byte order
		}
		fields := cFields(b)
		got := compile(t, bpftool, gcc, b, fields)
		for i, f := range fields {
			found, err := path.Find(b.spec, f.path)
			if err != nil {
				t.Fatalf("%s: %v", f.path, err)
			}
			offset, size := got[2*i], got[2*i+1]
			if found.BitOffset != 8*offset || found.BitSize != 8*size {
				t.Fatalf("%s %s: bit %d, %d bits; the compiler says byte %d, %d bytes", name, f.path,
					found.BitOffset, found.BitSize, offset, size)
			}
		}
		t.Logf("%s: %d members", name, len(fields))
		total += len(fields)
	}
	if total < 25_000*len(kernels) {
		t.Errorf("%d members", total)
	}
}

// A cField is a member, and whether it has no size, as a flexible array, of which C takes none.
type cField struct {
	path     string
	flexible bool
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// cFields returns the paths of all members of b that C can name: those of structs and unions whose
// names have one definition.
func cFields(b *blob) (fields []cField) {
	for t := range b.spec.TypesByKind(btf.KindStruct, btf.KindUnion) {
		name := t.Name()
		ids, _ := b.spec.IDsByName(name, btf.KindStruct, btf.KindUnion, btf.KindFwd, btf.KindEnum,
			btf.KindEnum64)
		if len(ids) != 1 || !identifier.MatchString(name) {
			continue
		}
		s, _ := b.oracle.ByID(uint32(t.ID()))
		for _, f := range s.Fields() {
			if !f.Bitfield && identifier.MatchString(f.Name) {
				typ := strings.ToLower(t.Kind().String()) + " " + name
				fields = append(fields, cField{typ + "." + f.Name, f.Size == 0})
			}
		}
	}
	return fields
}

// compile returns the offset and the size of each field, in bytes.
func compile(t *testing.T, bpftool, gcc string, b *blob, fields []cField) []uint64 {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("btf"), b.data, 0o600); err != nil {
		t.Fatal(err)
	}
	header, err := exec.Command(bpftool, "btf", "dump", "file", file("btf"), "format", "c").Output()
	if err != nil {
		t.Fatalf("bpftool: %v", err)
	}
	source := bytes.NewBuffer(withModes(b.spec, header))
	fmt.Fprint(source, "\nconst unsigned long answers[] __attribute__((section(\".answers\"))) = {\n")
	for _, f := range fields {
		typ, member, _ := strings.Cut(f.path, ".")
		size := "0"
		if !f.flexible {
			size = fmt.Sprintf("sizeof(((%s *)0)->%s)", typ, member)
		}
		fmt.Fprintf(source, "__builtin_offsetof(%s, %s), %s,\n", typ, member, size)
	}
	fmt.Fprint(source, "};\n")
	if err := os.WriteFile(file("a.c"), source.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	// Kernels from 7.0 have members without a name whose structs have one.
	cmd := exec.Command(gcc, "-c", "-w", "-fms-extensions", "-o", file("a.o"), file("a.c"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%.1000s", err, out)
	}
	object, err := elf.Open(file("a.o"))
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	section, err := object.Section(".answers").Data()
	if err != nil {
		t.Fatal(err)
	}
	answers := make([]uint64, len(section)/8)
	for i := range answers {
		answers[i] = binary.LittleEndian.Uint64(section[8*i:])
	}
	return answers
}

// withModes writes the sizes of small enums behind them, which bpftool did not do before libbpf
// 1.2.
func withModes(spec *btf.Spec, header []byte) []byte {
	for t := range spec.TypesByKind(btf.KindEnum) {
		size, _ := t.Size()
		mode := map[uint32]string{1: "byte", 2: "HI"}[size]
		if mode == "" {
			continue
		}
		before, after, ok := bytes.Cut(header, []byte("\nenum "+t.Name()+" {"))
		body, rest, end := bytes.Cut(after, []byte("\n};"))
		if !ok || !end || bytes.Contains(body, []byte("}")) {
			continue
		}
		header = fmt.Appendf(nil, "%s\nenum %s {%s\n} __attribute__((mode(%s)));%s", before, t.Name(),
			body, mode, rest)
	}
	return header
}
