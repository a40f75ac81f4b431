// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever a server answers, in whatever state: the machine goes on, and what it
 * calls a lease is one. The first byte of the input says how time goes by.
 */
#include <stdlib.h>
#include <string.h>

#include "client/machine.h"
#include "proto/dhcpv6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct machine machine;
static uint64_t now;

static void do_send(const struct dhcpv4_message *m, const struct in6_addr *to,
		    void *data)
{
	uint8_t built[DHCPV4_MESSAGE];

	(void)to;
	(void)data;
	if (dhcpv4_build(m, built, sizeof(built)) < 0)
		abort();
}

static bool do_usable(const struct machine_lease *lease, void *data)
{
	(void)data;
	return lease->ipv4.s_addr % 5;
}

static void do_bound(const struct machine_lease *lease, void *data)
{
	(void)data;
	if (lease->t1 > lease->t2 || lease->t2 > lease->expires ||
	    lease->expires <= now || !lease->ipv4.s_addr ||
	    dstm_portset_wrong(&lease->ports))
		abort();
}

static void do_end(const char *why, void *data)
{
	(void)data;
	if (!why[0])
		abort();
}

static uint32_t do_random(void *data)
{
	(void)data;
	return 42;
}

static const struct machine_ops ops = {
	.send = do_send,
	.usable = do_usable,
	.bound = do_bound,
	.lost = do_end,
	.refused = do_end,
	.random = do_random,
};

/* With the identifier and the type that the machine waits for. */
static void answer(const struct dhcpv6_message *m, uint8_t type)
{
	struct dhcpv4_message msg;
	struct machine_answer a = { .message = &msg };

	if (dhcpv4_parse(&msg, m->dhcpv4.data, m->dhcpv4.len))
		return;
	a.tep.s6_addr[0] = 0x20;
	msg.op = DHCPV4_BOOTREPLY;
	msg.xid = machine.xid;
	msg.type = type;
	machine_receive(&machine, &a, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t types[] = {
		DHCPV4_OFFER, DHCPV4_ACK, DHCPV4_ACK, DHCPV4_NAK,
	};
	struct dhcpv6_packet p;
	size_t i;

	if (!size || dhcpv6_parse(&p, data + 1, size - 1) || p.relays ||
	    !dhcpv6_has(&p.message, DHCPV6_OPT_DHCPV4_MSG))
		return 0;
	machine = (struct machine){ .ops = &ops, .next = MACHINE_NEVER };
	machine.self.accept_ports = data[0] & 1;
	machine.self.duid_len = 4;
	now = 1000;
	machine_start(&machine, now);
	for (i = 0; i < sizeof(types); i++) {
		answer(&p.message, types[i]);
		now = data[0] & 2 && machine.next != MACHINE_NEVER ?
		      machine.next : now + data[0];
		machine_run(&machine, now);
		if (machine.state != MACHINE_OFF && machine.next <= now)
			abort();
	}
	machine_release(&machine, now);
	return 0;
}
