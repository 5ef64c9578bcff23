/* The oracle: every answer to the workload in the protocol's canonical form. */
#include "peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libbpf gives one id by name, and the checksums of the rows tell whether it is the lowest; here
 * all of them are found, in a list of all names that is sorted once. */
struct named {
	const char *name;
	uint32_t id;
};

static int by_name_and_id(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

static struct named *all_names(const struct btf *btf, size_t *len)
{
	uint32_t count = btf__type_cnt(btf);
	struct named *list = malloc(count * sizeof(*list));

	*len = 0;
	if (!list)
		return NULL;
	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, t->name_off);

		if (takes_part(t) && name)
			list[(*len)++] = (struct named){ name, id };
	}
	qsort(list, *len, sizeof(*list), by_name_and_id);
	return list;
}

static void print_ids(const struct named *list, size_t len, const char *name)
{
	size_t low = 0, high = len;
	char before = ' ';

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(list[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	printf("ids");
	for (; low < len && !strcmp(list[low].name, name); low++, before = ',')
		printf("%c%" PRIu32, before, list[low].id);
	printf("%s %s\n", before == ' ' ? " -" : "", name);
}

static bool check_ids(const struct btf *btf, const struct workload *w, struct answer *a)
{
	for (size_t i = 0; i < w->ids_len; i++) {
		const struct btf_type *t = btf__type_by_id(btf, w->ids[i]);

		if (!t)
			return refuse(a, ERROR, "id %" PRIu32 ": %s", w->ids[i], strerror(errno));
		printf("type %" PRIu32 " %" PRIu64 " %" PRIu64 " %s\n", w->ids[i], kind_of(t),
		       size_of(t), btf__name_by_offset(btf, t->name_off));
	}
	return true;
}

static bool check_names(const struct btf *btf, const struct workload *w, struct answer *a)
{
	size_t len;
	struct named *list = all_names(btf, &len);

	if (!list)
		return refuse(a, ERROR, "list of names: %s", strerror(errno));
	for (size_t i = 0; i < w->hits.len; i++)
		print_ids(list, len, w->hits.at[i]);
	for (size_t i = 0; i < w->misses.len; i++)
		print_ids(list, len, w->misses.at[i]);
	free(list);
	return true;
}

static bool check_patterns(const struct btf *btf, const struct workload *w, struct answer *a)
{
	uint32_t *ids = malloc(btf__type_cnt(btf) * sizeof(*ids));

	if (!ids)
		return refuse(a, ERROR, "room for ids: %s", strerror(errno));
	for (size_t i = 0; i < w->patterns_len; i++) {
		const struct pattern *p = &w->patterns[i];
		uint64_t sum = 0;
		size_t found;

		if (p->unsupported) {
			printf("matches - - %s\n", p->label);
			continue;
		}
		found = match_ids(btf, &p->re, ids);
		for (size_t k = 0; k < found; k++)
			sum += ids[k];
		printf("matches %zu %" PRIu64 " %s\n", found, sum, p->label);
	}
	free(ids);
	return true;
}

bool check(const struct btf *btf, struct workload *w, struct answer *a)
{
	printf("types %" PRIu32 "\n", btf__type_cnt(btf) - 1);
	return check_ids(btf, w, a) && check_names(btf, w, a) && check_patterns(btf, w, a);
}
