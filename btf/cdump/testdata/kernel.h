#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif

enum {
	NETIF_F_ALL = 18446744073709551615ULL,
};

enum skb_drop_reason {
	SKB_NOT_DROPPED_YET = 0,
	SKB_CONSUMED = 1,
	SKB_DROP_REASON_NO_SOCKET = 3,
};

typedef _Bool bool;

typedef long unsigned int __kernel_size_t;

typedef __kernel_size_t size_t;

typedef unsigned int u32;

typedef struct {
	int counter;
} atomic_t;

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
};

struct sock;

struct sk_buff {
	union {
		struct list_head list;
		struct sk_buff *next;
	};
	struct sock *sk;
	char cb[48];
	unsigned int len;
	unsigned int cloned: 1;
	unsigned int pkt_type: 3;
	const char *data;
};

struct sock {
	atomic_t sk_refcnt;
	struct list_head sk_list;
};

struct module;


/* BPF kfuncs */
#ifndef BPF_NO_KFUNC_PROTOTYPES
extern void sk_skb_reason_drop(struct sock *sk, struct sk_buff *skb, enum skb_drop_reason reason) __weak __ksym;
#endif

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
