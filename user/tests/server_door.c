// SPDX-License-Identifier: GPL-2.0
/*
 * The front door on the loopback device, with the engine and a store behind it. The
 * gateway is the test's own: nothing is confirmed before the test says so.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/config.h"
#include "proto/dhcpv4.h"
#include "proto/dhcpv6.h"
#include "server/dhcp4o6.h"

#define LOOPBACK	"::1"

/* The client's tunnel ends here: not a loopback address, so any is allowed. */
#define TUNNEL		"2001:db8:1::7"

static const char text[] =
	"{\"gateways\": [{\"name\": \"g\", \"socket\": \"/s\"}],"
	"\"listen\": {\"address\": \"::1\", \"port\": %u, \"rate-source\": 1000,"
	"            \"relays\": [\"::1/128\"]},"
	"\"information\": {\"servers\": [\"2001:db8::547\"]},"
	"\"pools\": [{\"name\": \"p\", \"prefixes\": [\"192.0.2.0/30\"],"
	"  \"exclude\": [\"192.0.2.0\"], \"gateways\": [\"g\"], \"mtu\": 1460,"
	"  \"tep\": {\"ipv6\": \"2001:db8::1\", \"ipv4\": \"192.0.2.1\"}}],"
	"\"classes\": ["
	"  {\"name\": \"shared\", \"pools\": [\"p\"], \"psid-len\": 6, \"lifetime\": 600,"
	"   \"tunnel-source\": \"any\", \"match\": {\"duid\": [\"000300010001\"]}},"
	"  {\"name\": \"denied\", \"deny\": true, \"match\": {\"duid\": [\"000300010002\"]}},"
	"  {\"name\": \"one\", \"pools\": [\"p\"], \"lifetime\": 600, \"quota-prefix\": 1,"
	"   \"tunnel-source\": \"any\", \"match\": {\"duid\": [\"000300010004\", \"000300010005\"]}},"
	"  {\"name\": \"strict\", \"pools\": [\"p\"], \"match\": {\"duid\": [\"000300010003\"]}},"
	"  {\"name\": \"all\", \"pools\": [\"p\"], \"lifetime\": 600, \"tunnel-source\": \"any\"}]}";

static struct {
	struct event_base *base;
	struct config config;
	struct store *store;
	struct engine engine;
	struct turn turn;
	struct dhcp4o6 *door;
	struct order orders[16];
	unsigned int ordered;
	bool up;
	int fd;
	uint32_t xid;
} w;

/* Instead of the machine's own: the first interface has two prefixes. */
int getifaddrs(struct ifaddrs **result)
{
	static const char * const addrs[] = {
		"fe80::1", "2001:db8:a::1", "2001:db8:b::1"
	};
	static struct sockaddr_in6 addr[3];
	static struct ifaddrs all[3];
	static char name[IF_NAMESIZE];
	int i;

	if_indextoname(1, name);
	for (i = 0; i < 3; i++) {
		addr[i].sin6_family = AF_INET6;
		inet_pton(AF_INET6, addrs[i], &addr[i].sin6_addr);
		all[i].ifa_name = name;
		all[i].ifa_addr = (struct sockaddr *)&addr[i];
		all[i].ifa_next = i < 2 ? &all[i + 1] : NULL;
	}
	*result = all;
	return 0;
}

void freeifaddrs(struct ifaddrs *all)
{
	(void)all;
}

static bool order(void *data, unsigned int gateway, const struct order *o)
{
	(void)data;
	assert_int_equal(gateway, 0);
	if (w.up)
		w.orders[w.ordered++ % 16] = *o;
	return w.up;
}

static void rounds(void)
{
	int i;

	for (i = 0; i < 6; i++)
		event_base_loop(w.base, EVLOOP_NONBLOCK);
}

/* The gateway does the oldest thing that it was told. */
static void confirm(void)
{
	struct order o = w.orders[0];

	assert_int_equal(w.ordered, 1);
	w.ordered = 0;
	turn_begin(&w.turn);
	engine_confirm(&w.engine, 0, &o.slot, o.number, true);
	turn_end(&w.turn);
	rounds();
}

static int set_up(void **state)
{
	static const uint8_t duid[STORE_DUID] = { 0, 4, 1 };
	struct store_time time;
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_addr = in6addr_loopback };
	char file[2048], error[DSTM_CONFIG_ERROR];
	unsigned int port = 20000 + (unsigned int)getpid() % 20000;

	(void)state;
	memset(&w, 0, sizeof(w));
	w.up = true;
	w.base = event_base_new();
	snprintf(file, sizeof(file), text, port);
	if (config_parse(&w.config, file, strlen(file), error))
		fail_msg("%s", error);
	store_time_now(&time);
	assert_int_equal(store_open(&w.store, ":memory:", &time, error), 0);
	w.engine = (struct engine){ .policy = w.config.policy,
				    .store = w.store, .order = order };
	w.config.policy = NULL;
	assert_int_equal(turn_init(&w.turn, w.base, &w.engine), 0);
	turn_begin(&w.turn);
	assert_int_equal(engine_init(&w.engine), 0);
	w.door = dhcp4o6_new(&w.turn, duid);
	dhcp4o6_configure(w.door, &w.config);
	assert_int_equal(dhcp4o6_open(w.door), 0);
	w.fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	to.sin6_port = htons((uint16_t)port);
	assert_int_equal(connect(w.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(w.fd);
	engine_destroy(&w.engine);
	turn_destroy(&w.turn);
	dhcp4o6_free(w.door);
	store_close(w.store);
	config_free(&w.config);
	event_base_free(w.base);
	return 0;
}

static void send_bytes(const void *data, size_t size)
{
	assert_int_equal(send(w.fd, data, size, 0), size);
	rounds();
}

static void send_packet(struct dhcpv6_packet *packet)
{
	uint8_t data[4096];
	int len = dhcpv6_build(packet, data, sizeof(data));

	assert_true(len > 0);
	send_bytes(data, (size_t)len);
}

static void message(struct dhcpv4_message *m, enum dhcpv4_type type,
		    uint8_t client)
{
	uint8_t duid[] = { 0, 3, 0, 1, 0, client };

	memset(m, 0, sizeof(*m));
	m->op = DHCPV4_BOOTREQUEST;
	m->xid = ++w.xid;
	m->type = (uint8_t)type;
	dhcpv4_give(m, DHCPV4_OPT_TYPE);
	dhcpv4_client_id_join(m, 1, duid, sizeof(duid));
	inet_pton(AF_INET6, TUNNEL, &m->softwire_source);
	dhcpv4_give(m, DHCPV4_OPT_SOFTWIRE_SOURCE);
	m->parameters[m->parameters_count++] = DHCPV4_OPT_MTU;
	dhcpv4_give(m, DHCPV4_OPT_PARAMETERS);
}

static void query_of(struct dhcpv6_packet *packet,
		     const struct dhcpv4_message *m, uint8_t *room)
{
	int len = dhcpv4_build(m, room, DHCPV4_MESSAGE);

	assert_true(len > 0);
	memset(packet, 0, sizeof(*packet));
	packet->message.type = DHCPV6_DHCPV4_QUERY;
	packet->message.dhcpv4 = (struct dhcpv6_slice){ room, (size_t)len };
	dhcpv6_give(&packet->message, DHCPV6_OPT_DHCPV4_MSG);
}

static void ask(const struct dhcpv4_message *m)
{
	uint8_t inner[DHCPV4_MESSAGE];
	struct dhcpv6_packet packet;

	query_of(&packet, m, inner);
	send_packet(&packet);
}

/* Whether there is an answer, and which. */
static bool answered(struct dhcpv6_packet *packet, struct dhcpv4_message *m)
{
	static uint8_t data[4096];
	ssize_t len;

	memset(packet, 0, sizeof(*packet));
	memset(m, 0, sizeof(*m));
	rounds();
	len = recv(w.fd, data, sizeof(data), 0);
	if (len < 0)
		return false;
	assert_int_equal(dhcpv6_parse(packet, data, (size_t)len), 0);
	if (packet->message.type == DHCPV6_DHCPV4_RESPONSE)
		assert_int_equal(dhcpv4_parse(m, packet->message.dhcpv4.data,
					      packet->message.dhcpv4.len), 0);
	return true;
}

/* The answer, which is of this type. */
static void expect(struct dhcpv4_message *m, uint8_t type)
{
	struct dhcpv6_packet packet;

	assert_true(answered(&packet, m));
	assert_int_equal(m->type, type);
}

static void lease_at(uint8_t client, const char *tunnel,
		     struct dhcpv4_message *ack)
{
	struct dhcpv6_packet packet;
	struct dhcpv4_message m;

	message(&m, DHCPV4_DISCOVER, client);
	inet_pton(AF_INET6, tunnel, &m.softwire_source);
	ask(&m);
	expect(ack, DHCPV4_OFFER);
	message(&m, DHCPV4_REQUEST, client);
	inet_pton(AF_INET6, tunnel, &m.softwire_source);
	m.requested = ack->yiaddr;
	dhcpv4_give(&m, DHCPV4_OPT_REQUESTED);
	m.server_id = ack->server_id;
	dhcpv4_give(&m, DHCPV4_OPT_SERVER_ID);
	ask(&m);
	/* The gateway first. */
	assert_false(answered(&packet, ack));
	confirm();
	expect(ack, DHCPV4_ACK);
}

static void lease_for(uint8_t client, struct dhcpv4_message *ack)
{
	lease_at(client, TUNNEL, ack);
}

static void five_steps(void **state)
{
	struct dhcpv6_packet packet;
	struct dhcpv4_message m, got;
	char addr[INET6_ADDRSTRLEN];

	(void)state;
	message(&m, DHCPV4_DISCOVER, 9);
	ask(&m);
	assert_int_equal(w.ordered, 0);
	expect(&got, DHCPV4_OFFER);
	assert_int_equal(got.xid, m.xid);

	m.type = DHCPV4_REQUEST;
	m.requested = got.yiaddr;
	dhcpv4_give(&m, DHCPV4_OPT_REQUESTED);
	m.server_id = got.server_id;
	dhcpv4_give(&m, DHCPV4_OPT_SERVER_ID);
	ask(&m);
	assert_int_equal(w.ordered, 1);
	assert_false(w.orders[0].del);
	inet_ntop(AF_INET6, &w.orders[0].remote, addr, sizeof(addr));
	assert_string_equal(addr, TUNNEL);
	assert_false(answered(&packet, &got));
	confirm();

	assert_true(answered(&packet, &got));
	assert_int_equal(got.type, DHCPV4_ACK);
	assert_int_equal(ntohl(got.yiaddr.s_addr), 0xc0000202);
	assert_int_equal(ntohl(got.routers[0].s_addr), 0xc0000201);
	assert_in_range(got.lease_time, 598, 600);
	assert_int_equal(got.t1, got.lease_time / 2);
	assert_int_equal(got.mtu, 1460);
	assert_memory_equal(&got.softwire_source, &m.softwire_source, 16);
	assert_int_equal(packet.message.br_count, 1);
	inet_ntop(AF_INET6, packet.message.br, addr, sizeof(addr));
	assert_string_equal(addr, "2001:db8::1");

	/* The answer got lost: the same again, and no renewal. */
	ask(&m);
	assert_int_equal(w.ordered, 0);
	expect(&got, DHCPV4_ACK);
}

static void renewed_and_released(void **state)
{
	struct dhcpv6_packet packet;
	struct dhcpv4_message ack, m, got;

	(void)state;
	lease_for(9, &ack);
	message(&m, DHCPV4_REQUEST, 9);
	m.ciaddr = ack.yiaddr;
	usleep(2000);
	ask(&m);
	assert_int_equal(w.ordered, 1);
	assert_false(answered(&packet, &got));
	confirm();
	expect(&got, DHCPV4_ACK);
	assert_int_equal(got.ciaddr.s_addr, ack.yiaddr.s_addr);

	/* Somebody else's address is refused. */
	m.xid = ++w.xid;
	m.ciaddr.s_addr = htonl(0xc0000203);
	ask(&m);
	expect(&got, DHCPV4_NAK);

	message(&m, DHCPV4_RELEASE, 9);
	m.ciaddr = ack.yiaddr;
	ask(&m);
	assert_int_equal(w.ordered, 1);
	assert_true(w.orders[0].del);
	assert_int_equal(w.engine.leases.count[LEASE_RELEASING], 1);
	confirm();
	assert_int_equal(w.engine.leases.count[LEASE_RESTING], 1);
	assert_false(answered(&packet, &got));
}

/* RFC 2131 section 4.3.5: what it needs to know beside its address, and no lease. */
static void informed(void **state)
{
	struct dhcpv4_message m, got;

	(void)state;
	message(&m, DHCPV4_INFORM, 9);
	m.ciaddr.s_addr = htonl(0xc0000202);
	ask(&m);
	expect(&got, DHCPV4_ACK);
	assert_int_equal(got.yiaddr.s_addr, 0);
	assert_int_equal(got.ciaddr.s_addr, m.ciaddr.s_addr);
	assert_false(dhcpv4_has(&got, DHCPV4_OPT_LEASE_TIME));
	assert_int_equal(ntohl(got.routers[0].s_addr), 0xc0000201);
	assert_int_equal(w.ordered, 0);
	assert_int_equal(w.engine.leases.count[LEASE_BOUND], 0);
}

/* What a gateway did not do is asked of it again; it was no renewal. */
static void renewed_at_last(void **state)
{
	struct dhcpv6_packet packet;
	struct dhcpv4_message ack, m, got;

	(void)state;
	lease_for(9, &ack);
	message(&m, DHCPV4_REQUEST, 9);
	m.ciaddr = ack.yiaddr;
	usleep(2000);
	ask(&m);
	assert_int_equal(w.ordered, 1);
	w.ordered = 0;
	turn_begin(&w.turn);
	engine_confirm(&w.engine, 0, &w.orders[0].slot, w.orders[0].number,
		       false);
	turn_end(&w.turn);
	assert_false(answered(&packet, &got));
	/* The former mapping, to be sure. */
	assert_int_equal(w.ordered, 1);
	w.ordered = 0;
	ask(&m);
	assert_int_equal(w.ordered, 1);
	assert_false(answered(&packet, &got));
	confirm();
	expect(&got, DHCPV4_ACK);
}

/* One lease a prefix: a client that moves to another one leaves room behind. */
static void moved(void **state)
{
	struct dhcpv4_message ack, m, got;

	(void)state;
	lease_for(4, &ack);
	message(&m, DHCPV4_DISCOVER, 5);
	ask(&m);
	expect(&got, DHCPV4_NAK);
	assert_string_equal(got.text, "you have as many addresses as you may");

	message(&m, DHCPV4_REQUEST, 4);
	m.ciaddr = ack.yiaddr;
	inet_pton(AF_INET6, "2001:db8:2::7", &m.softwire_source);
	ask(&m);
	confirm();
	expect(&got, DHCPV4_ACK);
	message(&m, DHCPV4_DISCOVER, 5);
	ask(&m);
	expect(&got, DHCPV4_OFFER);
	/* And none is left where it went. */
	inet_pton(AF_INET6, "2001:db8:2::8", &m.softwire_source);
	m.xid = ++w.xid;
	ask(&m);
	expect(&got, DHCPV4_NAK);
}

static void move(uint8_t client, struct in_addr addr, const char *tunnel)
{
	struct dhcpv4_message m;

	message(&m, DHCPV4_REQUEST, client);
	m.ciaddr = addr;
	inet_pton(AF_INET6, tunnel, &m.softwire_source);
	ask(&m);
}

/* Nor do clients get more leases in a prefix by taking them there. */
static void moved_within_the_quota(void **state)
{
	struct dhcpv6_packet packet;
	struct dhcpv4_message first, second, got;

	(void)state;
	lease_at(4, "2001:db8:4::7", &first);
	lease_at(5, "2001:db8:5::7", &second);
	move(4, first.yiaddr, "2001:db8:5::8");
	expect(&got, DHCPV4_NAK);
	assert_string_equal(got.text, "you have as many addresses as you may");
	assert_int_equal(w.ordered, 0);
	/* Within its own prefix it may. */
	move(4, first.yiaddr, "2001:db8:4::8");
	confirm();
	expect(&got, DHCPV4_ACK);
	/* Both at once to a third one, where a gateway refuses the first. */
	move(4, first.yiaddr, "2001:db8:6::7");
	assert_int_equal(w.ordered, 1);
	move(5, second.yiaddr, "2001:db8:6::8");
	expect(&got, DHCPV4_NAK);
	assert_int_equal(w.ordered, 1);
	w.ordered = 0;
	turn_begin(&w.turn);
	engine_confirm(&w.engine, 0, &w.orders[0].slot, w.orders[0].number,
		       false);
	turn_end(&w.turn);
	assert_false(answered(&packet, &got));
	w.ordered = 0;
	move(5, second.yiaddr, "2001:db8:4::9");
	expect(&got, DHCPV4_NAK);
	move(5, second.yiaddr, "2001:db8:6::8");
	confirm();
	expect(&got, DHCPV4_ACK);
}

/* Who gives back and asks by another name has no more for it. */
static void rests_within_the_quota(void **state)
{
	struct dhcpv4_message ack, m, got;

	(void)state;
	lease_for(4, &ack);
	message(&m, DHCPV4_RELEASE, 4);
	m.ciaddr = ack.yiaddr;
	ask(&m);
	confirm();
	assert_int_equal(w.engine.leases.count[LEASE_RESTING], 1);
	message(&m, DHCPV4_DISCOVER, 5);
	ask(&m);
	expect(&got, DHCPV4_NAK);
	assert_string_equal(got.text, "you have as many addresses as you may");
	/* But its last client may have it again. */
	lease_for(4, &got);
	assert_int_equal(got.yiaddr.s_addr, ack.yiaddr.s_addr);
	/* One that is declined does not count: there is a limit for those. */
	message(&m, DHCPV4_DECLINE, 4);
	m.requested = ack.yiaddr;
	dhcpv4_give(&m, DHCPV4_OPT_REQUESTED);
	ask(&m);
	confirm();
	lease_for(5, &ack);
}

static void told_why(void **state)
{
	struct dhcpv4_message ack, m, got;

	(void)state;
	lease_for(9, &ack);
	lease_for(10, &ack);
	message(&m, DHCPV4_DISCOVER, 11);
	ask(&m);
	expect(&got, DHCPV4_NAK);
	assert_string_equal(got.text, "no address is free for you");
	assert_int_equal(got.yiaddr.s_addr, 0);
	/* The gateway is gone: refused at once. */
	message(&m, DHCPV4_RELEASE, 9);
	m.ciaddr.s_addr = htonl(0xc0000202);
	ask(&m);
	confirm();
	w.up = false;
	message(&m, DHCPV4_REQUEST, 9);
	m.requested.s_addr = htonl(0xc0000202);
	dhcpv4_give(&m, DHCPV4_OPT_REQUESTED);
	ask(&m);
	expect(&got, DHCPV4_NAK);
	assert_string_equal(got.text, "the gateway can not be reached");
}

static void nothing_learnt(void **state)
{
	const struct dhcp4o6_stats *stats = dhcp4o6_stats(w.door);
	struct dhcpv6_packet packet;
	struct dhcpv4_message m, got;

	(void)state;
	message(&m, DHCPV4_DISCOVER, 2);
	ask(&m);
	assert_false(answered(&packet, &got));
	/* It may not name such an end of the tunnel. */
	message(&m, DHCPV4_DISCOVER, 3);
	ask(&m);
	assert_false(answered(&packet, &got));
	assert_int_equal(stats->drops[DROP_UNKNOWN], 2);
	/* For another server. */
	message(&m, DHCPV4_REQUEST, 9);
	m.server_id.s_addr = htonl(0xc6336401);
	dhcpv4_give(&m, DHCPV4_OPT_SERVER_ID);
	ask(&m);
	assert_false(answered(&packet, &got));
	assert_int_equal(stats->drops[DROP_OTHER], 1);
	/* What a client has nobody else's word can end. */
	message(&m, DHCPV4_RELEASE, 9);
	m.ciaddr.s_addr = htonl(0xc0000202);
	ask(&m);
	assert_int_equal(stats->drops[DROP_UNKNOWN], 3);
	send_bytes("\x14\0\0", 3);
	send_bytes("\x14\0\0\0\0\x57\0\1\1", 9);
	send_bytes("\x01\0\0\1", 4);
	assert_int_equal(stats->drops[DROP_MALFORMED], 2);
	assert_int_equal(stats->drops[DROP_IGNORED], 1);
	assert_false(answered(&packet, &got));
}

static void port_sets(void **state)
{
	struct dhcpv4_message m, got;

	(void)state;
	/* Not to who did not ask for option 159. */
	message(&m, DHCPV4_DISCOVER, 1);
	ask(&m);
	expect(&got, DHCPV4_NAK);
	message(&m, DHCPV4_DISCOVER, 1);
	m.parameters[m.parameters_count++] = DHCPV4_OPT_PORTPARAMS;
	ask(&m);
	expect(&got, DHCPV4_OFFER);
	assert_int_equal(got.ports.len, 6);
	assert_int_equal(got.ports.psid, 1);	/* 0 has the well-known ports */
}

static void relayed(void **state)
{
	const struct dhcp4o6_stats *stats = dhcp4o6_stats(w.door);
	uint8_t inner[DHCPV4_MESSAGE];
	struct dhcpv6_packet packet, got;
	struct dhcpv4_message m, offer;

	(void)state;
	/* Strict: only the /64 of its link, which the relay tells. */
	message(&m, DHCPV4_DISCOVER, 3);
	query_of(&packet, &m, inner);
	packet.relays = 1;
	packet.relay[0].type = DHCPV6_RELAY_FORW;
	inet_pton(AF_INET6, "2001:db8:1::1", &packet.relay[0].link);
	inet_pton(AF_INET6, "fe80::7", &packet.relay[0].peer);
	packet.relay[0].interface_id =
		(struct dhcpv6_slice){ (const uint8_t *)"eth1", 4 };
	send_packet(&packet);
	assert_true(answered(&got, &offer));
	assert_int_equal(got.relays, 1);
	assert_int_equal(got.relay[0].type, DHCPV6_RELAY_REPL);
	assert_memory_equal(&got.relay[0].peer, &packet.relay[0].peer, 16);
	assert_int_equal(got.relay[0].interface_id.len, 4);
	assert_int_equal(offer.type, DHCPV4_OFFER);
	assert_int_equal(offer.lease_time, UINT32_MAX);
	/* From a relay that is not known. */
	w.config.listen.relays_count = 0;
	send_packet(&packet);
	assert_false(answered(&got, &offer));
	assert_int_equal(stats->drops[DROP_RELAY], 1);
}

static void relay_by(struct dhcpv6_relay *relay, const char *link,
		     const char *peer)
{
	relay->type = DHCPV6_RELAY_FORW;
	inet_pton(AF_INET6, link, &relay->link);
	inet_pton(AF_INET6, peer, &relay->peer);
}

/* Every relay of a chain is named, or a client behind one could pose as another. */
static void relayed_twice(void **state)
{
	const struct dhcp4o6_stats *stats = dhcp4o6_stats(w.door);
	struct listen_config *listen = &w.config.listen;
	struct relay_config *relays;
	uint8_t inner[DHCPV4_MESSAGE];
	struct dhcpv6_packet packet, got;
	struct dhcpv4_message m, offer;

	(void)state;
	relays = realloc(listen->relays, 2 * sizeof(*relays));
	assert_non_null(relays);
	listen->relays = relays;
	message(&m, DHCPV4_DISCOVER, 3);
	query_of(&packet, &m, inner);
	packet.relays = 2;
	relay_by(&packet.relay[0], "2001:db8:9::1", "2001:db8:9::66");
	relay_by(&packet.relay[1], "2001:db8:1::1", "fe80::7");
	send_packet(&packet);
	assert_false(answered(&got, &offer));
	assert_int_equal(stats->drops[DROP_RELAY], 1);
	/* The same, by a relay that is named. */
	inet_pton(AF_INET6, "2001:db8:9::66", &relays[1].prefix);
	relays[1].len = 128;
	listen->relays_count = 2;
	send_packet(&packet);
	assert_true(answered(&got, &offer));
	assert_int_equal(got.relays, 2);
	assert_int_equal(offer.type, DHCPV4_OFFER);
	/* A lightweight one has no address: it sends from its client's. */
	relay_by(&packet.relay[0], "2001:db8:1::1", "fe80::7");
	relay_by(&packet.relay[1], "::", "fe80::7");
	send_packet(&packet);
	assert_false(answered(&got, &offer));
	assert_int_equal(stats->drops[DROP_RELAY], 2);
	inet_pton(AF_INET6, "fe80::", &relays[1].prefix);
	relays[1].len = 10;
	send_packet(&packet);
	assert_true(answered(&got, &offer));
}

/* As if it had come from there. */
static void ask_from(const char *from, unsigned int ifindex,
		     const struct dhcpv4_message *m)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	uint8_t inner[DHCPV4_MESSAGE], data[4096];
	struct dhcpv6_packet packet;
	int len;

	query_of(&packet, m, inner);
	len = dhcpv6_build(&packet, data, sizeof(data));
	assert_true(len > 0);
	inet_pton(AF_INET6, from, &addr.sin6_addr);
	dhcp4o6_packet(w.door, &addr, &in6addr_loopback, ifindex, data,
		       (size_t)len);
}

static void come(const char *from, unsigned int ifindex)
{
	struct dhcpv4_message m;

	message(&m, DHCPV4_DISCOVER, 2);
	ask_from(from, ifindex, &m);
}

/* A client asks from its link-local address, on a link with several prefixes. */
static void on_our_link(void **state)
{
	const struct dhcp4o6_stats *stats = dhcp4o6_stats(w.door);
	const uint64_t *granted = stats->outcomes[DHCPV4_DISCOVER];
	struct dhcpv4_message m;

	(void)state;
	message(&m, DHCPV4_DISCOVER, 3);
	inet_pton(AF_INET6, "2001:db8:a::7", &m.softwire_source);
	ask_from("fe80::7", 1, &m);
	assert_int_equal(granted[OUTCOME_GRANTED], 1);
	inet_pton(AF_INET6, "2001:db8:b::7", &m.softwire_source);
	ask_from("fe80::7", 1, &m);
	assert_int_equal(granted[OUTCOME_GRANTED], 2);
	inet_pton(AF_INET6, "2001:db8:c::7", &m.softwire_source);
	ask_from("fe80::7", 1, &m);
	assert_int_equal(granted[OUTCOME_GRANTED], 2);
	assert_int_equal(stats->drops[DROP_UNKNOWN], 1);
}

/* What it had in the second can be given back, whatever the message says. */
static void released_on_our_link(void **state)
{
	struct dhcpv4_message ack, m;
	struct class *strict;

	(void)state;
	strict = &w.engine.policy->classes[
			policy_class_find(w.engine.policy, "strict")];
	strict->source = SOURCE_ANY;
	lease_at(3, "2001:db8:b::7", &ack);
	strict->source = SOURCE_PREFIX;
	message(&m, DHCPV4_RELEASE, 3);
	m.ciaddr = ack.yiaddr;
	ask_from("fe80::7", 1, &m);
	assert_int_equal(w.engine.leases.count[LEASE_RELEASING], 1);
}

/* Everybody has an address of fe80::/64, on every link. */
static void not_all_link_local_at_once(void **state)
{
	const struct dhcp4o6_stats *stats = dhcp4o6_stats(w.door);

	(void)state;
	w.config.listen.rate_source = 1;
	come("fe80::1", 1);
	come("fe80::2", 1);
	come("fe80::1", 2);
	assert_int_equal(stats->drops[DROP_SOURCE], 0);
	come("fe80::1", 1);
	assert_int_equal(stats->drops[DROP_SOURCE], 1);
	come("2001:db8:1::1", 1);
	come("2001:db8:1::2", 2);
	assert_int_equal(stats->drops[DROP_SOURCE], 2);
}

static void information(void **state)
{
	static const uint8_t duid[] = { 0, 3, 0, 1, 0, 9 };
	static const uint8_t oro[] = { 0, 88, 0, 90 };
	struct dhcpv6_packet packet = { .relays = 0 }, got;
	struct dhcpv4_message none;
	char addr[INET6_ADDRSTRLEN];

	(void)state;
	packet.message.type = DHCPV6_INFORMATION_REQUEST;
	packet.message.xid = 0x123456;
	packet.message.client_id = (struct dhcpv6_slice){ duid, sizeof(duid) };
	dhcpv6_give(&packet.message, DHCPV6_OPT_CLIENT_ID);
	packet.message.oro = (struct dhcpv6_slice){ oro, sizeof(oro) };
	dhcpv6_give(&packet.message, DHCPV6_OPT_ORO);
	send_packet(&packet);
	assert_true(answered(&got, &none));
	assert_int_equal(got.message.type, DHCPV6_REPLY);
	assert_int_equal(got.message.xid, 0x123456);
	assert_int_equal(got.message.servers_count, 1);
	inet_ntop(AF_INET6, got.message.servers, addr, sizeof(addr));
	assert_string_equal(addr, "2001:db8::547");
	assert_int_equal(got.message.br_count, 1);
	assert_true(dhcpv6_has(&got.message, DHCPV6_OPT_SERVER_ID));
	assert_false(dhcpv6_has(&got.message, DHCPV6_OPT_S46_BIND_PREFIX));
}

/* Who looks for name servers shall not take our answer for the one. */
static void information_of_others(void **state)
{
	static const uint8_t dns[] = { 0, 23, 0, 24, 0, 137 };
	struct dhcpv6_packet packet = { .relays = 0 }, got;
	struct dhcpv4_message none;

	(void)state;
	packet.message.type = DHCPV6_INFORMATION_REQUEST;
	packet.message.xid = 0x123456;
	send_packet(&packet);
	assert_false(answered(&got, &none));
	packet.message.oro = (struct dhcpv6_slice){ dns, sizeof(dns) };
	dhcpv6_give(&packet.message, DHCPV6_OPT_ORO);
	send_packet(&packet);
	assert_false(answered(&got, &none));
	assert_int_equal(dhcp4o6_stats(w.door)->drops[DROP_IGNORED], 2);
	w.config.has_bind_prefix = true;
	w.config.bind_prefix_len = 64;
	send_packet(&packet);
	assert_true(answered(&got, &none));
	assert_true(dhcpv6_has(&got.message, DHCPV6_OPT_S46_BIND_PREFIX));
}

/* Client 9 gets a lease, and finds somebody else at its address. */
static void decline(struct dhcpv4_message *ack)
{
	struct dhcpv4_message m;

	lease_for(9, ack);
	message(&m, DHCPV4_DECLINE, 9);
	m.requested = ack->yiaddr;
	dhcpv4_give(&m, DHCPV4_OPT_REQUESTED);
	ask(&m);
	confirm();
}

static void declined(void **state)
{
	struct dhcpv4_message ack, m, got;

	(void)state;
	decline(&ack);
	/* The other address, though the first was its own. */
	message(&m, DHCPV4_DISCOVER, 9);
	ask(&m);
	expect(&got, DHCPV4_OFFER);
	assert_int_not_equal(got.yiaddr.s_addr, ack.yiaddr.s_addr);
}

/* A day of declines does not empty the pool. */
static void declined_too_often(void **state)
{
	const struct dhcp4o6_stats *stats = dhcp4o6_stats(w.door);
	struct dhcpv4_message ack, again;
	struct policy *policy = w.engine.policy;
	uint16_t i;

	(void)state;
	for (i = 0; i < policy->classes_count; i++)
		policy->classes[i].decline_client = 1;
	decline(&ack);
	decline(&ack);
	assert_int_equal(stats->outcomes[DHCPV4_DECLINE][OUTCOME_GRANTED], 1);
	assert_int_equal(stats->outcomes[DHCPV4_DECLINE][OUTCOME_QUOTA], 1);
	/* It has to live with it. */
	lease_for(9, &again);
	assert_int_equal(again.yiaddr.s_addr, ack.yiaddr.s_addr);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(five_steps),
		TEST(renewed_and_released),
		TEST(informed),
		TEST(renewed_at_last),
		TEST(moved),
		TEST(moved_within_the_quota),
		TEST(rests_within_the_quota),
		TEST(told_why),
		TEST(nothing_learnt),
		TEST(port_sets),
		TEST(relayed),
		TEST(relayed_twice),
		TEST(on_our_link),
		TEST(released_on_our_link),
		TEST(not_all_link_local_at_once),
		TEST(information),
		TEST(information_of_others),
		TEST(declined),
		TEST(declined_too_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
