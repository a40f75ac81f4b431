// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "nl.h"

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

struct event {
	struct nl *nl;
	const char *name;
};

/* Opens the line of an event; its members follow. */
static struct dstm_jsonw line_open(const struct event *event, uint32_t ifindex)
{
	struct dstm_jsonw w = { .file = stdout };

	nl_ifname_forget();
	if (event->nl->json) {
		dstm_jsonw_open(&w, NULL, '{');
		dstm_jsonw_string(&w, "event", event->name);
		dstm_jsonw_string(&w, "dev", nl_ifname(ifindex));
	} else {
		printf("%s dev %s", event->name, nl_ifname(ifindex));
	}
	return w;
}

static void line_close(const struct event *event, struct dstm_jsonw *w)
{
	if (event->nl->json)
		dstm_jsonw_close(w, '}');
	else
		putchar('\n');
}

static int show_mapping(uint32_t ifindex, const struct dstm_mapping *m,
			const struct dstm_usage *usage, void *data)
{
	const struct event *event = data;
	struct dstm_jsonw w = line_open(event, ifindex);
	char text[DSTM_MAPPING_TEXT];

	(void)usage;
	if (event->nl->json) {
		dstm_mapping_json_members(&w, m, NULL);
	} else {
		dstm_mapping_text(m, text);
		printf(" %s", text);
	}
	line_close(event, &w);
	return 0;
}

enum kind { NONE, IPV4, IPV6, U8, U16, STRING };

static const struct {
	const char *name;
	enum kind kind;
	size_t size;
} packet_fields[DSTM_A_PACKET_MAX + 1] = {
	[DSTM_A_PACKET_SOURCE] = { "source", IPV4, 4 },
	[DSTM_A_PACKET_DESTINATION] = { "destination", IPV4, 4 },
	[DSTM_A_PACKET_PROTOCOL] = { "protocol", U8, 1 },
	[DSTM_A_PACKET_SOURCE_PORT] = { "source-port", U16, 2 },
	[DSTM_A_PACKET_DESTINATION_PORT] = { "destination-port", U16, 2 },
	[DSTM_A_PACKET_OUTER_SOURCE] = { "outer-source", IPV6, 16 },
	[DSTM_A_PACKET_OUTER_DESTINATION] = { "outer-destination", IPV6, 16 },
	[DSTM_A_PACKET_REASON] = { "reason", STRING, 0 },
};

static void packet_field(const struct event *event, struct dstm_jsonw *w,
			 const struct nlattr *attr)
{
	char text[INET6_ADDRSTRLEN];
	uint16_t type = mnl_attr_get_type(attr);
	const char *string = text;
	const char *name;
	enum kind kind;
	unsigned int number = 0;

	if (type > DSTM_A_PACKET_MAX || !packet_fields[type].name)
		return;
	kind = packet_fields[type].kind;
	name = packet_fields[type].name;
	if (kind == STRING) {
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
			return;
		string = mnl_attr_get_str(attr);
	} else if (mnl_attr_get_payload_len(attr) != packet_fields[type].size) {
		return;
	} else if (kind == IPV4 || kind == IPV6) {
		inet_ntop(kind == IPV4 ? AF_INET : AF_INET6,
			  mnl_attr_get_payload(attr), text, sizeof(text));
	} else {
		number = kind == U8 ? mnl_attr_get_u8(attr) :
				      mnl_attr_get_u16(attr);
		snprintf(text, sizeof(text), "%u", number);
	}

	if (!event->nl->json)
		printf(" %s %s", name, string);
	else if (kind == U8 || kind == U16)
		dstm_jsonw_uint(w, name, number);
	else
		dstm_jsonw_string(w, name, string);
}

static void show_packet(const struct event *event, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *packet = NULL;
	uint32_t ifindex = 0;
	struct dstm_jsonw w;

	dstm_nl_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == DSTM_A_IFINDEX)
			ifindex = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == DSTM_A_PACKET)
			packet = attr;
	}

	w = line_open(event, ifindex);
	if (packet)
		dstm_nl_for_each_nested(attr, packet)
			packet_field(event, &w, attr);
	line_close(event, &w);
}

static int show(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct event event = { .nl = data };
	int ret;

	ret = dstm_table_renewed(&event.nl->table, nlh);
	if (ret)
		return ret < 0 ? ret : 0;
	if (nlh->nlmsg_type != event.nl->table.family)
		return 0;
	switch (genl->cmd) {
	case DSTM_CMD_MAP_NEW_NTF:
		event.name = "new";
		break;
	case DSTM_CMD_MAP_DEL_NTF:
		event.name = "del";
		break;
	case DSTM_CMD_MAP_EXPIRE_NTF:
		event.name = "expire";
		break;
	case DSTM_CMD_ACQUIRE_NTF:
		event.name = "acquire";
		show_packet(&event, nlh);
		return fflush(stdout) ? -errno : 0;
	case DSTM_CMD_SPOOF_NTF:
		event.name = "spoof";
		show_packet(&event, nlh);
		return fflush(stdout) ? -errno : 0;
	default:
		return 0;
	}
	dstm_table_mappings(nlh, show_mapping, &event);
	return fflush(stdout) ? -errno : 0;
}

int monitor_run(struct nl *nl, int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	sigset_t blocked, waiting;
	struct pollfd fd = { .events = POLLIN };
	int ret;

	if (argc)
		return nl_misuse("what is %s here?", argv[0]);
	if (nl_table(nl))
		return FAILED;
	ret = dstm_table_watch(&nl->table);
	if (ret)
		return nl_fail("events: %s", strerror(-ret));

	/* Only while it waits do the signals come, so none comes unnoticed. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	sigdelset(&waiting, SIGINT);
	sigdelset(&waiting, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	fd.fd = dstm_nl_fd(nl->table.nl);
	while (!ended) {
		if (ppoll(&fd, 1, NULL, &waiting) < 0)
			continue;
		ret = dstm_nl_events(nl->table.nl, show, nl);
		if (ret == -ENOBUFS)
			nl_fail("events were lost, they came too fast");
		else if (ret)
			return nl_fail("events: %s", strerror(-ret));
	}
	return DONE;
}
