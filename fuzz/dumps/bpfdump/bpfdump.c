/*
 * The oracle of package dumps: C as a libbpf newer than the distribution's writes it.
 *
 *	bpfdump [-B BASE] FILE c | unsorted     a header, as "bpftool btf dump file FILE format c"
 *	bpfdump [-B BASE] FILE declarations     "ID<tab>DECLARATION<nul>" of each type as "x"
 *
 * What is libbpf's is called; what is bpftool's (7.8, tools/bpf/bpftool/btf.c: the lines around the
 * definitions, the order of types, the prototypes of kernel functions) is done here as it does it.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct btf *btf;
static struct btf_dump *dump;

static void die(const char *what, int err)
{
	fflush(stdout);
	fprintf(stderr, "bpfdump: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

static void print(void *ctx, const char *format, va_list args)
{
	(void)ctx;
	vprintf(format, args);
}

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static const struct btf_type *type(unsigned int id) { return btf__type_by_id(btf, id); }

static const char *name(unsigned int off) { return btf__name_by_offset(btf, off); }

/* What a type refers to, if the order of types looks there; -1 if not. */
static long long target(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_ARRAY:
		return btf_array(t)->type;
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_DECL_TAG:
		return t->type;
	}
	return -1;
}

struct key {
	unsigned int id;
	int rank;
	const char *final_name, *own_name;
	unsigned long long hash;
};

static int rank(unsigned int id)
{
	int named = 0;

	for (;;) {
		const struct btf_type *t = type(id);

		named |= t->name_off != 0;
		if (btf_is_any_enum(t))
			return named;
		if (btf_is_int(t) || btf_is_float(t))
			return 2;
		if (!named)
			return 10;
		if (btf_is_composite(t))
			return 3;
		if (btf_is_func_proto(t))
			return 4;
		if (target(t) < 0)
			return 10;
		id = target(t);
	}
}

static const char *final_name(unsigned int id)
{
	const struct btf_type *t = type(id);

	if (btf_is_any_enum(t) && !t->name_off && btf_vlen(t))
		return name(btf_is_enum(t) ? btf_enum(t)->name_off : btf_enum64(t)->name_off);
	while (target(t) >= 0)
		t = type(target(t));
	return name(t->name_off);
}

static unsigned long long mix_name(unsigned long long hash, unsigned int off)
{
	unsigned long long sum = 0;

	if (!off)
		return hash;
	for (const char *c = name(off); *c; c++)
		sum = sum * 31 + *c;
	return hash * 31 + sum;
}

static unsigned long long hash(unsigned int id, int members)
{
	const struct btf_type *t = type(id);
	unsigned long long h = mix_name(0, t->name_off);

	if (btf_is_enum(t))
		for (int i = 0; i < btf_vlen(t); i++)
			h = mix_name(h, btf_enum(t)[i].name_off);
	if (btf_is_enum64(t))
		for (int i = 0; i < btf_vlen(t); i++)
			h = mix_name(h, btf_enum64(t)[i].name_off);
	if (btf_is_composite(t) && members)
		for (int i = 0; i < btf_vlen(t); i++) {
			h = mix_name(h, btf_members(t)[i].name_off);
			h = h * 31 + hash(btf_members(t)[i].type, 0);
		}
	if (btf_is_array(t))
		h = h * 31 + btf_array(t)->nelems;
	if (target(t) >= 0)
		h = h * 31 + hash(target(t), members);
	return h;
}

static int compare(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	int c = a->rank - b->rank;

	if (!c)
		c = strcmp(a->final_name, b->final_name);
	if (!c)
		c = strcmp(a->own_name, b->own_name);
	if (!c && a->hash != b->hash)
		c = a->hash < b->hash ? -1 : 1;
	return c ? c : (int)a->id - (int)b->id;
}

static struct key *in_order(unsigned int n, int sorted)
{
	struct key *keys = calloc(n, sizeof(*keys));

	if (!keys)
		die("memory", ENOMEM);
	for (unsigned int i = 0; i < n; i++)
		keys[i] = (struct key){ i, rank(i), final_name(i), name(type(i)->name_off), hash(i, 1) };
	if (sorted)
		qsort(keys, n, sizeof(*keys), compare);
	return keys;
}

/* Whether a function has a tag as a whole. */
static int has_tag(unsigned int func, const char *tag)
{
	for (unsigned int i = 1; i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = type(i);

		if (btf_is_decl_tag(t) && t->type == func && btf_decl_tag(t)->component_idx == -1 &&
		    !strcmp(name(t->name_off), tag))
			return 1;
	}
	return 0;
}

static int compare_funcs(const void *left, const void *right)
{
	unsigned int a = *(const unsigned int *)left, b = *(const unsigned int *)right;
	int c = strcmp(name(type(a)->name_off), name(type(b)->name_off));

	return c ? c : (int)a - (int)b;
}

static void declare(unsigned int id, const char *as)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = as);
	int err = btf_dump__emit_type_decl(dump, id, &opts);

	if (err)
		die("declaration", err);
}

static void kfuncs(void)
{
	unsigned int *funcs = NULL, n = 0;

	for (unsigned int i = 1; i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = type(i);

		if (!btf_is_decl_tag(t) || btf_decl_tag(t)->component_idx != -1 ||
		    !btf_is_func(type(t->type)) || strcmp(name(t->name_off), "bpf_kfunc"))
			continue;
		funcs = realloc(funcs, (n + 1) * sizeof(*funcs));
		if (!funcs)
			die("memory", ENOMEM);
		funcs[n++] = t->type;
	}
	if (n)
		qsort(funcs, n, sizeof(*funcs), compare_funcs);
	printf("\n/* BPF kfuncs */\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n");
	for (unsigned int i = 0; i < n; i++) {
		printf("extern %s", has_tag(funcs[i], "bpf_fastcall") ? "__bpf_fastcall " : "");
		declare(type(funcs[i])->type, name(type(funcs[i])->name_off));
		printf(" __weak __ksym;\n");
	}
	printf("#endif\n\n");
	free(funcs);
}

static void header(int sorted)
{
	unsigned int n = btf__type_cnt(btf);
	struct key *keys = in_order(n, sorted);

	printf("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n"
	       "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	       "#pragma clang attribute push (__attribute__((preserve_access_index)), "
	       "apply_to = record)\n#endif\n\n"
	       "#ifndef __ksym\n#define __ksym __attribute__((section(\".ksyms\")))\n#endif\n\n"
	       "#ifndef __weak\n#define __weak __attribute__((weak))\n#endif\n\n"
	       "#ifndef __bpf_fastcall\n#if __has_attribute(bpf_fastcall)\n"
	       "#define __bpf_fastcall __attribute__((bpf_fastcall))\n#else\n"
	       "#define __bpf_fastcall\n#endif\n#endif\n\n");
	for (unsigned int i = 1; i < n; i++) { /* bpftool starts here if they are sorted, too */
		int err = btf_dump__dump_type(dump, keys[i].id);

		if (err)
			die("definition", err);
	}
	kfuncs();
	printf("#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n\n"
	       "#endif /* __VMLINUX_H__ */\n");
	free(keys);
}

static void declarations(void)
{
	for (unsigned int i = 1; i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = type(i);

		if (btf_is_datasec(t) || btf_is_decl_tag(t))
			continue;
		printf("%u\t", i);
		if (btf_is_func(t) || btf_is_var(t))
			declare(t->type, name(t->name_off));
		else
			declare(i, "x");
		putchar(0);
	}
}

int main(int argc, char **argv)
{
	struct btf *base = NULL;

	libbpf_set_print(silent);
	if (argc > 2 && !strcmp(argv[1], "-B")) {
		base = btf__parse(argv[2], NULL);
		if (!base)
			die(argv[2], errno);
		argc -= 2, argv += 2;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: bpfdump [-B BASE] FILE c|unsorted|declarations\n");
		return 2;
	}
	btf = btf__parse_split(argv[1], base);
	if (!btf)
		die(argv[1], errno);
	dump = btf_dump__new(btf, print, NULL, NULL);
	if (!dump)
		die("dump", errno);
	if (!strcmp(argv[2], "declarations"))
		declarations();
	else
		header(!strcmp(argv[2], "c"));
	return ferror(stdout) || fflush(stdout);
}
