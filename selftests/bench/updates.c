// SPDX-License-Identifier: GPL-2.0
/* How many mappings a second user space adds, replaces and deletes; prints JSON. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/netlink.h>

#include "lib/table.h"

#define FIRST_ADDRESS	0x0b000000	/* 11.0.0.0, which no client of the load has */

static void die(const char *what, const char *why)
{
	fprintf(stderr, "updates: %s: %s\n", what, why);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct dstm_mapping make(uint32_t i, uint8_t last)
{
	struct dstm_mapping m = {
		.ipv4.s_addr = htonl(FIRST_ADDRESS + i),
		.have = 1U << DSTM_A_MAPPING_IPV4 | 1U << DSTM_A_MAPPING_REMOTE,
	};

	m.remote.s6_addr32[0] = htonl(0x20010db8);
	m.remote.s6_addr32[1] = htonl(i);
	m.remote.s6_addr[15] = last;
	return m;
}

/* Returns mappings a second. */
static double set_all(struct dstm_table *table, uint32_t device, int flags,
		      uint32_t count, uint8_t last)
{
	static struct dstm_mapping batch[DSTM_TABLE_BATCH];
	double begin = now();
	uint32_t i = 0;
	size_t n, bad;

	while (i < count) {
		for (n = 0; n < DSTM_TABLE_BATCH && i < count; n++)
			batch[n] = make(i++, last);
		if (dstm_table_set(table, device, flags, NULL, batch, n, &bad) < 0)
			die("set", dstm_nl_error(table->nl));
	}
	return count / (now() - begin);
}

static double delete_all(struct dstm_table *table, uint32_t device, uint32_t count,
			 uint8_t last)
{
	double begin = now();
	struct dstm_mapping m;
	uint32_t i;

	for (i = 0; i < count; i++) {
		m = make(i, last);
		if (dstm_table_del(table, device, &m) < 0)
			die("delete", dstm_nl_error(table->nl));
	}
	return count / (now() - begin);
}

int main(int argc, char **argv)
{
	double added, replaced, deleted;
	struct dstm_table table = {};
	uint32_t device, count;
	char error[256];

	if (argc != 3)
		die("usage", "updates DEVICE COUNT");
	device = if_nametoindex(argv[1]);
	count = (uint32_t)strtoul(argv[2], NULL, 10);
	if (!device || !count)
		die(argv[1], "no such device, or nothing to do");
	if (dstm_table_open(&table, error) < 0)
		die("open", error);
	added = set_all(&table, device, NLM_F_CREATE | NLM_F_EXCL, count, 1);
	replaced = set_all(&table, device, NLM_F_REPLACE, count, 2);
	deleted = delete_all(&table, device, count, 2);
	printf("{\"added\": %.0f, \"replaced\": %.0f, \"deleted\": %.0f}\n",
	       added, replaced, deleted);
	dstm_table_close(&table);
	return 0;
}
