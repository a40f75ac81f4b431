// SPDX-License-Identifier: GPL-2.0
/* Why IPv4 does not flow: each finding with what to do about it. */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/link.h"
#include "../lib/route.h"
#include "firewall.h"
#include "nl.h"

/* So many devices are looked at, and so many mappings of each. */
#define DEVICES		64
#define SAMPLE		64

struct check {
	struct nl *nl;
	struct dstm_jsonw json;
	unsigned int findings;
	const struct dstm_link *link;
	struct dstm_mapping sample[SAMPLE];
	size_t sampled;
	size_t mappings;
	json_t *firewall;	/* NULL: not to be had */
};

struct devices {
	struct dstm_link list[DEVICES];
	size_t count;
};

__attribute__((format(printf, 3, 4)))
static void finding(struct check *check, const char *fix, const char *format,
		    ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);

	check->findings++;
	if (!check->nl->json) {
		printf("%s%s%s\n    fix: %s\n",
		       check->link ? check->link->name : "",
		       check->link ? ": " : "", text, fix);
		return;
	}
	dstm_jsonw_open(&check->json, NULL, '{');
	if (check->link)
		dstm_jsonw_string(&check->json, "dev", check->link->name);
	dstm_jsonw_string(&check->json, "finding", text);
	dstm_jsonw_string(&check->json, "fix", fix);
	dstm_jsonw_close(&check->json, '}');
}

/* The number in a file of net.ipv4.conf, or 0. */
static int conf(const char *dev, const char *name)
{
	char path[128];
	FILE *file;
	int value;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", dev,
		 name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static uint32_t mtu_of(uint32_t ifindex)
{
	struct ifreq request = {0};
	int fd, ret;

	if (!if_indextoname(ifindex, request.ifr_name))
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	ret = ioctl(fd, SIOCGIFMTU, &request);
	close(fd);
	return ret ? 0 : (uint32_t)request.ifr_mtu;
}

static void check_local(struct check *check)
{
	const struct dstm_link *link = check->link;
	char addr[INET6_ADDRSTRLEN], fix[128];
	struct dstm_route route;
	int ret;

	ret = dstm_route_get(check->nl->route, AF_INET6, &link->local, &route);
	if (!ret && (route.type == RTN_LOCAL || route.type == RTN_ANYCAST))
		return;
	inet_ntop(AF_INET6, &link->local, addr, sizeof(addr));
	snprintf(fix, sizeof(fix), "ip -6 addr add %s/128 dev lo", addr);
	finding(check, fix, "local %s is no address of this host, so nothing comes out of the tunnel",
		addr);
}

static void check_forwarding(struct check *check)
{
	if (conf(check->link->name, "forwarding"))
		return;
	finding(check, "sysctl -w net.ipv4.ip_forward=1",
		"IPv4 is not forwarded");
}

/* What is in a shortcut's way, and what to do about it, by the bits of obstacles. */
static void check_shortcut(struct check *check)
{
	static const char * const what[][2] = {
		{ "netfilter has hooks on the way of forwarded IPv4: connection tracking, NAT or rules",
		  "remove them (`nft list ruleset`, `lsmod | grep conntrack`), or do without, by dstm-nl link set NAME shortcut off" },
		{ "netfilter has hooks on the way of received IPv6",
		  "remove the rules at prerouting and input of ip6 and inet, `nft list ruleset` shows them; a chain of family netdev stays in front of the shortcut" },
		{ "there are IPsec policies, or a default that is not to accept",
		  "ip xfrm policy flush; ip xfrm policy setdefault in accept fwd accept out accept" },
		{ "there are routing rules",
		  "remove them, `ip rule` and `ip -6 rule` show them; the kernel forgets that there were some with the network namespace, or at the next boot" },
		{ "packets of the device are watched, by a packet socket such as tcpdump's, or by tc",
		  "end tcpdump, or see `tc qdisc show` and `tc filter show`" },
		{ "a device of it is a port of a bridge, bond or VRF, or has a packet socket",
		  "name the bridge or the bond itself" },
	};
	const struct dstm_link *link = check->link;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(what); i++)
		if (link->obstacles >> i & 1)
			finding(check, what[i][1],
				"the shortcut stands aside (%s): %s",
				dstm_link_obstacle(i), what[i][0]);
}

/* At a gateway, each address that is lent is behind the device. */
static void check_route(struct check *check, const struct dstm_mapping *m)
{
	const char *dev = check->link->name;
	char addr[INET_ADDRSTRLEN], fix[256];
	struct dstm_route route;
	int ret;

	ret = dstm_route_get(check->nl->route, AF_INET, &m->ipv4, &route);
	if (!ret && route.type == RTN_UNICAST &&
	    route.ifindex == check->link->ifindex)
		return;
	inet_ntop(AF_INET, &m->ipv4, addr, sizeof(addr));
	snprintf(fix, sizeof(fix), "ip route add %s/32 dev %s", addr, dev);
	finding(check, fix, "packets to %s do not go into the tunnel", addr);

	if (conf(dev, "rp_filter") == 1 ||
	    (conf("all", "rp_filter") == 1 && conf(dev, "rp_filter") < 2)) {
		snprintf(fix, sizeof(fix),
			 "add the route, or sysctl -w net.ipv4.conf.%s.rp_filter=2",
			 dev);
		finding(check, fix, "rp_filter is strict, so packets from %s are dropped without that route",
			addr);
	}
}

/* At a client, the address is its own and everything else is behind. */
static void check_client(struct check *check, const struct dstm_mapping *m)
{
	const struct in_addr elsewhere = { htonl(0xc6336401) };
	const char *dev = check->link->name;
	char addr[INET_ADDRSTRLEN], fix[128];
	struct dstm_route route;
	int ret;

	ret = dstm_route_get(check->nl->route, AF_INET, &m->ipv4, &route);
	if (ret || route.type != RTN_LOCAL) {
		inet_ntop(AF_INET, &m->ipv4, addr, sizeof(addr));
		snprintf(fix, sizeof(fix), "ip addr add %s/32 dev %s", addr,
			 dev);
		finding(check, fix, "%s is no address of this host", addr);
	}
	ret = dstm_route_get(check->nl->route, AF_INET, &elsewhere, &route);
	if (ret || route.ifindex != check->link->ifindex) {
		snprintf(fix, sizeof(fix), "ip route add default dev %s", dev);
		finding(check, fix, "IPv4 has its default route elsewhere, or none");
	}
}

static void check_underlay(struct check *check, const struct dstm_mapping *m)
{
	const struct dstm_link *link = check->link;
	uint32_t overhead = 40, mtu;
	char addr[INET6_ADDRSTRLEN], fix[128];
	struct dstm_route route;
	int ret;

	inet_ntop(AF_INET6, &m->remote, addr, sizeof(addr));
	ret = dstm_route_get(check->nl->route, AF_INET6, &m->remote, &route);
	/* Both ends may be on one host. */
	if (!ret && route.type == RTN_LOCAL)
		return;
	if (ret || route.type != RTN_UNICAST) {
		snprintf(fix, sizeof(fix),
			 "ip -6 route add %s/128 via GATEWAY dev DEVICE", addr);
		finding(check, fix, "there is no IPv6 route to %s", addr);
		return;
	}
	if (route.ifindex == link->ifindex) {
		snprintf(fix, sizeof(fix), "ip -6 route del %s dev %s", addr,
			 link->name);
		finding(check, fix, "the way to %s leads into the device itself",
			addr);
		return;
	}

	/* A gateway that fragments outside takes in more than fits, on purpose. */
	if (link->role == DSTM_ROLE_GATEWAY && link->frag == DSTM_FRAG_OUTER)
		return;
	/* RFC 2473: the header, and an option header for the limit. */
	if (link->have >> IFLA_DSTM_ENCAP_LIMIT & 1 && link->encap_limit >= 0)
		overhead += 8;
	mtu = mtu_of(route.ifindex);
	if (mtu <= overhead || link->mtu + overhead <= mtu)
		return;
	snprintf(fix, sizeof(fix), "dstm-nl link set %s mtu %u", link->name,
		 mtu - overhead);
	finding(check, fix, "mtu %u is more than the way to %s holds without fragments",
		link->mtu, addr);
}

static int sample(uint32_t ifindex, const struct dstm_mapping *m,
		  const struct dstm_usage *usage, void *data)
{
	struct check *check = data;

	(void)ifindex;
	(void)usage;
	check->mappings++;
	if (check->sampled < SAMPLE)
		check->sample[check->sampled++] = *m;
	return 0;
}

/* The first mapping that has a finding speaks for the others. */
static void check_mappings(struct check *check)
{
	unsigned int before = check->findings;
	size_t i;

	for (i = 0; i < check->sampled && check->findings == before; i++) {
		if (check->link->role == DSTM_ROLE_CLIENT)
			check_client(check, &check->sample[i]);
		else
			check_route(check, &check->sample[i]);
	}
	before = check->findings;
	for (i = 0; i < check->sampled && check->findings == before &&
		    !check->link->netns; i++)
		check_underlay(check, &check->sample[i]);
}

static void firewall_finding(const char *text, const char *fix, void *data)
{
	finding(data, fix, "%s", text);
}

static int check_device(struct check *check)
{
	const struct dstm_link *link = check->link;
	char fix[128];

	if (!link->up) {
		snprintf(fix, sizeof(fix), "dstm-nl link set %s up",
			 link->name);
		finding(check, fix, "the device is down");
	}
	if (!link->netns)
		check_local(check);
	else if (!check->nl->json)
		printf("%s: note: its IPv6 side is in another network namespace, not looked at\n",
		       link->name);
	if (link->role == DSTM_ROLE_GATEWAY)
		check_forwarding(check);
	if (check->firewall)
		firewall_check(check->firewall, link, firewall_finding, check);
	check_shortcut(check);

	check->sampled = 0;
	check->mappings = 0;
	if (dstm_table_dump(&check->nl->table, link->ifindex, NULL, sample,
			    check))
		return nl_fail("%s: mappings: %s", link->name,
			       dstm_nl_error(check->nl->table.nl));
	if (!check->mappings) {
		snprintf(fix, sizeof(fix),
			 "dstm-nl map add dev %s ipv4 ADDR remote ADDR",
			 link->name);
		finding(check, fix, "there is no mapping");
	}
	/* Of a device that is down, no route can be right. */
	if (link->up)
		check_mappings(check);
	return DONE;
}

static int remember(const struct dstm_link *link, void *data)
{
	struct devices *devices = data;

	if (devices->count < DEVICES)
		devices->list[devices->count++] = *link;
	return 0;
}

static int check_all(struct check *check, const char *dev)
{
	static struct devices devices;
	struct nl *nl = check->nl;
	char error[256];
	int ret = DONE;
	size_t i;

	if (!nl->table.nl && dstm_table_open(&nl->table, error)) {
		finding(check, "modprobe dstm", "%s", error);
		return DONE;
	}
	devices.count = 0;
	if (dev && !dstm_link_get(nl->route, dev, &devices.list[0]))
		devices.count = 1;
	else if (dev || dstm_link_dump(nl->route, remember, &devices))
		return nl_fail("%s: %s", dev ? dev : "devices",
			       dstm_nl_error(nl->route));
	if (!devices.count)
		finding(check, "dstm-nl link add dstm0 local ADDR up",
			"there is no device of kind dstm");

	for (i = 0; i < devices.count && ret == DONE; i++) {
		check->link = &devices.list[i];
		ret = check_device(check);
	}
	check->link = NULL;
	return ret;
}

int check_run(struct nl *nl, int argc, char **argv)
{
	struct check check = { .nl = nl, .json = nl_jsonw(nl) };
	char error[128];
	const char *dev;
	int ret;

	ret = nl_only_dev(argc, argv, false, &dev);
	if (ret == DONE)
		ret = nl_route(nl);
	if (ret != DONE)
		return ret;

	if (firewall_read(&check.firewall, error, sizeof(error)) && !nl->json)
		printf("note: the firewall is not looked at: %s\n", error);
	if (nl->json)
		dstm_jsonw_open(&check.json, NULL, '[');
	ret = check_all(&check, dev);
	json_decref(check.firewall);
	if (nl->json)
		dstm_jsonw_close(&check.json, ']');
	else if (ret == DONE)
		printf("%u findings\n", check.findings);
	if (ret == DONE)
		ret = nl_flush();
	return ret == DONE && check.findings ? FAILED : ret;
}
