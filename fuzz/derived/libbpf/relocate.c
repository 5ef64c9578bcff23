/*
 * Prints what libbpf answers to each CO-RE relocation of an object, whose .BTF and .BTF.ext are the
 * first two files, on the kernel whose BTF is the third:
 *
 *	LOCAL TARGET	or LOCAL none, if the instruction is poisoned; "error" if there is no answer
 *
 * Candidates are found and narrowed as libbpf.c does, once for each type of the object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "btf.h"
#include "libbpf.h"
#include "libbpf_internal.h"
#include "relo_core.h"

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

static void *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	void *data = malloc(1 << 24);

	if (!f || !data)
		exit(1);
	*size = fread(data, 1, 1 << 24, f);
	fclose(f);
	return data;
}

int main(int argc, char **argv)
{
	const struct btf_ext_info_sec *sec;
	struct bpf_core_cand_list *cands;
	struct bpf_core_relo *relo;
	struct btf *object, *kernel;
	struct btf_ext *ext;
	size_t size;
	int i, n = 0;

	libbpf_set_print(quiet);
	if (argc != 4)
		return 2;
	object = btf__parse_raw(argv[1]);
	kernel = btf__parse_raw(argv[3]);
	ext = read_file(argv[2], &size);
	ext = btf_ext__new((void *)ext, size);
	if (!object || !kernel || !ext)
		return 1;
	cands = calloc(btf__type_cnt(object), sizeof(*cands));
	for_each_btf_ext_sec(&ext->core_relo_info, sec)
	for_each_btf_ext_rec(&ext->core_relo_info, sec, i, relo) {
		struct bpf_core_cand_list *own = &cands[relo->type_id];
		struct bpf_core_cand cand = {.btf = object, .id = relo->type_id};
		const char *name = btf__name_by_offset(object,
				btf__type_by_id(object, relo->type_id)->name_off);
		struct bpf_core_spec specs[3] = {};
		struct bpf_core_relo_res res = {};

		if (!own->cands)
			bpf_core_add_cands(&cand, bpf_core_essential_name_len(name), kernel, "", 1, own);
		if (bpf_core_calc_relo_insn("", relo, n++, object, own, specs, &res))
			printf("error\n");
		else if (res.poison)
			printf("%llu none\n", (unsigned long long)res.orig_val);
		else
			printf("%llu %llu\n", (unsigned long long)res.orig_val,
			       (unsigned long long)res.new_val);
	}
	return 0;
}
