/* Memory of this process, as Linux tells it. */
#include "peer.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

/* One "Name:  123 kB" line of a file of /proc/self, in bytes. */
static bool field(const char *path, const char *name, long *bytes)
{
	char line[256];
	FILE *f = fopen(path, "r");
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, name, strlen(name)) &&
			sscanf(line + strlen(name), " %ld kB", bytes) == 1;
	fclose(f);
	if (!found)
		errno = ENODATA;
	*bytes *= 1024;
	return found;
}

bool memory_now(struct memory *m)
{
	const char *rollup = "/proc/self/smaps_rollup";

	memset(m, 0, sizeof(*m));
	malloc_trim(0);
	return field(rollup, "Private_Dirty:", &m->private_dirty) &&
	       field(rollup, "Rss:", &m->rss) && field(rollup, "Pss:", &m->pss) &&
	       field("/proc/self/status", "VmHWM:", &m->peak);
}

bool memory_baseline(struct memory *m)
{
	FILE *f;

	if (!memory_now(m))
		return false;
	f = fopen("/proc/self/clear_refs", "w");
	if (f) {
		fputs("5", f); /* proc(5): resets VmHWM */
		fclose(f);
	}
	return memory_now(m);
}
