/* The conversation: a command a line in, an answer out. See bench/peers/README.md. */
#include "peer.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: libbpf --backends\n"
	"       libbpf --backend libbpf --source FILE [--base FILE] --workload FILE\n"
	"              [--source-name NAME]\n"
	"The protocol is described in bench/peers/README.md.\n";

struct peer {
	const char *label, *workload_path;
	struct source source;
	struct workload workload;
	struct chain chain;
	struct memory baseline;
	bool has_baseline;
	bool touched; /* whether any command has opened the source yet */
};

bool refuse(struct answer *a, enum verdict v, const char *format, ...)
{
	va_list args;

	a->verdict = v;
	va_start(args, format);
	vsnprintf(a->why, sizeof(a->why), format, args);
	va_end(args);
	return false;
}

/* Opens the source on the first call and keeps it open. */
static bool peer_open(struct peer *p, struct answer *a)
{
	p->touched = true;
	if (p->chain.btf || source_open(&p->source, &p->chain))
		return true;
	return refuse(a, ERROR, "open %s: %s", p->source.path, strerror(errno));
}

static bool run_sample(struct peer *p, const char *row, uint64_t n, struct sample *s,
		       struct answer *a)
{
	if (!strcmp(row, "OpenCold") && (p->touched || n != 1))
		return refuse(a, ERROR, "OpenCold wants a count of 1 and a process that has "
					"opened nothing");
	if (row_opens(row)) {
		p->touched = true;
		return run_open(row, n, &p->source, &p->workload, s, a);
	}
	return peer_open(p, a) && run_query(row, n, p->chain.btf, &p->workload, s, a);
}

/* Raises n as Go's testing package does: to a fifth more than the last sample predicts, at most a
 * hundredfold. */
static bool calibrate(struct peer *p, const char *row, uint64_t ms, uint64_t *n, struct sample *s,
		      struct answer *a)
{
	const uint64_t most = 1000000000, least = ms * 1000000;

	for (*n = 1;;) {
		uint64_t per_op, predicted;

		if (!run_sample(p, row, *n, s, a))
			return false;
		if (!strcmp(row, "OpenCold") || s->ns >= least || *n >= most)
			return true;
		per_op = s->ns / *n ? s->ns / *n : 1;
		predicted = least / per_op * 6 / 5;
		if (predicted > 100 * *n)
			predicted = 100 * *n;
		*n = predicted > *n ? predicted : *n + 1;
		if (*n > most)
			*n = most;
	}
}

static bool command_run(struct peer *p, const char *row, const char *count, struct answer *a)
{
	struct sample s;
	char *unit;
	uint64_t n = strtoull(count, &unit, 10);

	if (*count < '0' || *count > '9' || n == 0 || (*unit && strcmp(unit, "ms")))
		return refuse(a, ERROR, "count %s: neither a number above 0 nor such as 200ms",
			      count);
	if (*unit ? !calibrate(p, row, n, &n, &s, a) : !run_sample(p, row, n, &s, a))
		return false;
	printf("Benchmark%s/backend=libbpf/source=%s\t%" PRIu64 "\t%.2f ns/op\n", row, p->label, n,
	       (double)s.ns / n);
	printf("checksum %s %" PRIu64 " %" PRIx64 "\n", row, n, s.sum);
	return true;
}

/* One query of each kind, as the memory stage `queries` wants them. */
static bool query_each(struct peer *p, struct answer *a)
{
	static const char *const rows[] = { "TypeByID", "NameByID", "IDsByName/hit",
					    "IDsByName/miss", "TypesByName/hit" };
	static const char *const regexes[] = { "IDsByRegex", "TypesByRegex" };
	const struct pattern *pattern = NULL;
	struct sample s;
	char row[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!run_sample(p, rows[i], 1, &s, a))
			return false;
	for (size_t i = 0; i < p->workload.patterns_len && !pattern; i++)
		if (!p->workload.patterns[i].unsupported)
			pattern = &p->workload.patterns[i];
	for (size_t i = 0; i < ARRAY_LEN(regexes) && pattern; i++) {
		snprintf(row, sizeof(row), "%s/pattern=%s", regexes[i], pattern->label);
		if (!run_sample(p, row, 1, &s, a))
			return false;
	}
	return true;
}

static bool command_memory(struct peer *p, const char *stage, struct answer *a)
{
	const struct memory *from = &p->baseline;
	struct memory m;

	if (strcmp(stage, "open") && strcmp(stage, "queries"))
		return refuse(a, ERROR, "unknown stage %s", stage);
	if (!p->has_baseline && p->touched)
		return refuse(a, ERROR, "memory wants a fresh process");
	if (!p->has_baseline && !memory_baseline(&p->baseline))
		return refuse(a, UNSUPPORTED, "memory figures: %s", strerror(errno));
	p->has_baseline = true;
	if (!peer_open(p, a) || (!strcmp(stage, "queries") && !query_each(p, a)))
		return false;
	if (!memory_now(&m))
		return refuse(a, UNSUPPORTED, "memory figures: %s", strerror(errno));
	printf("BenchmarkMemory/stage=%s/backend=libbpf/source=%s\t1\t%ld private-B\t%ld rss-B\t"
	       "%ld pss-B\t%ld peak-B\t%ld private-total-B\t%ld rss-total-B\t%ld pss-total-B\t"
	       "%ld peak-total-B\n",
	       stage, p->label, m.private_dirty - from->private_dirty, m.rss - from->rss,
	       m.pss - from->pss, m.peak - from->peak, m.private_dirty, m.rss, m.pss, m.peak);
	return true;
}

static bool command(struct peer *p, char *line, struct answer *a)
{
	char *words[4], *rest = line;
	size_t len = 0;

	while (len < ARRAY_LEN(words) && (words[len] = strtok(len ? NULL : rest, " \t\r\n")))
		len++;
	if (len == 1 && !strcmp(words[0], "check"))
		return peer_open(p, a) && check(p->chain.btf, &p->workload, a);
	if (len == 3 && !strcmp(words[0], "run"))
		return command_run(p, words[1], words[2], a);
	if (len == 2 && !strcmp(words[0], "memory"))
		return command_memory(p, words[1], a);
	return refuse(a, ERROR, "unknown command %s", len ? words[0] : "");
}

static int serve(struct peer *p)
{
	char *line = NULL;
	size_t room = 0;

	printf("ready protocol=1 backend=libbpf library=libbpf version=%s built=%s omits=-\n",
	       libbpf_version_string() + 1, LIBBPF_PACKAGE);
	fflush(stdout);
	while (getline(&line, &room, stdin) > 0 && strcmp(line, "quit\n")) {
		struct answer a = { OK, "" };

		command(p, line, &a);
		if (a.verdict == OK)
			puts("ok");
		else
			printf("%s %s\n", a.verdict == ERROR ? "error" : "unsupported", a.why);
		if (fflush(stdout)) {
			perror("libbpf: standard output");
			return 1;
		}
	}
	free(line);
	chain_close(&p->chain);
	return 0;
}

/* Fills in what the flags say; false for bad usage. */
static bool parse(struct peer *p, int argc, char **argv)
{
	const char *backend = NULL, *slash;

	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			return false;
		if (!strcmp(argv[i], "--backend"))
			backend = argv[i + 1];
		else if (!strcmp(argv[i], "--source"))
			p->source.path = argv[i + 1];
		else if (!strcmp(argv[i], "--base"))
			p->source.base = argv[i + 1];
		else if (!strcmp(argv[i], "--workload"))
			p->workload_path = argv[i + 1];
		else if (!strcmp(argv[i], "--source-name"))
			p->label = argv[i + 1];
		else
			return false;
	}
	if (!backend || strcmp(backend, "libbpf") || !p->source.path || !p->workload_path)
		return false;
	slash = strrchr(p->source.path, '/');
	if (!p->label)
		p->label = slash ? slash + 1 : p->source.path;
	return true;
}

int main(int argc, char **argv)
{
	static struct peer p;

	if (argc == 2 && !strcmp(argv[1], "--backends")) {
		printf("libbpf\tlibbpf %s\tthe records in place, one offset kept per type\n",
		       libbpf_version_string() + 1);
		return 0;
	}
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	if (!parse(&p, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	libbpf_set_print(NULL);
	if (!workload_read(&p.workload, p.workload_path))
		return 1;
	return serve(&p);
}
