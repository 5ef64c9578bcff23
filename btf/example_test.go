package btf_test

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

// These examples run on small synthetic BTF, without a backend. Programs use one, such as
// backends/cache, in the same way:
//
//	spec, err := cache.Open("/sys/kernel/btf/vmlinux", nil)

// A function leads to its prototype, that to its parameters, and a parameter to the struct
// that it points at.
func Example() {
	spec, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer spec.Close()

	fn, err := spec.TypeByName("consume_skb", btf.KindFunc)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fn, "has the prototype", fn.Target())
	for _, param := range fn.Params() {
		skb := param.Target().Target()
		size, _ := skb.Size()
		fmt.Println("parameter", param.Name(), "points at", skb, "of", size, "bytes")
	}
	// Output:
	// [35] FUNC consume_skb has the prototype [34] FUNC_PROTO
	// parameter skb points at [30] STRUCT sk_buff of 88 bytes
}

// BTF comes from a file, such as /sys/kernel/btf/vmlinux.
func Example_file() {
	dir, err := os.MkdirTemp("", "btf")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "vmlinux")
	if err := os.WriteFile(path, btftest.Kernel(nil), 0o666); err != nil {
		log.Fatal(err)
	}

	spec, err := btftest.Plain.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer spec.Close()
	first, end := spec.IDs()
	fmt.Printf("ids [%d, %d), %v\n", first, end, spec.ByteOrder())
	// Output:
	// ids [0, 54), LittleEndian
}

// The BTF of a module, such as /sys/kernel/btf/btrfs, is split from the kernel's, which it
// needs. Own is the module alone.
func Example_splitFile() {
	dir, err := os.MkdirTemp("", "btf")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	path := filepath.Join(dir, "toy")
	if err := os.WriteFile(path, btftest.Module(kernel, nil), 0o666); err != nil {
		log.Fatal(err)
	}

	if _, err := btftest.Plain.Open(path, nil); err != nil {
		fmt.Println("without its base, the module is not readable")
	}
	module, err := btftest.Plain.Open(path, kernel)
	if err != nil {
		log.Fatal(err)
	}
	defer module.Close()
	for t := range module.TypesByName("kfree_skb") {
		fmt.Println(t)
	}
	first, end := module.Own().IDs()
	fmt.Printf("the module has the ids [%d, %d)\n", first, end)
	// Output:
	// without its base, the module is not readable
	// [36] FUNC kfree_skb
	// [62] FUNC kfree_skb
	// the module has the ids [54, 65)
}

// BTF may come from anywhere as bytes.
func Example_bytes() {
	data := btftest.Kernel(binary.BigEndian) // of a big-endian machine
	spec, err := btf.Parse(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	ids, err := spec.IDsByName("list_head")
	if err != nil {
		log.Fatal(err)
	}
	for _, id := range ids {
		t, _ := spec.TypeByID(id)
		fmt.Println(t)
	}
	// Output:
	// [19] STRUCT list_head
	// [48] FUNC list_head
}

func ExampleSpec_All() {
	spec, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	count := make(map[btf.Kind]int)
	for _, t := range spec.All() {
		count[t.Kind()]++
	}
	fmt.Println(count[btf.KindFunc], "functions,", count[btf.KindStruct], "structs")
	// Output: 8 functions, 5 structs
}

func ExampleType_Members() {
	spec, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	skb, err := spec.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	for i, m := range skb.Members() {
		t := m.Target()
		fmt.Printf("%d %q at bit %d: %v", i, m.Name(), m.BitOffset(), t)
		if n := m.BitfieldSize(); n != 0 {
			fmt.Printf(", %d bits", n)
		}
		fmt.Println()
	}
	// Output:
	// 0 "" at bit 0: [28] UNION
	// 1 "sk" at bit 128: [22] PTR to STRUCT sock
	// 2 "cb" at bit 192: [29] ARRAY of 48 INT char
	// 3 "len" at bit 576: [3] INT unsigned int
	// 4 "cloned" at bit 608: [3] INT unsigned int, 1 bits
	// 5 "pkt_type" at bit 609: [3] INT unsigned int, 3 bits
	// 6 "data" at bit 640: [8] PTR to CONST of INT char
}

func ExampleType_Targets() {
	spec, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	v, err := spec.TypeByName("current_skb", btf.KindVar)
	if err != nil {
		log.Fatal(err)
	}
	for t := range v.Targets() {
		fmt.Println(t)
	}
	// Output:
	// [51] RESTRICT of PTR to STRUCT sk_buff
	// [27] PTR to STRUCT sk_buff
	// [30] STRUCT sk_buff
}

// Globs are those of the shell and match whole names.
func ExampleNewGlobMatcher() {
	spec, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	m, err := btf.NewGlobMatcher("*_send*")
	if err != nil {
		log.Fatal(err)
	}
	for t := range spec.TypesByMatch(m, btf.KindFunc) {
		fmt.Println(t)
	}
	// Output:
	// [32] FUNC tcp_sendmsg
	// [33] FUNC udp_sendmsg
}
