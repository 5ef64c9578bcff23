// Command seeds writes the seed inputs of the fuzz targets to testdata/fuzz in the module's
// folder, one file each, in the format of the go command. It takes them from the corpus and
// from the images of package elfx, so that every target starts from real input. What it
// writes depends on these alone; files of other names, such as crashers, are left as they are.
//
// Run it in the folder of this module:
//
//	go run ./cmd/seeds
//	go run ./cmd/seeds -target FuzzParse -zip FuzzParse_seed_corpus.zip
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/corpus/kernel"
	"github.com/btfkit/btfkit/corpus/malformed"
	"github.com/btfkit/btfkit/corpus/mutate"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/internal/objects"
)

// A target is a fuzz function with what makes its seeds.
type target struct {
	name  string
	seeds func(add func(name string, args ...any)) error
}

// targets lists the targets of package fuzz.
var targets = []target{
	{"FuzzParse", parseSeeds},
	{"FuzzSplit", splitSeeds},
	{"FuzzEdits", editSeeds},
	{"FuzzQueries", querySeeds},
	{"FuzzBuilder", builderSeeds},
	{"FuzzMetamorphic", metamorphicSeeds},
	{"FuzzELF", elfSeeds},
	{"FuzzDecompress", decompressSeeds},
	{"FuzzRelocate", relocateSeeds},
	{"FuzzCollection", collectionSeeds},
	{"FuzzStateful", statefulSeeds},
}

// coded lists the targets of package derived, which add their seeds in code. libFuzzer does not run
// that, and gets them from here.
var coded = []target{
	{"FuzzDiff", codedSeeds([]byte(nil))},
	{"FuzzElements", codedSeeds([]byte(nil), "next", "^SKB")},
	{"FuzzFuncs", codedSeeds([]byte(nil), "sk_buff")},
	{"FuzzLayout", codedSeeds()},
	{"FuzzPath", codedSeeds(uint32(9), "sk->sk_list.next")},
	{"FuzzMinimize", relocationSeeds},
	{"FuzzRelocations", relocationSeeds},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("seeds: ")
	archive := flag.String("zip", "", "write the seeds of one target to this `file` instead, "+
		"as libFuzzer takes them")
	name := flag.String("target", "", "the `target` of -zip")
	flag.Parse()
	if flag.NArg() > 0 || (*archive == "") != (*name == "") {
		flag.Usage()
		os.Exit(2)
	}
	if err := writeAll(*archive, *name); err != nil {
		log.Fatal(err)
	}
}

// writeAll writes the seeds of package fuzz's targets, or an archive with those of any one.
func writeAll(archive, name string) error {
	if archive != "" {
		all := slices.Concat(targets, coded)
		i := slices.IndexFunc(all, func(t target) bool { return t.name == name })
		if i < 0 {
			return fmt.Errorf("no target %s", name)
		}
		return writeZip(archive, all[i].seeds)
	}
	for _, t := range targets {
		if err := write(filepath.Join("testdata", "fuzz", t.name), t.seeds); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

// write replaces the seeds of one target.
func write(dir string, seeds func(func(string, ...any)) error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "seed-*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	var failed error
	err = seeds(func(name string, args ...any) {
		if err := os.WriteFile(filepath.Join(dir, seedName(name)), encode(args), 0o644); err != nil {
			failed = err
		}
	})
	if err == nil {
		err = failed
	}
	return err
}

func seedName(name string) string {
	return "seed-" + strings.NewReplacer("/", "-", " ", "-").Replace(name)
}

// encode writes arguments as the go command does.
func encode(args []any) []byte {
	var b bytes.Buffer
	b.WriteString("go test fuzz v1\n")
	for _, arg := range args {
		switch v := arg.(type) {
		case []byte:
			fmt.Fprintf(&b, "[]byte(%s)\n", strconv.Quote(string(v)))
		case byte:
			fmt.Fprintf(&b, "byte(%s)\n", strconv.QuoteRune(rune(v)))
		default:
			fmt.Fprintf(&b, "%T(%#v)\n", v, v)
		}
	}
	return b.Bytes()
}

// codedSeeds returns what adds the blobs that stand alone, each followed by the same arguments.
func codedSeeds(args ...any) func(func(string, ...any)) error {
	return func(add func(string, ...any)) error {
		return blobs.Alone(corpus.SmallSize, func(name string, data []byte) {
			add(name, append([]any{data}, args...)...)
		})
	}
}

// relocationSeeds has small objects, each with its relocations and itself for a kernel.
func relocationSeeds(add func(string, ...any)) error {
	all, err := objects.All()
	if err != nil {
		return err
	}
	for _, o := range all[:8] {
		add(o.Name, o.BTF, o.Ext, o.BTF)
	}
	return nil
}

func parseSeeds(add func(string, ...any)) error {
	rows := make(map[int]bool)
	for c := range malformed.All() {
		chain := c.Chain(order(c.Row))
		data := chain[len(chain)-1]
		if rows[c.Row] || len(chain) > 1 || len(data) > 4096 {
			continue
		}
		rows[c.Row] = true
		add(fmt.Sprintf("row-%d", c.Row), data)
	}
	b := builder.New(builder.Options{})
	array := b.Array(b.Int("int", 4, btf.Int{Bits: 32}), 1, 1<<31)
	for range 3 {
		array = b.Array(array, 1, 1<<31)
	}
	b.Int("char", 1, btf.Int{Encoding: btf.IntChar, Bits: 8})
	huge, err := b.Bytes()
	if err != nil {
		return err
	}
	add("huge-array", huge)
	add("elf", append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 57)...))
	return blobs.Alone(4096, func(name string, data []byte) { add(name, data) })
}

func splitSeeds(add func(string, ...any)) error {
	for _, b := range blobs.Small() {
		base := b.Base
		if base == nil || base.Base != nil || base.Size > 4096 || strings.HasPrefix(b.Name, "local/") {
			continue
		}
		own, err := b.Read()
		if err != nil {
			return err
		}
		below, err := base.Read()
		if err != nil {
			return err
		}
		add(b.Name, below, own)
	}
	return nil
}

// editSeeds has one edit of each operation, in the kernel and in a small blob, and one that takes
// the name from a type within the kernel.
func editSeeds(add func(string, ...any)) error {
	data, err := kernel.Bytes()
	if err != nil {
		return err
	}
	spec, err := cache.Parse(data, nil)
	if err != nil {
		return err
	}
	defer spec.Close()
	for _, id := range []btf.TypeID{5_000, 50_000} {
		t, err := spec.TypeByID(id)
		if err != nil {
			return err
		}
		edit := binary.LittleEndian.AppendUint32([]byte{0}, uint32(store.RecordOf(t).Offset/4))
		add(fmt.Sprintf("kernel-name-%d", id), append(edit, 1, 0, 0xff, 0xff))
	}
	for op := range byte(11) {
		edit := make([]byte, 1, 1+mutate.RecordSize)
		for _, slot := range []byte{3, 200} {
			one := append(slices.Clone(edit), slot, op*7, op, 0, op, 0, op*3, 0)
			add(fmt.Sprintf("kernel-%d-%d", op, slot), one)
			one[0] = op*4 + 1
			add(fmt.Sprintf("small-%d-%d", op, slot), one)
		}
	}
	return nil
}

func querySeeds(add func(string, ...any)) error {
	for i, q := range []struct{ name, expr string }{
		{"int", "^int$"}, {"", "^$"}, {"unsigned int", "(?i)UNSIGNED"}, {"task", "_[a-z]+$"},
		{"char", `\bchar\b|long`}, {"long\x00", ".*"}, {"st", "[^a-z]"}, {"x", `(a.*){2,3}b?`},
		{"\xff", `\xff|\x00`}, {"main", `^\w+(_t|_s)?$`},
	} {
		add(fmt.Sprint(i), byte(i*5), q.name, q.expr, uint32(i*7), byte(i*2))
	}
	return nil
}

// builderSeeds fills the first bytes, which select the shape, with runs of one value.
func builderSeeds(add func(string, ...any)) error {
	for _, fill := range []byte{0x01, 0x55, 0x80, 0xaa, 0xff} {
		data := bytes.Repeat([]byte{fill, 0x13, fill ^ 0x37, 0x71}, 200)
		for i := range data {
			data[i] += byte(i * i >> 3)
		}
		add(fmt.Sprintf("%02x", fill), data)
	}
	return nil
}

func metamorphicSeeds(add func(string, ...any)) error {
	return blobs.Alone(4096, func(name string, data []byte) { add(name, data, uint64(len(data))) })
}

// elfSeeds takes the compiler-made objects and the images.
func elfSeeds(add func(string, ...any)) error {
	return files(8192, func(name string, data []byte) { add(name, data) },
		"../corpus/fixtures/objects/*bpfel.o", "../corpus/fixtures/objects/pahole-*.o",
		"../elfx/testdata/images/*")
}

// decompressSeeds cuts the magic number off compressed modules; its order is that of magics
// in the target.
func decompressSeeds(add func(string, ...any)) error {
	starts := []struct {
		suffix string
		length int
	}{{"gz", 3}, {"bz2", 10}, {"lzma", 5}, {"xz", 6}, {"lzo", 9}, {"lz4", 4}, {"zst", 4}}
	for codec, s := range starts {
		err := files(corpus.SmallSize, func(name string, data []byte) {
			add(name, byte(codec), data[s.length:])
		}, "../elfx/testdata/images/module*.ko."+s.suffix)
		if err != nil {
			return err
		}
	}
	return nil
}

func relocateSeeds(add func(string, ...any)) error {
	for _, arch := range []string{"x86_64", "s390x"} {
		var args []any
		for _, name := range []string{"distilled-" + arch, "distilled-" + arch + ".base",
			"kernel-" + arch} {
			b, ok := corpus.Find("fixtures/pahole-" + name)
			if !ok {
				return fmt.Errorf("no blob %s", name)
			}
			data, err := b.Bytes()
			if err != nil {
				return err
			}
			args = append(args, data)
		}
		add(arch, args...)
	}
	return nil
}

func collectionSeeds(add func(string, ...any)) error {
	add("sound", []byte{0})
	add("parallel", append([]byte{0x82}, make([]byte, 100)...))
	add("header", []byte{1, 1, 0, 0, 0, 0, 0, 9, 0})
	add("truncated", []byte{2, 40, 0, 0, 0, 10, 0, 0, 0, 60, 0, 0, 0, 10, 0, 0, 0})
	return nil
}

func statefulSeeds(add func(string, ...any)) error {
	add("close-base-first", []byte{0, 0, 1, 0, 3, 41, 12, 80, 2, 0, 7, 0, 2, 1, 7, 0})
	add("split-of-split", []byte{0, 1, 1, 0, 1, 9, 3, 100, 5, 2, 6, 2, 4, 2, 2, 2, 2, 0, 7, 0})
	add("use-after-close", []byte{0, 0, 3, 80, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0, 1, 0, 2, 0})
	add("all-backends", []byte{0, 0, 0, 3, 0, 6, 0, 9, 1, 0, 1, 9, 4, 40, 4, 81, 6, 162, 8, 3})
	return nil
}

// files calls f for the files of at most max bytes.
func files(max int, f func(name string, data []byte), patterns ...string) error {
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		if len(paths) == 0 {
			return fmt.Errorf("no file %s: run this in the folder fuzz", pattern)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if len(data) <= max {
				f(filepath.Base(path), data)
			}
		}
	}
	return nil
}
