/* Reading the workload file. */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for one more element; lists only grow, by doubling. */
static void *grow(void *list, size_t len, size_t size)
{
	if (len & (len - 1))
		return list;
	list = realloc(list, (len ? 2 * len : 1) * size);
	if (!list) {
		perror("libbpf: workload");
		exit(1);
	}
	return list;
}

static void add_name(struct names *names, const char *name)
{
	names->at = grow(names->at, names->len, sizeof(*names->at));
	names->at[names->len++] = name;
}

static const char *add_id(struct workload *w, const char *text)
{
	char *end;
	unsigned long id;

	errno = 0;
	id = strtoul(text, &end, 10);
	if (errno || end == text || *end || id > UINT32_MAX)
		return "not an id";
	w->ids = grow(w->ids, w->ids_len, sizeof(*w->ids));
	w->ids[w->ids_len++] = id;
	return NULL;
}

static const char *add_pattern(struct workload *w, char *rest)
{
	struct pattern *p;
	char *text = strchr(rest, ' ');
	int err;

	if (!text)
		return "no pattern after the label";
	*text++ = 0;
	w->patterns = grow(w->patterns, w->patterns_len, sizeof(*w->patterns));
	p = &w->patterns[w->patterns_len++];
	memset(p, 0, sizeof(*p));
	p->label = rest;
	err = regcomp(&p->re, text, REG_EXTENDED | REG_NOSUB);
	if (err) {
		p->unsupported = true;
		regerror(err, &p->re, p->why, sizeof(p->why));
	}
	return NULL;
}

/* Takes one line, which the lists point into from then on; returns what is wrong with it. */
static const char *add(struct workload *w, char *line)
{
	char *rest;

	if (!*line || *line == '#')
		return NULL;
	rest = strchr(line, ' ');
	if (!rest)
		return "no entry after the keyword";
	*rest++ = 0;
	if (!strcmp(line, "id"))
		return add_id(w, rest);
	if (!strcmp(line, "regex"))
		return add_pattern(w, rest);
	if (!strcmp(line, "hit"))
		add_name(&w->hits, rest);
	else if (!strcmp(line, "miss"))
		add_name(&w->misses, rest);
	else
		return "unknown keyword";
	return NULL;
}

/* The whole file with a NUL at its end; NULL and errno on failure. */
static char *slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t len = 0, room = 0, got;

	if (!f)
		return NULL;
	do {
		if (len + 1 >= room) {
			room = room ? 2 * room : 1 << 16;
			text = realloc(text, room);
			if (!text)
				break;
		}
		got = fread(text + len, 1, room - len - 1, f);
		len += got;
	} while (got);
	if (text && ferror(f)) {
		free(text);
		text = NULL;
	}
	if (text)
		text[len] = 0;
	fclose(f);
	return text;
}

bool workload_read(struct workload *w, const char *path)
{
	char *line = slurp(path), *next;
	const char *wrong;
	size_t number = 1;

	if (!line) {
		fprintf(stderr, "libbpf: workload %s: %s\n", path, strerror(errno));
		return false;
	}
	for (; line; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		wrong = add(w, line);
		if (wrong) {
			fprintf(stderr, "libbpf: workload %s, line %zu: %s\n", path, number, wrong);
			return false;
		}
	}
	return true;
}
