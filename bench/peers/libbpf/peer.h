/* libbpf behind the line protocol that bench/peers/README.md defines. */
#ifndef PEER_H
#define PEER_H

#include <bpf/btf.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A list of names as C strings, which is how libbpf wants them. */
struct names {
	const char **at;
	size_t len;
};

/* A pattern with the label that rows name it by. */
struct pattern {
	const char *label;
	regex_t re;
	bool unsupported;
	char why[128]; /* what regcomp has against it */
};

/* The workload file, prepared before anything is timed. Lives as long as the process. */
struct workload {
	uint32_t *ids;
	size_t ids_len;
	struct names hits, misses;
	struct pattern *patterns;
	size_t patterns_len;
};

/* Reads the file; on failure says why on standard error. */
bool workload_read(struct workload *w, const char *path);

/* What is measured, and on which files. base is NULL for BTF that stands alone. */
struct source {
	const char *path, *base;
};

/* A chain that was opened: base is NULL unless the source is split. */
struct chain {
	struct btf *base, *btf;
};

/* Opens base and source; false and errno on failure, with nothing left open. */
bool source_open(const struct source *s, struct chain *c);
void chain_close(struct chain *c);

enum verdict { OK, UNSUPPORTED, ERROR };

/* What a command comes to: OK, or the reason it has no result. */
struct answer {
	enum verdict verdict;
	char why[512];
};

/* Sets verdict and reason; returns false, so that it can end a function. */
bool refuse(struct answer *a, enum verdict v, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One sample: how long it took, and the checksum. */
struct sample {
	uint64_t ns, sum;
};

/* Whether a row opens the source itself. */
bool row_opens(const char *row);

/* Run one sample of n operations, of a row that opens the source or of one that queries it. */
bool run_open(const char *row, uint64_t n, const struct source *s, const struct workload *w,
	      struct sample *out, struct answer *a);
bool run_query(const char *row, uint64_t n, const struct btf *btf, struct workload *w,
	       struct sample *out, struct answer *a);

/* Writes into ids, which has room for every type, those whose names match; returns the count. */
size_t match_ids(const struct btf *btf, const regex_t *re, uint32_t *ids);

/* Prints the answers to the whole workload. */
bool check(const struct btf *btf, struct workload *w, struct answer *a);

/* The kind's number, ENUM64 counted as ENUM. */
static inline uint64_t kind_of(const struct btf_type *t)
{
	uint64_t kind = btf_kind(t);

	return kind == BTF_KIND_ENUM64 ? BTF_KIND_ENUM : kind;
}

/* The size in bytes, 0 for kinds whose third word is no size. */
static inline uint64_t size_of(const struct btf_type *t)
{
	const uint32_t sized = 1 << BTF_KIND_INT | 1 << BTF_KIND_STRUCT | 1 << BTF_KIND_UNION |
			       1 << BTF_KIND_ENUM | 1 << BTF_KIND_DATASEC | 1 << BTF_KIND_FLOAT |
			       1 << BTF_KIND_ENUM64;

	return sized >> btf_kind(t) & 1 ? t->size : 0;
}

/* Whether a type takes part in queries by name: it has one, or is of a kind that may lack one. */
static inline bool takes_part(const struct btf_type *t)
{
	return t->name_off || btf_is_composite(t) || btf_is_enum(t) || btf_is_enum64(t);
}

/* Memory of this process in bytes. */
struct memory {
	long private_dirty, rss, pss, peak;
};

/* Makes malloc give back what is free, then reads the figures; false and errno on failure. */
bool memory_now(struct memory *m);
/* The same, after resetting the peak to the present where the kernel allows it. */
bool memory_baseline(struct memory *m);

#endif
