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

struct node {
	struct node *next;
	const char *name;
	char label[16];
};

struct flags {
	unsigned int low: 3;
	_Bool set;
	char: 4;
	unsigned int high: 12;
};

enum colour {
	RED = 0,
	BLUE = 4294967295,
};

enum {
	MINUS = -1,
};

enum {
	MOST = 18446744073709551615ULL,
};

enum wide {
	DEEP = -1099511627776LL,
};

struct hidden;

union either;

typedef struct node node_t;


/* BPF kfuncs */
#ifndef BPF_NO_KFUNC_PROTOTYPES
#endif

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
