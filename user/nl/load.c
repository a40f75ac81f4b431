// SPDX-License-Identifier: GPL-2.0
/* The mappings of a file, into the kernel. */
#include <linux/netlink.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "../lib/mapfile.h"
#include "nl.h"

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * A line on the terminal, if it takes long enough for somebody to wonder. Returns
 * whether it waits for its end.
 */
static bool progress(double begin, size_t done, size_t count)
{
	if (!isatty(STDERR_FILENO) || seconds() - begin < 0.5)
		return false;
	fprintf(stderr, "\r%zu of %zu mappings%s", done, count,
		done == count ? "\n" : "");
	return done < count;
}

static int refused(struct nl *nl, const struct dstm_mapfile *file, size_t done,
		   size_t n, size_t bad, bool sync)
{
	char text[DSTM_MAPPING_TEXT];
	const char *error = dstm_nl_error(nl->table.nl);

	if (bad < n) {
		dstm_mapping_text(&file->mappings[done + bad], text);
		nl_fail("%s:%zu: %s: %s", file->name,
			dstm_mapfile_line(file, done + bad), text, error);
	} else {
		nl_fail("%s:%zu to %zu: %s", file->name,
			dstm_mapfile_line(file, done),
			dstm_mapfile_line(file, done + n - 1), error);
	}
	return nl_fail(sync ? "%zu of %zu mappings set, and nothing swept" :
			      "%zu of %zu mappings loaded",
		       done, file->count);
}

static int send_all(struct nl *nl, uint32_t ifindex, const uint32_t *sync,
		    const struct dstm_mapfile *file)
{
	double begin = seconds();
	bool in_line = false;
	size_t done, n, bad;

	for (done = 0; done < file->count; done += n) {
		n = file->count - done;
		if (n > DSTM_TABLE_BATCH)
			n = DSTM_TABLE_BATCH;
		if (dstm_table_set(&nl->table, ifindex,
				   NLM_F_CREATE | NLM_F_REPLACE, sync,
				   &file->mappings[done], n, &bad)) {
			if (in_line)
				putc('\n', stderr);
			return refused(nl, file, done, n, bad, sync != NULL);
		}
		in_line = progress(begin, done + n, file->count);
	}
	return DONE;
}

static void report(const struct nl *nl, const char *dev, size_t count,
		   const uint32_t *swept)
{
	struct dstm_jsonw w = nl_jsonw(nl);

	if (!nl->json && swept) {
		printf("%zu mappings set, %u swept\n", count, *swept);
	} else if (!nl->json) {
		printf("%zu mappings loaded\n", count);
	} else {
		dstm_jsonw_open(&w, NULL, '{');
		dstm_jsonw_string(&w, "dev", dev);
		dstm_jsonw_uint(&w, "count", count);
		if (swept)
			dstm_jsonw_uint(&w, "swept", *swept);
		dstm_jsonw_close(&w, '}');
	}
}

static int sync_all(struct nl *nl, const char *dev, uint32_t ifindex,
		    const struct dstm_mapfile *file)
{
	uint32_t sync, swept;
	int ret;

	if (dstm_table_sync_begin(&nl->table, ifindex, &sync))
		return nl_fail("%s: %s", dev, dstm_nl_error(nl->table.nl));
	ret = send_all(nl, ifindex, &sync, file);
	if (ret != DONE)
		return ret;
	if (dstm_table_sync_end(&nl->table, ifindex, sync, &swept))
		return nl_fail("%s: %s", dev, dstm_nl_error(nl->table.nl));
	report(nl, dev, file->count, &swept);
	return nl_flush();
}

static int load_all(struct nl *nl, const char *dev, uint32_t ifindex,
		    const struct dstm_mapfile *file)
{
	int ret = send_all(nl, ifindex, NULL, file);

	if (ret != DONE)
		return ret;
	report(nl, dev, file->count, NULL);
	return nl_flush();
}

static int with_file(struct nl *nl, int argc, char **argv,
		     int (*run)(struct nl *nl, const char *dev,
				uint32_t ifindex,
				const struct dstm_mapfile *file))
{
	const char *dev, *path;
	struct dstm_mapfile file;
	char error[512];
	uint32_t ifindex;
	int ret;

	ret = nl_dev_file(argc, argv, &dev, &path);
	if (ret == DONE)
		ret = nl_ifindex(dev, &ifindex);
	if (ret == DONE)
		ret = nl_table(nl);
	if (ret != DONE)
		return ret;

	if (dstm_mapfile_read(&file, path ? path : "-", dev, error))
		ret = nl_fail("%s", error);
	else
		ret = run(nl, dev, ifindex, &file);
	dstm_mapfile_free(&file);
	return ret;
}

int map_load(struct nl *nl, int argc, char **argv)
{
	return with_file(nl, argc, argv, load_all);
}

int map_sync(struct nl *nl, int argc, char **argv)
{
	return with_file(nl, argc, argv, sync_all);
}
