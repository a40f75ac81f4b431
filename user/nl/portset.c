// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "../lib/addr.h"
#include "../lib/portset.h"
#include "nl.h"

static int parse(struct dstm_portset *set, int argc, char **argv)
{
	const char *reason;
	bool psid = false, len = false, offset = false;
	uint64_t number;
	int i;

	memset(set, 0, sizeof(*set));
	for (i = 0; i < argc; i += 2) {
		if (i + 1 == argc)
			return nl_misuse("%s: a value is missing", argv[i]);
		if (dstm_number_parse(argv[i + 1], UINT16_MAX, &number))
			return nl_misuse("%s: expected a number, not \"%s\"",
					 argv[i], argv[i + 1]);
		if (!strcmp(argv[i], "psid")) {
			if (psid)
				return nl_misuse("psid is given twice");
			set->psid = (uint16_t)number;
			psid = true;
		} else if (!strcmp(argv[i], "psid-len")) {
			if (len)
				return nl_misuse("psid-len is given twice");
			set->len = number > 255 ? 255 : (uint8_t)number;
			len = true;
		} else if (!strcmp(argv[i], "psid-offset")) {
			if (offset)
				return nl_misuse("psid-offset is given twice");
			set->offset = number > 255 ? 255 : (uint8_t)number;
			offset = true;
		} else {
			return nl_misuse("what is %s here?", argv[i]);
		}
	}
	if (!psid || !len)
		return nl_misuse("psid N and psid-len N are required");
	reason = dstm_portset_wrong(set);
	return reason ? nl_fail("%s", reason) : DONE;
}

static int portset_ports(struct nl *nl, int argc, char **argv)
{
	struct dstm_jsonw w = nl_jsonw(nl);
	struct dstm_portset set;
	uint16_t first, last;
	unsigned int i;
	int ret;

	ret = parse(&set, argc, argv);
	if (ret != DONE)
		return ret;

	if (nl->json)
		dstm_jsonw_open(&w, NULL, '[');
	for (i = 0; i < dstm_portset_ranges(&set); i++) {
		dstm_portset_range(&set, i, &first, &last);
		if (!nl->json) {
			printf("%u-%u\n", first, last);
			continue;
		}
		dstm_jsonw_open(&w, NULL, '{');
		dstm_jsonw_uint(&w, "first", first);
		dstm_jsonw_uint(&w, "last", last);
		dstm_jsonw_close(&w, '}');
	}
	if (nl->json)
		dstm_jsonw_close(&w, ']');
	return nl_flush();
}

const struct nl_command portset_commands[] = {
	{ .name = "ports", .run = portset_ports,
	  .usage = "psid N psid-len N [psid-offset N]",
	  .help = "show which ports a port set has" },
	{ .name = NULL },
};
