/* The timed loops, one function per row of the protocol. */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

/* What an operation may use; i is the place in the workload's list. */
struct op {
	const struct btf *btf;
	const uint32_t *ids;
	const char *const *names;
	const regex_t *re;
	uint32_t *found; /* room for every id */
};

/* Times n operations on the len entries in turn. Always inlined, so that op is no call. */
static inline __attribute__((always_inline)) void
cycle(struct sample *s, uint64_t n, size_t len, const struct op *o,
      uint64_t (*op)(const struct op *, size_t))
{
	uint64_t start = now(), sum = 0;
	size_t next = 0;

	for (uint64_t i = 0; i < n; i++) {
		sum += op(o, next);
		if (++next == len)
			next = 0;
	}
	s->ns = now() - start;
	s->sum = sum;
}

static inline uint64_t name_sum(const char *name)
{
	return name ? strlen(name) + (unsigned char)*name : 0;
}

static inline uint64_t type_by_id(const struct op *o, size_t i)
{
	const struct btf_type *t = btf__type_by_id(o->btf, o->ids[i]);

	return t ? kind_of(t) + size_of(t) : 0;
}

static inline uint64_t name_by_id(const struct op *o, size_t i)
{
	const struct btf_type *t = btf__type_by_id(o->btf, o->ids[i]);

	return t ? name_sum(btf__name_by_offset(o->btf, t->name_off)) : 0;
}

static inline uint64_t ids_by_name(const struct op *o, size_t i)
{
	int id = btf__find_by_name(o->btf, o->names[i]);

	return id > 0 ? id : 0;
}

static inline uint64_t types_by_name(const struct op *o, size_t i)
{
	int id = btf__find_by_name(o->btf, o->names[i]);
	const struct btf_type *t;

	if (id <= 0)
		return 0;
	t = btf__type_by_id(o->btf, id);
	return t ? kind_of(t) + size_of(t) : 0;
}

size_t match_ids(const struct btf *btf, const regex_t *re, uint32_t *ids)
{
	uint32_t count = btf__type_cnt(btf);
	size_t found = 0;

	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (!takes_part(t))
			continue;
		if (!regexec(re, btf__name_by_offset(btf, t->name_off), 0, NULL, 0))
			ids[found++] = id;
	}
	return found;
}

static inline uint64_t ids_by_regex(const struct op *o, size_t i)
{
	size_t found = match_ids(o->btf, o->re, o->found);
	uint64_t sum = found;

	(void)i;
	for (size_t k = 0; k < found; k++)
		sum += o->found[k];
	return sum;
}

static inline uint64_t types_by_regex(const struct op *o, size_t i)
{
	size_t found = match_ids(o->btf, o->re, o->found);
	uint64_t sum = 0;

	(void)i;
	for (size_t k = 0; k < found; k++) {
		const struct btf_type *t = btf__type_by_id(o->btf, o->found[k]);

		sum += kind_of(t) + size_of(t);
	}
	return sum;
}

static inline uint64_t iterate(const struct op *o, size_t i)
{
	uint32_t count = btf__type_cnt(o->btf);
	uint64_t sum = 0;

	(void)i;
	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *t = btf__type_by_id(o->btf, id);

		sum += kind_of(t) + !!t->name_off;
	}
	return sum;
}

static inline uint64_t struct_walk(const struct op *o, size_t i)
{
	uint32_t count = btf__type_cnt(o->btf);
	uint64_t sum = 0;

	(void)i;
	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *t = btf__type_by_id(o->btf, id);

		if (!btf_is_struct(t))
			continue;
		for (uint32_t m = 0; m < btf_vlen(t); m++) {
			sum += name_sum(btf__name_by_offset(o->btf, btf_members(t)[m].name_off));
			sum += btf_member_bit_offset(t, m);
		}
	}
	return sum;
}

static bool no_entries(struct answer *a, const char *keyword)
{
	return refuse(a, ERROR, "the workload has no %s entries", keyword);
}

static bool run_regex(const char *row, const char *label, uint64_t n, struct op *o,
		      struct workload *w, struct sample *out, struct answer *a)
{
	struct pattern *p = NULL;

	for (size_t i = 0; i < w->patterns_len && !p; i++)
		if (!strcmp(w->patterns[i].label, label))
			p = &w->patterns[i];
	if (!p)
		return refuse(a, ERROR, "the workload has no regex %s", label);
	if (p->unsupported)
		return refuse(a, UNSUPPORTED, "not a POSIX extended regex: %s", p->why);
	o->re = &p->re;
	o->found = malloc(btf__type_cnt(o->btf) * sizeof(*o->found));
	if (!o->found)
		return refuse(a, ERROR, "room for ids: %s", strerror(errno));
	if (!strncmp(row, "IDs", 3))
		cycle(out, n, 1, o, ids_by_regex);
	else
		cycle(out, n, 1, o, types_by_regex);
	free(o->found);
	return true;
}

static bool run_ids(const char *row, uint64_t n, struct op *o, const struct workload *w,
		    struct sample *out, struct answer *a)
{
	if (!w->ids_len)
		return no_entries(a, "id");
	o->ids = w->ids;
	if (!strcmp(row, "TypeByID"))
		cycle(out, n, w->ids_len, o, type_by_id);
	else
		cycle(out, n, w->ids_len, o, name_by_id);
	return true;
}

static bool run_names(const char *row, uint64_t n, struct op *o, const struct workload *w,
		      struct sample *out, struct answer *a)
{
	const struct names *names = strcmp(row, "IDsByName/miss") ? &w->hits : &w->misses;

	if (!names->len)
		return no_entries(a, names == &w->hits ? "hit" : "miss");
	o->names = names->at;
	if (!strcmp(row, "TypesByName/hit"))
		cycle(out, n, names->len, o, types_by_name);
	else
		cycle(out, n, names->len, o, ids_by_name);
	return true;
}

static bool is(const char *row, const char *const *set, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strcmp(row, set[i]))
			return true;
	return false;
}

bool run_query(const char *row, uint64_t n, const struct btf *btf, struct workload *w,
	       struct sample *out, struct answer *a)
{
	static const char *const ids[] = { "TypeByID", "NameByID" };
	static const char *const names[] = { "IDsByName/hit", "IDsByName/miss", "TypesByName/hit" };
	static const char *const regexes[] = { "IDsByRegex/pattern=", "TypesByRegex/pattern=" };
	struct op o = { .btf = btf };

	if (is(row, ids, ARRAY_LEN(ids)))
		return run_ids(row, n, &o, w, out, a);
	if (is(row, names, ARRAY_LEN(names)))
		return run_names(row, n, &o, w, out, a);
	for (size_t i = 0; i < ARRAY_LEN(regexes); i++)
		if (!strncmp(row, regexes[i], strlen(regexes[i])))
			return run_regex(row, row + strlen(regexes[i]), n, &o, w, out, a);
	if (!strcmp(row, "Iterate"))
		cycle(out, n, 1, &o, iterate);
	else if (!strcmp(row, "StructWalk"))
		cycle(out, n, 1, &o, struct_walk);
	else
		return refuse(a, ERROR, "unknown row %s", row);
	return true;
}

bool row_opens(const char *row)
{
	static const char *const rows[] = { "Open", "OpenCold", "OpenFirstName", "SplitOpen" };

	return is(row, rows, ARRAY_LEN(rows));
}

/* One operation of SplitOpen: the source upon a base that stays open. */
static bool split_open(const struct source *s, struct btf *base, struct chain *c)
{
	c->base = NULL;
	c->btf = btf__parse_raw_split(s->path, base);
	return c->btf;
}

bool run_open(const char *row, uint64_t n, const struct source *s, const struct workload *w,
	      struct sample *out, struct answer *a)
{
	bool split = !strcmp(row, "SplitOpen"), name = !strcmp(row, "OpenFirstName"), ok = true;
	const struct source base_only = { .path = s->base };
	struct chain base = { 0 }, c;

	memset(out, 0, sizeof(*out));
	if (split && !s->base)
		return refuse(a, ERROR, "SplitOpen needs --base");
	if (name && !w->hits.len)
		return no_entries(a, "hit");
	if (split && !source_open(&base_only, &base))
		return refuse(a, ERROR, "open %s: %s", s->base, strerror(errno));
	for (uint64_t i = 0; i < n && ok; i++) {
		uint64_t start = now();

		ok = split ? split_open(s, base.btf, &c) : source_open(s, &c);
		if (!ok)
			break;
		if (name) {
			struct op o = { .btf = c.btf, .names = w->hits.at };

			out->sum += ids_by_name(&o, i % w->hits.len);
		} else {
			out->sum++;
		}
		out->ns += now() - start;
		chain_close(&c);
	}
	if (!ok)
		refuse(a, ERROR, "open %s: %s", s->path, strerror(errno));
	chain_close(&base);
	return ok;
}
