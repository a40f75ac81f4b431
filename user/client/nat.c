// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "lib/netlink.h"
#include "nat.h"

#define TABLE	"dstm_client"
#define ERROR	512

/*
 * A set may have thousands of ranges, of which NAT need not use all: so many are
 * chains of their own, among which chance decides.
 */
#define RANGES	256

/* The protocols whose ports the kernel translates. */
#define PORTS	"meta l4proto { tcp, udp, udplite, sctp, dccp }"

static unsigned int ranges(const struct nat *nat)
{
	unsigned int n = dstm_portset_ranges(&nat->ports);

	return n < RANGES ? n : RANGES;
}

/* As elements of a set, or of a map to a chain for each. */
static void ranges_put(FILE *file, const struct nat *nat, const char *chain)
{
	uint16_t first, last;
	unsigned int i;

	for (i = 0; i < ranges(nat); i++) {
		dstm_portset_range(&nat->ports, i, &first, &last);
		fprintf(file, "%s %u", i ? "," : "", first);
		if (last != first)
			fprintf(file, "-%u", last);
		if (chain)
			fprintf(file, " : goto %s%u", chain, i);
	}
}

/*
 * Packets that wait are not to be seen by conntrack: a flow that it knows without
 * translation is not translated when it goes on.
 */
static void hold_put(FILE *file, const struct nat *nat)
{
	fprintf(file,
		"chain hold_local {\n"
		"type filter hook output priority raw\n"
		"oifname \"%s\" notrack\n"
		"}\n"
		"chain hold_forwarded {\n"
		"type filter hook prerouting priority raw\n"
		"fib daddr oifname \"%s\" notrack\n"
		"}\n", nat->hold, nat->hold);
}

static void translate_address_put(FILE *file, const struct nat *nat,
				  const char *addr)
{
	fprintf(file,
		"chain translate {\n"
		"type nat hook postrouting priority srcnat\n"
		"oifname \"%s\" ip saddr != %s snat to %s\n"
		"}\n", nat->tunnel, addr, addr);
}

/* A port that is in the set already stays in its range. */
static void translate_ports_put(FILE *file, const struct nat *nat,
				const char *addr)
{
	uint16_t first, last;
	unsigned int i;

	for (i = 0; i < ranges(nat); i++) {
		dstm_portset_range(&nat->ports, i, &first, &last);
		fprintf(file,
			"chain range%u {\n"
			"meta l4proto { tcp, udp, udplite, sctp, dccp, icmp } "
			"snat to %s:%u-%u\n"
			"}\n", i, addr, first, last);
	}
	fprintf(file,
		"chain translate {\n"
		"type nat hook postrouting priority srcnat\n"
		"oifname != \"%s\" accept\n"
		PORTS " th sport vmap {", nat->tunnel);
	ranges_put(file, nat, "range");
	fprintf(file, " }\n");
	if (ranges(nat) == 1) {
		fprintf(file, "goto range0\n}\n");
		return;
	}
	fprintf(file, "numgen random mod %u vmap {", ranges(nat));
	for (i = 0; i < ranges(nat); i++)
		fprintf(file, "%s %u : goto range%u", i ? "," : "", i, i);
	fprintf(file, " }\n}\n");
}

/* Nothing else leaves, whatever other tables have done to it. */
static void confine_put(FILE *file, const struct nat *nat, const char *addr)
{
	fprintf(file,
		"chain confine {\n"
		"type filter hook postrouting priority srcnat + 10\n"
		"oifname != \"%s\" accept\n"
		"ip saddr != %s drop\n", nat->tunnel, addr);
	if (nat->ports.len) {
		fprintf(file, PORTS " th sport {");
		ranges_put(file, nat, NULL);
		fprintf(file, " } accept\n"
			"icmp type { echo-request, echo-reply } icmp id {");
		ranges_put(file, nat, NULL);
		fprintf(file, " } accept\n"
			"icmp type { destination-unreachable, time-exceeded, "
			"parameter-problem } accept\n"
			"drop\n");
	}
	fprintf(file, "}\n");
}

int nat_text(const struct nat *nat, char *text, size_t size)
{
	FILE *file = fmemopen(text, size, "w");
	char addr[INET_ADDRSTRLEN];
	bool full;

	if (!file)
		return -errno;
	inet_ntop(AF_INET, &nat->ipv4, addr, sizeof(addr));
	/* Deleting what was just added works whether it was there or not. */
	fprintf(file, "table ip " TABLE "\ndelete table ip " TABLE "\n"
		"table ip " TABLE " {\n");
	if (nat->hold)
		hold_put(file, nat);
	if (nat->tunnel) {
		if (nat->ports.len)
			translate_ports_put(file, nat, addr);
		else
			translate_address_put(file, nat, addr);
		confine_put(file, nat, addr);
	}
	fprintf(file, "}\n");
	full = fflush(file) || ferror(file);
	return fclose(file) || full ? -ENOSPC : 0;
}

static int run(const char *text, char *error)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int ret = -ENOMEM;

	snprintf(error, ERROR, "nftables: no memory");
	if (!nft)
		return ret;
	if (nft_ctx_buffer_error(nft) || nft_ctx_buffer_output(nft))
		goto free;
	if (!nft_run_cmd_from_buffer(nft, text)) {
		ret = 0;
		goto free;
	}
	ret = -EIO;
	snprintf(error, ERROR, "nftables: %s", nft_ctx_get_error_buffer(nft));
	/* The first line has the reason, what follows shows our own rules. */
	error[strcspn(error, "\n")] = '\0';
free:
	nft_ctx_free(nft);
	return ret;
}

int nat_set(const struct nat *nat, char *error)
{
	static char text[NAT_TEXT];

	if (nat_text(nat, text, sizeof(text))) {
		snprintf(error, ERROR, "nftables: the rules are too long");
		return -ENOSPC;
	}
	return run(text, error);
}

bool nat_is_gone(void)
{
	struct nfgenmsg *nfg;
	struct nlmsghdr *nlh;
	struct dstm_nl *nl;
	int ret;

	if (dstm_nl_open(&nl, NETLINK_NETFILTER))
		return false;
	nlh = dstm_nl_begin(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0);
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_IPV4;
	nfg->version = NFNETLINK_V0;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, TABLE);
	ret = dstm_nl_ask(nl, nlh, NULL, NULL);
	dstm_nl_close(nl);
	return ret == -ENOENT;
}

void nat_clear(void)
{
	char error[ERROR];

	run("table ip " TABLE "\ndelete table ip " TABLE "\n", error);
}
