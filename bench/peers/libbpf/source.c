/* Opening the source the fastest way that libbpf offers. */
#include "peer.h"

#include <errno.h>
#include <string.h>

/* Only btf__load_vmlinux_btf maps the kernel's file instead of reading it, since libbpf 1.6. */
static struct btf *open_base(const char *path)
{
	if (!strcmp(path, "/sys/kernel/btf/vmlinux"))
		return btf__load_vmlinux_btf();
	return btf__parse_raw(path);
}

bool source_open(const struct source *s, struct chain *c)
{
	int err;

	memset(c, 0, sizeof(*c));
	if (!s->base) {
		c->btf = open_base(s->path);
		return c->btf;
	}
	c->base = open_base(s->base);
	if (!c->base)
		return false;
	c->btf = btf__parse_raw_split(s->path, c->base);
	if (c->btf)
		return true;
	err = errno;
	chain_close(c);
	errno = err;
	return false;
}

void chain_close(struct chain *c)
{
	btf__free(c->btf);
	btf__free(c->base);
	memset(c, 0, sizeof(*c));
}
