// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "client.h"
#include "lib/log.h"
#include "lib/notify.h"
#include "lib/route.h"
#include "source.h"

#define ERROR		512
#define IAID		1U
#define SECOND		UINT64_C(1000)

/* Addresses and routes come in flocks: so long it waits for the last. */
#define LOOK_DELAY	(SECOND / 5)
#define LOOK_AGAIN	(5 * SECOND)
#define CHECK_MOST	(10 * SECOND)
#define HEADER		40U

static const struct in6_addr all_servers = {
	{{ 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2 }}
};

/* An address of the Internet's, to ask for the route to it. */
static const struct in6_addr internet = {{{ 0x20 }}};

static uint32_t client_random(void *data)
{
	uint32_t value = 0;

	(void)data;
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		value = (uint32_t)state_now() * 2654435761U;
	return value;
}

/* Do what is due as soon as the present event is done with. */
static void soon(struct client *c)
{
	const struct timeval now = {0};

	event_add(c->timer, &now);
}

static bool discovers(const struct client *c)
{
	return !c->config->servers_count;
}

static bool has_local(const struct client *c)
{
	return !IN6_IS_ADDR_UNSPECIFIED(&c->local);
}

const struct in6_addr *client_servers(const struct client *c,
				      unsigned int *count)
{
	*count = discovers(c) ? c->discovery.servers_count :
		 c->config->servers_count;
	return discovers(c) ? c->discovery.servers : c->config->servers;
}

static bool ready(const struct client *c)
{
	return has_local(c) && (!discovers(c) || c->discovery.found);
}

static void send_to(struct client *c, const struct dhcpv6_message *m,
		    const struct in6_addr *to)
{
	bool near = IN6_IS_ADDR_LINKLOCAL(to) || IN6_IS_ADDR_MULTICAST(to);
	static struct dstm_log_limit limit;
	char text[INET6_ADDRSTRLEN];
	int ret;

	ret = exchange_send(near ? &c->near : &c->far, m, to);
	if (ret)
		dstm_log_limited(&limit, DSTM_LOG_WARNING, "%s to %s: %s",
				 dhcpv6_type_name(m->type),
				 inet_ntop(AF_INET6, to, text, sizeof(text)),
				 strerror(-ret));
}

static void discovery_send(const struct dhcpv6_message *m, void *data)
{
	send_to(data, m, &all_servers);
}

static void machine_send(const struct dhcpv4_message *msg,
			 const struct in6_addr *to, void *data)
{
	struct dhcpv6_message m = { .type = DHCPV6_DHCPV4_QUERY };
	uint8_t inside[DHCPV4_MESSAGE];
	struct client *c = data;
	const struct in6_addr *list;
	unsigned int i, count;
	int len;

	len = dhcpv4_build(msg, inside, sizeof(inside));
	if (len < 0)
		return;
	m.dhcpv4 = (struct dhcpv6_slice){ inside, (size_t)len };
	dhcpv6_give(&m, DHCPV6_OPT_DHCPV4_MSG);
	dstm_log(DSTM_LOG_DEBUG, "%s", dhcpv4_type_name(msg->type));
	if (to) {
		m.flags = DHCPV6_FLAG_UNICAST;
		send_to(c, &m, to);
		return;
	}
	list = client_servers(c, &count);
	if (!count)
		send_to(c, &m, &all_servers);
	for (i = 0; i < count; i++)
		send_to(c, &m, &list[i]);
}

static void save(struct client *c)
{
	struct state *s = &c->state;

	s->former = c->machine.self.former;
	s->leased = machine_has_lease(&c->machine);
	if (s->leased)
		s->lease = c->machine.lease;
	s->trace = c->host.trace;
	state_save(s, c->config->state_file);
}

/* At the start, the file's lease is one that the machine does not know of yet. */
static void record(void *data)
{
	struct client *c = data;

	if (machine_has_lease(&c->machine)) {
		save(c);
		return;
	}
	c->state.trace = c->host.trace;
	state_save(&c->state, c->config->state_file);
}

static void say_bound(const struct client *c, const struct machine_lease *l)
{
	char ipv4[INET_ADDRSTRLEN], tep[INET6_ADDRSTRLEN], ports[64] = "";
	char local[INET6_ADDRSTRLEN], until[32] = "for ever";

	inet_ntop(AF_INET, &l->ipv4, ipv4, sizeof(ipv4));
	inet_ntop(AF_INET6, &l->local, local, sizeof(local));
	inet_ntop(AF_INET6, &l->tep, tep, sizeof(tep));
	if (l->ports.len)
		snprintf(ports, sizeof(ports),
			 " psid %u psid-len %u psid-offset %u", l->ports.psid,
			 l->ports.len, l->ports.offset);
	if (l->expires != MACHINE_NEVER)
		snprintf(until, sizeof(until), "for %llu s",
			 (unsigned long long)(l->expires - state_now() + 999) / 1000);
	dstm_log(DSTM_LOG_INFO, "%s%s %s, %s from %s to %s", ipv4, ports, until,
		 c->host.trace.device, local, tep);
	dstm_notify("STATUS=%s%s", ipv4, ports);
}

/* There is no lease for now: answer what waits, and for a while what comes. */
static void refuse(struct client *c, const char *why)
{
	uint64_t now = state_now();

	snprintf(c->reason, sizeof(c->reason), "%s", why);
	dstm_log(DSTM_LOG_WARNING, "no IPv4: %s", why);
	dstm_notify("STATUS=no IPv4: %s", why);
	c->refused = now + c->config->retry * SECOND;
	c->patience = MACHINE_NEVER;
	if (!c->config->on_demand)
		return;
	c->want = false;
	machine_release(&c->machine, now);
	hold_refuse(&c->hold);
}

static uint32_t tunnel_mtu(const struct client *c,
			   const struct machine_lease *lease)
{
	uint32_t mtu = c->config->mtu;

	if (!mtu)
		mtu = lease->mtu;
	if (!mtu)
		mtu = c->path_mtu - HEADER;
	/* The way may be the loopback device's. */
	if (mtu > TUNNEL_MTU_MAX)
		return TUNNEL_MTU_MAX;
	return mtu < HOLD_MTU ? HOLD_MTU : mtu;
}

static void machine_bound(const struct machine_lease *lease, void *data)
{
	struct client *c = data;
	uint64_t now = state_now();
	bool was_up = c->host.trace.up;
	char error[ERROR];

	if (host_apply(&c->host, lease, tunnel_mtu(c, lease), now, error)) {
		machine_release(&c->machine, now);
		refuse(c, error);
		save(c);
		return;
	}
	c->reason[0] = '\0';
	c->patience = MACHINE_NEVER;
	if (!was_up)
		c->used = now;
	c->check = now;
	hold_send(&c->hold, c->host.tunnel.ifindex);
	save(c);
	say_bound(c, lease);
	soon(c);
}

static void machine_lost(const char *why, void *data)
{
	struct client *c = data;

	dstm_log(DSTM_LOG_NOTICE, "the lease has ended: %s", why);
	dstm_notify("STATUS=the lease has ended: %s", why);
	snprintf(c->reason, sizeof(c->reason), "%s", why);
	host_clear(&c->host);
	save(c);
	c->want = !c->config->on_demand;
	soon(c);
}

static void machine_refused(const char *why, void *data)
{
	refuse(data, why);
	save(data);
}

static bool machine_usable(const struct machine_lease *lease, void *data)
{
	struct client *c = data;

	return host_usable(&c->host, lease);
}

static const struct machine_ops machine_ops = {
	.send = machine_send,
	.usable = machine_usable,
	.bound = machine_bound,
	.lost = machine_lost,
	.refused = machine_refused,
	.random = client_random,
};

/* Traffic ends before the server hears that it may lend the address again. */
static void release(struct client *c)
{
	if (machine_has_lease(&c->machine))
		dstm_log(DSTM_LOG_INFO, "the lease is given back");
	dstm_notify("STATUS=no lease");
	host_clear(&c->host);
	machine_release(&c->machine, state_now());
	c->want = !c->config->on_demand;
	save(c);
}

/* Whether the lease is of a server that we are still to use. */
static bool server_stays(const struct client *c, const struct in6_addr *server)
{
	unsigned int i, count;
	const struct in6_addr *list = client_servers(c, &count);

	for (i = 0; i < count; i++)
		if (IN6_ARE_ADDR_EQUAL(&list[i], server))
			return true;
	return !count;
}

static void servers_found(struct client *c)
{
	c->machine.self.tep = IN6_IS_ADDR_UNSPECIFIED(&c->config->tep) ?
			      c->discovery.tep : c->config->tep;
	client_servers(c, &c->machine.self.servers);
	c->look = state_now();
	if (!machine_has_lease(&c->machine) ||
	    server_stays(c, &c->machine.lease.server))
		return;
	dstm_log(DSTM_LOG_NOTICE, "moving to another server");
	release(c);
	c->want = true;
}

static void received(const struct dhcpv6_message *m, const struct in6_addr *from,
		     void *data)
{
	struct client *c = data;
	struct dhcpv4_message msg;
	struct machine_answer answer = {
		.message = &msg,
		.from = *from,
		.tep = m->br_count ? m->br[0] : in6addr_any,
	};

	if (m->type == DHCPV6_DHCPV4_RESPONSE &&
	    dhcpv6_has(m, DHCPV6_OPT_DHCPV4_MSG) &&
	    !dhcpv4_parse(&msg, m->dhcpv4.data, m->dhcpv4.len)) {
		dstm_log(DSTM_LOG_DEBUG, "%s came",
			 dhcpv4_type_name(msg.type));
		machine_receive(&c->machine, &answer, state_now());
	}
	soon(c);
}

/* Which servers there are is to be heard on the link only. */
static void received_near(const struct dhcpv6_message *m,
			  const struct in6_addr *from, void *data)
{
	struct client *c = data;

	if (m->type != DHCPV6_REPLY)
		received(m, from, data);
	else if (discovers(c) && discovery_receive(&c->discovery, m, state_now()))
		servers_found(c);
	soon(c);
}

static enum hold_verdict packet_wanted(const struct hold_packet *p, void *data)
{
	struct client *c = data;
	uint64_t now = state_now();

	if (machine_has_lease(&c->machine)) {
		/* It should have gone into the tunnel: is that still there? */
		c->check = now;
		soon(c);
		/* One that was translated already would only come back. */
		return hold_source(p).s_addr == c->machine.lease.ipv4.s_addr ?
		       HOLD_DROP : HOLD_KEEP;
	}
	if (now < c->refused)
		return HOLD_REFUSE;
	if (c->patience == MACHINE_NEVER) {
		dstm_log(DSTM_LOG_DEBUG, "a packet wants out");
		c->want = true;
		c->patience = now + c->config->patience * SECOND;
		soon(c);
	}
	return HOLD_KEEP;
}

/* The link on which servers are looked for. */
static uint32_t link_index(struct client *c)
{
	struct dstm_route route;

	if (c->config->interface)
		return if_nametoindex(c->config->interface);
	if (dstm_route_get(c->nl, AF_INET6, &internet, &route))
		return 0;
	return route.ifindex;
}

static int look_near(struct client *c, char *error)
{
	uint32_t ifindex = link_index(c);
	char name[IF_NAMESIZE] = "?";
	struct in6_addr local;
	int ret;

	if (!ifindex && c->config->interface) {
		snprintf(error, ERROR, "interface %s is not there",
			 c->config->interface);
		return -ENODEV;
	}
	if (!ifindex) {
		snprintf(error, ERROR, "no route to the IPv6 Internet tells on which interface to look for servers; configure \"interface\" or \"servers\"");
		return -ENETUNREACH;
	}
	ret = source_link_local(ifindex, &local);
	if (ret) {
		snprintf(error, ERROR, "%s has no link-local address to ask for servers from",
			 if_indextoname(ifindex, name));
		return ret;
	}
	if (c->near.event && c->near.ifindex == ifindex &&
	    IN6_ARE_ADDR_EQUAL(&c->near.local, &local))
		return 0;
	ret = exchange_open(&c->near, c->base, &local, ifindex, error);
	if (ret)
		return ret;
	if (discovers(c))
		discovery_start(&c->discovery, state_now());
	return 0;
}

/* Where the tunnel's packets will go to, as far as we know. */
static struct in6_addr toward(const struct client *c)
{
	unsigned int count;
	const struct in6_addr *list = client_servers(c, &count);

	if (machine_has_lease(&c->machine))
		return c->machine.lease.tep;
	if (!IN6_IS_ADDR_UNSPECIFIED(&c->machine.self.tep))
		return c->machine.self.tep;
	return count ? list[0] : internet;
}

/* What source_pick() has failed of. */
static void no_source(const struct source_wish *wish, int ret, char *error)
{
	char local[INET6_ADDRSTRLEN], toward[INET6_ADDRSTRLEN];
	char prefix[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &wish->local, local, sizeof(local));
	inet_ntop(AF_INET6, &wish->prefix, prefix, sizeof(prefix));
	inet_ntop(AF_INET6, &wish->toward, toward, sizeof(toward));
	if (ret == -EADDRNOTAVAIL && !IN6_IS_ADDR_UNSPECIFIED(&wish->local))
		snprintf(error, ERROR, "local: this host has no address %s to begin a tunnel at",
			 local);
	else if (ret == -EADDRNOTAVAIL && wish->prefix_len)
		snprintf(error, ERROR, "this host has no address in %s/%u, where the server wants the tunnel to begin",
			 prefix, wish->prefix_len);
	else if (ret == -EADDRNOTAVAIL)
		snprintf(error, ERROR, "this host has no address to begin a tunnel to %s at",
			 toward);
	else
		snprintf(error, ERROR, "no tunnel can begin here: the way to %s: %s",
			 toward, strerror(-ret));
}

static int look_far(struct client *c, char *error)
{
	struct source_wish wish = {
		.local = c->config->local,
		.prefix = c->discovery.prefix,
		.prefix_len = c->discovery.prefix_len,
		.toward = toward(c),
	};
	char text[INET6_ADDRSTRLEN];
	bool moved = has_local(c);
	struct in6_addr local;
	int ret;

	ret = source_pick(&wish, &local, &c->path_mtu);
	if (ret) {
		no_source(&wish, ret, error);
		return ret;
	}
	if (c->far.event && IN6_ARE_ADDR_EQUAL(&c->local, &local))
		return 0;
	ret = exchange_open(&c->far, c->base, &local, 0, error);
	if (ret)
		return ret;
	dstm_log(DSTM_LOG_INFO, "this end of the tunnel is %s",
		 inet_ntop(AF_INET6, &local, text, sizeof(text)));
	c->local = local;
	c->machine.self.local = local;
	machine_hurry(&c->machine, state_now());
	/* Another network may have other servers. */
	if (moved && discovers(c) && c->near.event)
		discovery_start(&c->discovery, state_now());
	return 0;
}

/* What fails is not tried again at each event, of which it may be the cause. */
static void mend(struct client *c, uint64_t now)
{
	static struct dstm_log_limit limit;
	char error[ERROR];
	int ret;

	if (now < c->mend)
		return;
	ret = host_mend(&c->host, now, error);
	if (!ret && c->host.hold && !c->host.waits)
		ret = tun_mend(&c->tun, c->base, c->nl, c->config->metric + 1,
			       error);
	if (!ret)
		return;
	dstm_log_limited(&limit, DSTM_LOG_ERR, "%s", error);
	c->mend = now + LOOK_AGAIN;
}

static void look_at(struct client *c, uint64_t when)
{
	if (when < c->look)
		c->look = when;
}

/*
 * What we have stays in use while there is nothing better: a link that is down now
 * may be up again soon, with the same address.
 */
static void look(struct client *c, uint64_t now)
{
	static struct dstm_log_limit limit;
	char error[ERROR];
	int ret = 0;

	c->look = MACHINE_NEVER;
	if (machine_has_lease(&c->machine))
		c->check = now;
	else
		mend(c, now);
	if (now < c->mend)
		look_at(c, c->mend);
	if (discovers(c))
		ret = look_near(c, error);
	if (!ret)
		ret = look_far(c, error);
	if (!ret)
		return;
	dstm_log_limited(&limit, DSTM_LOG_NOTICE, "%s", error);
	look_at(c, now + LOOK_AGAIN);
}

/* Whether the tunnel is there, and used. */
static void check_tunnel(struct client *c, uint64_t now)
{
	uint64_t packets, idle = c->config->idle * SECOND;
	uint64_t wait = idle ? idle / 8 : CHECK_MOST;

	c->check = now + (wait > CHECK_MOST ? CHECK_MOST :
			  wait < SECOND ? SECOND : wait);
	if (tunnel_sent(&c->host.tunnel, &packets)) {
		dstm_log(DSTM_LOG_WARNING, "device %s has vanished",
			 c->host.tunnel.name);
		host_clear(&c->host);
		machine_bound(&c->machine.lease, c);
		return;
	}
	mend(c, now);
	hold_send(&c->hold, c->host.tunnel.ifindex);
	if (packets != c->packets)
		c->used = now;
	c->packets = packets;
	if (c->config->on_demand && idle && now - c->used >= idle)
		release(c);
}

static uint64_t earliest(const struct client *c)
{
	uint64_t due = c->look;

	if (c->machine.state != MACHINE_OFF && c->machine.next < due)
		due = c->machine.next;
	if (discovers(c) && c->near.event && c->discovery.next < due)
		due = c->discovery.next;
	if (machine_has_lease(&c->machine)) {
		if (c->check < due)
			due = c->check;
	} else if (c->want) {
		if (c->patience < due)
			due = c->patience;
		if (c->machine.state == MACHINE_OFF && ready(c) &&
		    c->refused < due)
			due = c->refused;
	}
	return due;
}

static void arm(struct client *c, uint64_t now)
{
	uint64_t due = earliest(c), wait = due > now ? due - now : 0;
	struct timeval tv = {
		.tv_sec = (time_t)(wait / 1000),
		.tv_usec = (suseconds_t)(wait % 1000 * 1000),
	};

	if (due == MACHINE_NEVER)
		event_del(c->timer);
	else
		event_add(c->timer, &tv);
}

static void begin(struct client *c, uint64_t now)
{
	char error[ERROR];

	if (!c->state.leased) {
		machine_start(&c->machine, now);
		return;
	}
	c->state.leased = false;
	if (c->state.lease.expires <= now) {
		host_clear(&c->host);
		machine_start(&c->machine, now);
		return;
	}
	/* It may have been found by multicast, and be known on the link only. */
	if (IN6_IS_ADDR_LINKLOCAL(&c->state.lease.server))
		look_near(c, error);
	machine_resume(&c->machine, &c->state.lease, now);
	if (server_stays(c, &c->state.lease.server))
		/* Used at once: it is ours until its end. */
		machine_bound(&c->machine.lease, c);
	else
		servers_found(c);
}

static const char *why_not(const struct client *c)
{
	if (!ready(c))
		return "no server is known";
	return c->machine.state == MACHINE_PAUSED ?
	       "the address that was lent is another device's here" :
	       "no server has answered";
}

static void timer_due(evutil_socket_t fd, short what, void *data)
{
	struct client *c = data;
	uint64_t now = state_now();

	(void)fd;
	(void)what;
	if (now >= c->look)
		look(c, now);
	if (discovers(c) && c->near.event)
		discovery_run(&c->discovery, now);
	machine_run(&c->machine, now);
	if (machine_has_lease(&c->machine)) {
		if (now >= c->check)
			check_tunnel(c, now);
	} else if (c->want && now >= c->patience) {
		refuse(c, why_not(c));
	} else if (c->want && c->machine.state == MACHINE_OFF && ready(c) &&
		   now >= c->refused) {
		begin(c, now);
	}
	arm(c, state_now());
}

static int pass_over(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return 0;
}

/* Something has changed; what, the next look will tell. */
static void monitor_heard(evutil_socket_t fd, short what, void *data)
{
	struct client *c = data;

	(void)fd;
	(void)what;
	dstm_nl_events(c->monitor, pass_over, NULL);
	look_at(c, state_now() + LOOK_DELAY);
	arm(c, state_now());
}

/* Somebody has changed rules, which may have been ours. */
static void rules_heard(evutil_socket_t fd, short what, void *data)
{
	struct client *c = data;

	(void)fd;
	(void)what;
	dstm_nl_events(c->rules, pass_over, NULL);
	look_at(c, state_now());
	arm(c, state_now());
}

/* A kernel without nftables has no rules that could change. */
static int open_rules(struct client *c)
{
	if (dstm_nl_open(&c->rules, NETLINK_NETFILTER) ||
	    dstm_nl_join(c->rules, NFNLGRP_NFTABLES))
		return 0;
	c->rules_heard = event_new(c->base, dstm_nl_fd(c->rules),
				   EV_READ | EV_PERSIST, rules_heard, c);
	return !c->rules_heard || event_add(c->rules_heard, NULL) ? -ENOMEM : 0;
}

static int open_netlink(struct client *c)
{
	int ret;

	ret = dstm_nl_open(&c->nl, NETLINK_ROUTE);
	if (!ret)
		ret = dstm_nl_open(&c->monitor, NETLINK_ROUTE);
	if (!ret)
		ret = dstm_nl_join(c->monitor, RTNLGRP_LINK);
	if (!ret)
		ret = dstm_nl_join(c->monitor, RTNLGRP_IPV6_IFADDR);
	if (!ret)
		ret = dstm_nl_join(c->monitor, RTNLGRP_IPV6_ROUTE);
	if (!ret)
		ret = dstm_nl_join(c->monitor, RTNLGRP_IPV4_ROUTE);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "netlink: %s", strerror(-ret));
		return ret;
	}
	c->heard = event_new(c->base, dstm_nl_fd(c->monitor),
			     EV_READ | EV_PERSIST, monitor_heard, c);
	c->timer = evtimer_new(c->base, timer_due, c);
	if (!c->heard || !c->timer || event_add(c->heard, NULL))
		return -ENOMEM;
	return open_rules(c);
}

static void set_up(struct client *c)
{
	const struct config *config = c->config;

	c->machine.ops = &machine_ops;
	c->machine.data = c;
	c->machine.next = MACHINE_NEVER;
	c->machine.self = (struct machine_self){
		.iaid = IAID,
		.duid_len = c->state.duid_len,
		.accept_ports = config->port_sets,
		.tep = config->tep,
		.former = c->state.former,
		.servers = config->servers_count,
	};
	memcpy(c->machine.self.duid, c->state.duid, c->state.duid_len);
	c->discovery = (struct discovery){
		.send = discovery_send,
		.random = client_random,
		.data = c,
		.duid = { c->state.duid, c->state.duid_len },
		.next = DISCOVERY_NEVER,
	};
	c->near.received = received_near;
	c->far.received = received;
	c->near.data = c->far.data = c;
	c->hold.wanted = packet_wanted;
	c->hold.data = c;
	c->acquire.hold = c->tun.hold = &c->hold;
	c->acquire.ifindex = &c->host.tunnel.ifindex;
	c->host = (struct host){
		.nl = c->nl,
		.device = config->device,
		.kind = config->kind,
		.metric = config->metric,
		.hook = config->hook,
		.record = record,
		.data = c,
	};
}

/* Where the kernel has no devices of kind dstm, a TUN device keeps packets. */
static int open_hold(struct client *c, char *error)
{
	int ret = hold_open(&c->hold, error);

	if (ret)
		return ret;
	ret = host_wait(&c->host, error);
	if (!ret)
		return acquire_open(&c->acquire, c->base, error);
	if (ret != -EOPNOTSUPP || c->config->kind == TUNNEL_DSTM)
		return ret;
	c->host.hold = TUN_DEVICE;
	return tun_open(&c->tun, c->base, c->nl, c->config->metric + 1, error);
}

int client_open(struct client *c, const struct config *config,
		struct event_base *base)
{
	char error[ERROR] = "no memory";
	int ret;

	c->config = config;
	c->base = base;
	ret = open_netlink(c);
	if (ret)
		return ret;
	state_load(&c->state, config->state_file);
	set_up(c);
	host_adopt(&c->host, &c->state);
	/* The DUID has to be the same next time, whatever happens until then. */
	c->state.trace = c->host.trace;
	ret = state_save(&c->state, config->state_file);
	if (ret)
		return ret;
	if (config->on_demand)
		ret = open_hold(c, error);
	if (!ret)
		ret = host_prepare(&c->host, error);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "%s", error);
		/* A lease that an earlier run has left in use stays so. */
		if (!c->state.leased)
			host_end(&c->host);
		return ret;
	}
	c->want = !config->on_demand || c->state.leased;
	c->patience = MACHINE_NEVER;
	c->look = c->used = state_now();
	soon(c);
	return 0;
}

void client_close(struct client *c, bool giving_back)
{
	acquire_close(&c->acquire);
	tun_close(&c->tun);
	hold_close(&c->hold);
	if (c->machine.ops && giving_back) {
		host_end(&c->host);
		release(c);
	}
	exchange_close(&c->near);
	exchange_close(&c->far);
	if (c->heard)
		event_free(c->heard);
	if (c->rules_heard)
		event_free(c->rules_heard);
	if (c->timer)
		event_free(c->timer);
	dstm_nl_close(c->monitor);
	dstm_nl_close(c->rules);
	dstm_nl_close(c->nl);
	memset(c, 0, sizeof(*c));
}
