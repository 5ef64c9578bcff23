package cdump_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/cdump"
)

// vmlinux.h of the running kernel, or here of a toy one, for BPF programs.
func ExampleHeader() {
	kernel, err := btf.Parse(btftest.Empty(nil, nil), nil) // mmap.Open("/sys/kernel/btf/vmlinux", nil)
	if err != nil {
		log.Fatal(err)
	}
	var header strings.Builder
	if err := cdump.Header(&header, kernel, cdump.Options{}); err != nil {
		log.Fatal(err)
	}
	fmt.Print(strings.ReplaceAll(header.String(), "\n\n\n", "\n\n"))
	// Output:
	// #ifndef __VMLINUX_H__
	// #define __VMLINUX_H__
	//
	// #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
	// #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
	// #endif
	//
	// #ifndef __ksym
	// #define __ksym __attribute__((section(".ksyms")))
	// #endif
	//
	// #ifndef __weak
	// #define __weak __attribute__((weak))
	// #endif
	//
	// #ifndef __bpf_fastcall
	// #if __has_attribute(bpf_fastcall)
	// #define __bpf_fastcall __attribute__((bpf_fastcall))
	// #else
	// #define __bpf_fastcall
	// #endif
	// #endif
	//
	//
	// /* BPF kfuncs */
	// #ifndef BPF_NO_KFUNC_PROTOTYPES
	// #endif
	//
	// #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
	// #pragma clang attribute pop
	// #endif
	//
	// #endif /* __VMLINUX_H__ */
}

// A struct with all that it needs.
func ExampleDefinitions() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	sock, err := kernel.TypeByName("sock", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	if err := cdump.Definitions(os.Stdout, kernel, cdump.Options{}, sock); err != nil {
		log.Fatal(err)
	}
	// Output:
	// typedef struct {
	// 	int counter;
	// } atomic_t;
	//
	// struct list_head {
	// 	struct list_head *next;
	// 	struct list_head *prev;
	// };
	//
	// struct sock {
	// 	atomic_t sk_refcnt;
	// 	struct list_head sk_list;
	// };
}

func ExampleAppendDefinition() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	skb, err := kernel.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	text, err := cdump.AppendDefinition(nil, skb)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s;\n", text)
	// Output:
	// struct sk_buff {
	// 	union {
	// 		struct list_head list;
	// 		struct sk_buff *next;
	// 	};
	// 	struct sock *sk;
	// 	char cb[48];
	// 	unsigned int len;
	// 	unsigned int cloned: 1;
	// 	unsigned int pkt_type: 3;
	// 	const char *data;
	// };
}

// The prototype of a function.
func ExampleAppendDeclaration() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	fn, err := kernel.TypeByName("tcp_sendmsg", btf.KindFunc)
	if err != nil {
		log.Fatal(err)
	}
	text, err := cdump.AppendDeclaration(nil, fn, "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s;\n", text)
	// Output:
	// int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
}
