// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "conntrack.h"
#include "hold.h"
#include "hook.h"
#include "host.h"
#include "lib/log.h"
#include "nat.h"
#include "sysctl.h"

#define ERROR		512

/* Below it, a program needs a privilege to take a port. */
#define PORTS_FIRST	1024

static void tell(const struct host *h, const char *event)
{
	struct hook hook = {
		.path = h->hook,
		.event = event,
		.device = h->trace.device,
		.mtu = h->trace.mtu,
		.lease = &h->lease,
	};

	hook_run(&hook);
}

/* The address that the host has while it has none. */
static struct in_addr own_addr(void)
{
	return (struct in_addr){ htonl(HOLD_OWN_ADDR) };
}

/* A whole address, and nobody who could have another one, needs no rules. */
static bool translates(const struct host *h, bool leased)
{
	return h->hold || (leased && h->lease.ports.len);
}

static int translate(const struct host *h, bool leased, char *error)
{
	struct nat nat = {
		.hold = leased && h->waits ? NULL : h->hold,
		.tunnel = leased ? h->tunnel.name : NULL,
		.ipv4 = h->lease.ipv4,
		.ports = h->lease.ports,
	};

	if (!translates(h, leased)) {
		nat_clear();
		return 0;
	}
	return nat_set(&nat, error);
}

int host_prepare(struct host *h, char *error)
{
	return translate(h, h->trace.up, error);
}

static struct dstm_mapping mapping(const struct machine_lease *lease,
				   uint64_t now)
{
	struct dstm_mapping m = {
		.ipv4 = lease->ipv4,
		.psid = lease->ports.psid,
		.psid_len = lease->ports.len,
		.psid_offset = lease->ports.offset,
		.local = lease->local,
		.remote = lease->tep,
		.have = 1U << DSTM_A_MAPPING_IPV4 | 1U << DSTM_A_MAPPING_LOCAL |
			1U << DSTM_A_MAPPING_REMOTE,
	};

	if (lease->ports.len)
		m.have |= 1U << DSTM_A_MAPPING_PSID |
			  1U << DSTM_A_MAPPING_PSID_LEN |
			  1U << DSTM_A_MAPPING_PSID_OFFSET;
	if (lease->expires != MACHINE_NEVER) {
		m.lifetime = (uint32_t)((lease->expires - now + 999) / 1000);
		m.have |= 1U << DSTM_A_MAPPING_LIFETIME;
	}
	return m;
}

static uint32_t lifetime(const struct machine_lease *lease, uint64_t now)
{
	if (lease->expires == MACHINE_NEVER)
		return ADDRESS_FOREVER;
	return (uint32_t)((lease->expires - now + 999) / 1000);
}

/*
 * The kernel has one range of local ports, so it can follow only a set that is one
 * range. That it can not is no reason to do without IPv4: nftables translates.
 */
static bool ports_to_follow(const struct dstm_portset *ports, uint16_t *first,
			    uint16_t *last)
{
	if (!ports->len || dstm_portset_ranges(ports) != 1)
		return false;
	dstm_portset_range(ports, 0, first, last);
	if (*first < PORTS_FIRST)
		*first = PORTS_FIRST;
	return *first <= *last;
}

/* What is going to be changed, written down before it is. */
static void plan(struct host *h, uint32_t mtu)
{
	uint16_t first, last;

	h->trace = (struct state_trace){
		.up = true,
		.waits = h->waits,
		.kind = h->kind,
		.mtu = mtu,
		.metric = h->metric,
	};
	snprintf(h->trace.device, sizeof(h->trace.device), "%s", h->device);
	h->trace.ports = ports_to_follow(&h->lease.ports, &first, &last) &&
			 !sysctl_ports_get(&h->trace.first, &h->trace.last);
	h->record(h->data);
}

static void ports_follow(const struct host *h)
{
	uint16_t first, last;

	if (h->trace.ports &&
	    ports_to_follow(&h->lease.ports, &first, &last) &&
	    sysctl_ports_set(first, last))
		dstm_log(DSTM_LOG_WARNING,
			 "net.ipv4.ip_local_port_range can not be set");
}

static int address_add(struct host *h, const struct machine_lease *lease,
		       uint64_t now, char *error)
{
	int ret = address_set(h->nl, h->tunnel.ifindex, lease->ipv4, 32,
			      lifetime(lease, now));

	if (ret)
		snprintf(error, ERROR, "address of %s: %s", h->tunnel.name,
			 dstm_nl_error(h->nl));
	return ret;
}

static int route_failed(const struct host *h, int ret, char *error)
{
	if (ret)
		snprintf(error, ERROR, "default route to %s: %s",
			 h->tunnel.name, dstm_nl_error(h->nl));
	return ret;
}

static int route_add(struct host *h, struct in_addr source, char *error)
{
	return route_failed(h, address_route(h->nl, h->tunnel.ifindex, source,
					     h->metric), error);
}

static int route_change(struct host *h, struct in_addr source, char *error)
{
	return route_failed(h, address_route_change(h->nl, h->tunnel.ifindex,
						    source, h->metric), error);
}

static void tunnel_begin(struct host *h)
{
	h->tunnel = (struct tunnel){ .nl = h->nl, .kind = h->kind };
	snprintf(h->tunnel.name, sizeof(h->tunnel.name), "%s", h->device);
}

static int tunnel_build(struct host *h, uint32_t mtu, uint64_t now, char *error)
{
	struct dstm_mapping m = mapping(&h->lease, now);

	if (h->waits)
		return tunnel_fill(&h->tunnel, &m, mtu, error);
	tunnel_begin(h);
	return tunnel_add(&h->tunnel, &m, mtu, error);
}

static int build(struct host *h, uint32_t mtu, uint64_t now, char *error)
{
	int ret = 0;

	if (h->waits)
		ret = host_wait(h, error);
	if (ret)
		return ret;
	plan(h, mtu);
	ret = tunnel_build(h, mtu, now, error);
	if (ret)
		return ret;
	h->trace.kind = h->tunnel.kind;
	/* The route is last: what takes it finds all the rest in place. */
	ret = address_add(h, &h->lease, now, error);
	if (!ret)
		ret = translate(h, true, error);
	if (ret)
		return ret;
	ports_follow(h);
	return h->waits ? route_change(h, h->lease.ipv4, error) :
	       route_add(h, h->lease.ipv4, error);
}

static bool same_ports(const struct machine_lease *a,
		       const struct machine_lease *b)
{
	return a->ipv4.s_addr == b->ipv4.s_addr &&
	       a->ports.len == b->ports.len &&
	       a->ports.psid == b->ports.psid &&
	       a->ports.offset == b->ports.offset;
}

static bool same(const struct machine_lease *a, const struct machine_lease *b)
{
	return same_ports(a, b) &&
	       IN6_ARE_ADDR_EQUAL(&a->local, &b->local) &&
	       IN6_ARE_ADDR_EQUAL(&a->tep, &b->tep);
}

/* What only programs go by, and no packet. */
static bool same_advice(const struct machine_lease *a,
			const struct machine_lease *b)
{
	return a->tep_ipv4.s_addr == b->tep_ipv4.s_addr &&
	       a->dns_count == b->dns_count &&
	       !memcmp(a->dns, b->dns, a->dns_count * sizeof(a->dns[0]));
}

/* The lease is the same, only longer: traffic is not disturbed. */
static int extend(struct host *h, const struct machine_lease *lease,
		  uint64_t now, char *error)
{
	struct dstm_mapping m = mapping(lease, now);
	int ret = tunnel_extend(&h->tunnel, &m, error);

	if (!ret)
		ret = address_add(h, lease, now, error);
	if (!ret)
		h->lease = *lease;
	return ret;
}

static bool exists(struct host *h)
{
	uint64_t packets;

	return h->tunnel.ifindex && !tunnel_sent(&h->tunnel, &packets);
}

/* An address or a metric may be taken: then nothing is left of the device. */
static int wait_on_tunnel(struct host *h, char *error)
{
	int ret = tunnel_wait(&h->tunnel, HOLD_MTU, error);

	if (!ret && address_set(h->nl, h->tunnel.ifindex, own_addr(),
				HOLD_PREFIX_LEN, ADDRESS_FOREVER)) {
		snprintf(error, ERROR, "address of %s: %s", h->tunnel.name,
			 dstm_nl_error(h->nl));
		ret = -EADDRNOTAVAIL;
	}
	if (!ret && !h->trace.up)
		ret = route_add(h, own_addr(), error);
	return ret;
}

int host_wait(struct host *h, char *error)
{
	int ret;

	if (h->kind == TUNNEL_IP6TNL ||
	    (h->trace.up && h->trace.kind == TUNNEL_IP6TNL))
		return -EOPNOTSUPP;
	if (h->waits && exists(h))
		return 0;
	if (!h->trace.up) {
		tunnel_begin(h);
		h->trace = (struct state_trace){
			.kind = TUNNEL_DSTM,
			.metric = h->metric,
		};
		memcpy(h->trace.device, h->tunnel.name, sizeof(h->trace.device));
	}
	h->trace.waits = true;
	h->record(h->data);
	ret = wait_on_tunnel(h, error);
	if (ret) {
		tunnel_del(&h->tunnel);
		h->trace = (struct state_trace){0};
		return ret;
	}
	h->waits = true;
	h->hold = h->tunnel.name;
	return 0;
}

/* The kernel takes a route away with its address, and when its device goes down. */
static int path_mend(struct host *h, uint64_t now, char *error)
{
	int ret;

	if (!h->trace.up) {
		ret = address_set(h->nl, h->tunnel.ifindex, own_addr(),
				  HOLD_PREFIX_LEN, ADDRESS_FOREVER);
		if (!ret)
			ret = route_add(h, own_addr(), error);
	} else {
		ret = address_add(h, &h->lease, now, error);
		if (!ret)
			ret = route_add(h, h->lease.ipv4, error);
	}
	/* Who has taken the device down wants it so. */
	return ret == -EEXIST || ret == -ENETDOWN ? 0 : ret;
}

int host_mend(struct host *h, uint64_t now, char *error)
{
	int ret = 0;

	if (h->trace.up && (h->lease.expires <= now || !exists(h)))
		return 0;
	if (!h->trace.up && h->waits)
		ret = host_wait(h, error);
	if (!ret && (h->trace.up || h->waits))
		ret = path_mend(h, now, error);
	if (!ret && translates(h, h->trace.up) && nat_is_gone())
		ret = translate(h, h->trace.up, error);
	return ret;
}

/* The route first: without its source, the kernel would take it away. */
static void empty(struct host *h)
{
	char error[ERROR];

	tunnel_empty(&h->tunnel, HOLD_MTU);
	route_change(h, own_addr(), error);
	address_del(h->nl, h->tunnel.ifindex, h->lease.ipv4, 32);
}

/* Everything but the rules for packets that wait. */
static void take_back(struct host *h)
{
	struct state_trace left = {0};

	if (!h->trace.up)
		return;
	if (h->trace.ports)
		sysctl_ports_set(h->trace.first, h->trace.last);
	if (h->waits && exists(h)) {
		empty(h);
		left.waits = true;
		left.kind = TUNNEL_DSTM;
		left.metric = h->trace.metric;
		memcpy(left.device, h->trace.device, sizeof(left.device));
	} else {
		tunnel_del(&h->tunnel);
	}
	h->trace = left;
}

int host_apply(struct host *h, const struct machine_lease *lease, uint32_t mtu,
	       uint64_t now, char *error)
{
	bool was_up = h->trace.up;
	bool advised = same_advice(&h->lease, lease);
	int ret;

	if (was_up && mtu == h->trace.mtu && same(&h->lease, lease) &&
	    !extend(h, lease, now, error)) {
		if (!advised)
			tell(h, "change");
		return 0;
	}
	take_back(h);
	/* RFC 7596 section 5.1: translations end with the address or its ports. */
	if (was_up && !same_ports(&h->lease, lease))
		conntrack_forget(h->lease.ipv4);
	h->lease = *lease;
	ret = build(h, mtu, now, error);
	if (ret) {
		host_clear(h);
		return ret;
	}
	tell(h, was_up ? "change" : "up");
	return 0;
}

void host_clear(struct host *h)
{
	struct state_trace trace = h->trace, left;
	char error[ERROR];

	if (!trace.up)
		return;
	take_back(h);
	left = h->trace;
	if (translate(h, false, error))
		dstm_log(DSTM_LOG_ERR, "%s", error);
	conntrack_forget(h->lease.ipv4);
	/* The hook is told of what was. */
	h->trace = trace;
	tell(h, "down");
	h->trace = left;
}

void host_end(struct host *h)
{
	h->waits = false;
	h->hold = NULL;
	host_clear(h);
	tunnel_del(&h->tunnel);
	h->trace = (struct state_trace){0};
	nat_clear();
}

/* Whether what was left is what we would make. */
static bool fits(struct host *h, const struct state *state)
{
	const struct state_trace *trace = &state->trace;
	char error[ERROR];
	int ret;

	if (!trace->up || !state->leased || !h->tunnel.ifindex ||
	    trace->metric != h->metric || strcmp(h->tunnel.name, h->device) != 0 ||
	    (h->kind != TUNNEL_AUTO && h->kind != h->tunnel.kind))
		return false;
	ret = route_add(h, h->lease.ipv4, error);
	return !ret || ret == -EEXIST;
}

void host_adopt(struct host *h, const struct state *state)
{
	const struct state_trace *trace = &state->trace;

	if (!trace->up && !trace->waits)
		return;
	h->trace = *trace;
	h->lease = state->lease;
	h->tunnel = (struct tunnel){
		.nl = h->nl,
		.kind = trace->kind,
		.ifindex = if_nametoindex(trace->device),
	};
	memcpy(h->tunnel.name, trace->device, sizeof(h->tunnel.name));
	if (fits(h, state))
		return;
	dstm_log(DSTM_LOG_NOTICE, "taking back what an earlier run has left");
	host_end(h);
}

bool host_usable(struct host *h, const struct machine_lease *lease)
{
	char text[INET_ADDRSTRLEN];
	bool found;

	if (address_elsewhere(h->nl, lease->ipv4, h->tunnel.ifindex, &found) ||
	    !found)
		return true;
	inet_ntop(AF_INET, &lease->ipv4, text, sizeof(text));
	dstm_log(DSTM_LOG_WARNING,
		 "%s is lent to us, but another device here has it: declined",
		 text);
	return false;
}
