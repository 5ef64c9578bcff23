/*
 * Writes what libbpf makes of BTF: of FILE over BASE, if there is one, to the output.
 *
 *	rewrite sort FILE [BASE]	types by name (btf__permute), as the kernel's resolve_btfids does
 *	rewrite dedup FILE [BASE]	each type once (btf__dedup)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "btf.h"
#include "libbpf.h"

static struct btf *btf;

static const char *name_of(__u32 id)
{
	return btf__name_by_offset(btf, btf__type_by_id(btf, id)->name_off);
}

static int by_name(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;
	int r = strcmp(name_of(x), name_of(y));

	return r ? r : x < y ? -1 : x > y;
}

static int sort(__u32 first)
{
	__u32 i, n = btf__type_cnt(btf), own = n - first;
	__u32 *order = calloc(n, sizeof(*order)), *map = calloc(n, sizeof(*map));

	for (i = 0; i < own; i++)
		order[i] = first + i;
	qsort(order, own, sizeof(*order), by_name);
	/* The map of a base has an entry for void. */
	for (i = 0; i < own; i++)
		map[order[i] - (first == 1 ? 0 : first)] = first + i;
	return btf__permute(btf, map, first == 1 ? n : own, NULL);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

int main(int argc, char **argv)
{
	struct btf *base = NULL;
	const void *data;
	__u32 size;
	int err;

	libbpf_set_print(quiet);
	if (argc < 3)
		return 2;
	if (argc > 3)
		base = btf__parse_raw(argv[3]);
	btf = base ? btf__parse_raw_split(argv[2], base) : btf__parse_raw(argv[2]);
	if (!btf || (argc > 3 && !base))
		return 1;
	if (!strcmp(argv[1], "sort"))
		err = sort(base ? btf__type_cnt(base) : 1);
	else
		err = btf__dedup(btf, NULL);
	if (err) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(-err));
		return 1;
	}
	data = btf__raw_data(btf, &size);
	return !data || fwrite(data, 1, size, stdout) != size;
}
