/*
 * Prints, for each type of FILE over BASE, what libbpf works out:
 *
 *	ID align=A size=S packed=P traceable=T
 *
 * A is btf__align_of, S is btf__resolve_size (negative if there is none), P is
 * btf_is_struct_packed for structs and unions, which is why btf_dump.c is a part of this file.
 * T is said of functions: whether a trampoline takes their arguments, by the rules of the kernel's
 * btf_distill_func_proto (Linux 6.18), stated anew on libbpf's accessors, since libbpf 1.7 has no
 * such function.
 */
#include "btf_dump.c"

static const struct btf_type *value_type(const struct btf *btf, __u32 id, int *size)
{
	const struct btf_type *t = skip_mods_and_typedefs(btf, id, NULL);

	if (id == 0)
		*size = 0;
	else if (btf_is_ptr(t))
		*size = sizeof(void *);
	else if (btf_is_int(t) || btf_is_any_enum(t) || btf_is_composite(t))
		*size = t->size;
	else
		*size = -1;
	return t;
}

static bool traceable(const struct btf *btf, const struct btf_type *func)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	const struct btf_param *p = btf_params(proto);
	int i, size, n = btf_vlen(proto);

	if (!btf_is_func_proto(proto) || n > 12)
		return false;
	if (btf_is_composite(value_type(btf, proto->type, &size)) || size < 0)
		return false;
	for (i = 0; i < n; i++) {
		value_type(btf, p[i].type, &size);
		if (size <= 0 || size > 16)
			return false;
	}
	return true;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

int main(int argc, char **argv)
{
	struct btf *base = NULL, *btf;
	const struct btf_type *t;
	__u32 id;

	libbpf_set_print(quiet);
	if (argc < 2)
		return 2;
	if (argc > 2)
		base = btf__parse_raw(argv[2]);
	btf = base ? btf__parse_raw_split(argv[1], base) : btf__parse_raw(argv[1]);
	if (!btf || (argc > 2 && !base)) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	for (id = base ? btf__type_cnt(base) : 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		printf("%u align=%d size=%lld packed=%d traceable=%d\n", id, btf__align_of(btf, id),
		       (long long)btf__resolve_size(btf, id),
		       btf_is_composite(t) ? btf_is_struct_packed(btf, id, t) : 0,
		       btf_is_func(t) ? traceable(btf, t) : 0);
	}
	return 0;
}
