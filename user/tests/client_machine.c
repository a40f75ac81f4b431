// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "client/machine.h"

#define S	UINT64_C(1000)

/* What the machine did last, and how often. */
static struct {
	struct dhcpv4_message sent;
	struct in6_addr to;
	bool unicast;
	unsigned int sends;
	unsigned int bounds;
	unsigned int losses;
	unsigned int refusals;
	char why[256];
	bool unusable;
	uint32_t random;
} seen;

static void do_send(const struct dhcpv4_message *m, const struct in6_addr *to,
		    void *data)
{
	(void)data;
	seen.sent = *m;
	seen.unicast = to;
	if (to)
		seen.to = *to;
	seen.sends++;
}

static bool do_usable(const struct machine_lease *lease, void *data)
{
	(void)lease;
	(void)data;
	return !seen.unusable;
}

static void do_bound(const struct machine_lease *lease, void *data)
{
	(void)lease;
	(void)data;
	seen.bounds++;
}

static void do_lost(const char *why, void *data)
{
	(void)data;
	seen.losses++;
	snprintf(seen.why, sizeof(seen.why), "%s", why);
}

static void do_refused(const char *why, void *data)
{
	(void)data;
	seen.refusals++;
	snprintf(seen.why, sizeof(seen.why), "%s", why);
}

/* Different each time. */
static uint32_t do_random(void *data)
{
	(void)data;
	return seen.random++;
}

static const struct machine_ops ops = {
	.send = do_send,
	.usable = do_usable,
	.bound = do_bound,
	.lost = do_lost,
	.refused = do_refused,
	.random = do_random,
};

static struct machine machine;
static struct dhcpv4_message reply;
static struct machine_answer answer;

static int fresh(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.random = 4711;
	machine = (struct machine){ .ops = &ops, .next = MACHINE_NEVER };
	machine.self.iaid = 1;
	machine.self.duid_len = 4;
	machine.self.accept_ports = true;
	machine.self.servers = 1;
	inet_pton(AF_INET6, "2001:db8:1::7", &machine.self.local);
	answer = (struct machine_answer){ .message = &reply };
	inet_pton(AF_INET6, "2001:db8::53", &answer.from);
	inet_pton(AF_INET6, "2001:db8::1", &answer.tep);
	return 0;
}

/* An answer to what was sent last; the test may change it. */
static void reply_with(uint8_t type)
{
	memset(&reply, 0, sizeof(reply));
	reply.op = DHCPV4_BOOTREPLY;
	reply.type = type;
	reply.xid = seen.sent.xid;
	reply.yiaddr.s_addr = htonl(0xc0000207);
	reply.server_id.s_addr = htonl(0x0a000001);
	dhcpv4_give(&reply, DHCPV4_OPT_SERVER_ID);
	reply.lease_time = 1000;
	dhcpv4_give(&reply, DHCPV4_OPT_LEASE_TIME);
	reply.softwire_source = machine.self.local;
	dhcpv4_give(&reply, DHCPV4_OPT_SOFTWIRE_SOURCE);
}

static void receive(uint64_t now)
{
	machine_receive(&machine, &answer, now);
}

static void bind_at(uint64_t now)
{
	machine_start(&machine, now);
	reply_with(DHCPV4_OFFER);
	receive(now);
	reply_with(DHCPV4_ACK);
	receive(now);
	assert_int_equal(machine.state, MACHINE_BOUND);
}

static void nak(const char *text, uint64_t now)
{
	reply_with(DHCPV4_NAK);
	strcpy(reply.text, text);
	receive(now);
}

static void lease_is_got(void **state)
{
	(void)state;
	machine.self.former.s_addr = htonl(0xc0000209);
	machine_start(&machine, 5 * S);
	assert_int_equal(seen.sent.type, DHCPV4_DISCOVER);
	assert_false(seen.unicast);
	assert_int_equal(seen.sent.requested.s_addr, htonl(0xc0000209));
	assert_true(dhcpv4_accepts_ports(&seen.sent));
	assert_true(dhcpv4_has(&seen.sent, DHCPV4_OPT_SOFTWIRE_SOURCE));

	reply_with(DHCPV4_OFFER);
	receive(6 * S);
	assert_int_equal(seen.sent.type, DHCPV4_REQUEST);
	assert_int_equal(seen.sent.xid, reply.xid);
	assert_int_equal(seen.sent.requested.s_addr, htonl(0xc0000207));
	assert_true(dhcpv4_has(&seen.sent, DHCPV4_OPT_SERVER_ID));
	assert_int_equal(seen.sent.ciaddr.s_addr, 0);
	assert_int_equal(seen.sent.secs, 1);

	reply_with(DHCPV4_ACK);
	receive(7 * S);
	assert_int_equal(seen.bounds, 1);
	/* Counted from when the request was sent. */
	assert_int_equal(machine.lease.expires, 1006 * S);
	assert_int_equal(machine.lease.t1, 506 * S);
	assert_int_equal(machine.lease.t2, 881 * S);
	assert_int_equal(machine.next, 506 * S);
	assert_int_equal(machine.lease.ports.len, 0);
}

static void backs_off(void **state)
{
	uint64_t before = 0, wait, least = 900, most = 1100;
	unsigned int i;

	(void)state;
	machine_start(&machine, 0);
	for (i = 0; i < 10; i++) {
		wait = machine.next - before;
		assert_in_range(wait, least, most);
		before = machine.next;
		machine_run(&machine, machine.next - 1);
		assert_int_equal(seen.sends, i + 1);
		machine_run(&machine, machine.next);
		assert_int_equal(seen.sends, i + 2);
		if (i < 6) {
			least *= 2;
			most *= 2;
		}
	}
}

/* Many clients that begin at once do not stay together. */
static void jitters(void **state)
{
	uint64_t first;

	(void)state;
	machine_start(&machine, 0);
	first = machine.next;
	machine_start(&machine, 0);
	assert_true(machine.next != first);
}

static void request_given_up(void **state)
{
	unsigned int i;

	(void)state;
	machine_start(&machine, 0);
	reply_with(DHCPV4_OFFER);
	receive(0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(seen.sent.type, DHCPV4_REQUEST);
		machine_run(&machine, machine.next);
	}
	assert_int_equal(seen.sent.type, DHCPV4_DISCOVER);
	assert_int_equal(machine.state, MACHINE_SELECTING);
}

static void renews(void **state)
{
	(void)state;
	bind_at(0);
	machine_run(&machine, 500 * S);
	assert_int_equal(machine.state, MACHINE_RENEWING);
	assert_int_equal(seen.sent.type, DHCPV4_REQUEST);
	assert_true(seen.unicast);
	assert_memory_equal(&seen.to, &answer.from, 16);
	assert_int_equal(seen.sent.ciaddr.s_addr, htonl(0xc0000207));
	assert_false(dhcpv4_has(&seen.sent, DHCPV4_OPT_REQUESTED));
	assert_false(dhcpv4_has(&seen.sent, DHCPV4_OPT_SERVER_ID));
	assert_in_range(machine.next, 509 * S, 511 * S);

	reply_with(DHCPV4_ACK);
	receive(501 * S);
	assert_int_equal(machine.state, MACHINE_BOUND);
	assert_int_equal(seen.bounds, 2);
	assert_int_equal(machine.lease.expires, 1500 * S);
}

static void rebinds_then_loses(void **state)
{
	uint64_t now = 0;
	unsigned int renewals;

	(void)state;
	bind_at(0);
	while (machine.state != MACHINE_REBINDING) {
		assert_true(machine.next <= 875 * S);
		machine_run(&machine, machine.next);
	}
	renewals = seen.sends;
	assert_in_range(renewals, 5, 12);
	assert_false(seen.unicast);
	while (machine_has_lease(&machine)) {
		now = machine.next;
		assert_true(now <= 1000 * S);
		machine_run(&machine, now);
		assert_true(machine.next > now);
	}
	assert_int_equal(now, 1000 * S);
	assert_int_equal(seen.losses, 1);
	assert_in_range(seen.sends - renewals, 3, 8);
	assert_int_equal(machine.state, MACHINE_OFF);
	/* The next round asks for it again. */
	machine_start(&machine, now);
	assert_int_equal(seen.sent.requested.s_addr, htonl(0xc0000207));
}

static void renewal_refused(void **state)
{
	(void)state;
	bind_at(0);
	machine_run(&machine, 500 * S);
	nak("enough", 501 * S);
	assert_int_equal(seen.losses, 1);
	assert_string_equal(seen.why, "enough");
	assert_int_equal(machine.state, MACHINE_OFF);
	assert_int_equal(machine.next, MACHINE_NEVER);
}

static void refusal(void **state)
{
	uint64_t first;

	(void)state;
	machine_start(&machine, 0);
	nak("pool empty", 1 * S);
	assert_int_equal(seen.refusals, 1);
	assert_string_equal(seen.why, "pool empty");
	assert_int_equal(machine.state, MACHINE_PAUSED);
	first = machine.next - 1 * S;
	assert_in_range(first, 9 * S, 11 * S);
	machine_run(&machine, machine.next);
	assert_int_equal(machine.state, MACHINE_SELECTING);
	nak("pool empty", 20 * S);
	assert_in_range(machine.next - 20 * S, 18 * S, 22 * S);
}

/* A former address that can not be had is no refusal yet. */
static void former_refused(void **state)
{
	(void)state;
	machine.self.former.s_addr = htonl(0xc0000209);
	machine_start(&machine, 0);
	nak("", 0);
	assert_int_equal(seen.refusals, 0);
	assert_int_equal(machine.state, MACHINE_SELECTING);
	assert_false(dhcpv4_has(&seen.sent, DHCPV4_OPT_REQUESTED));
	nak("", 0);
	assert_int_equal(seen.refusals, 1);
	assert_string_equal(seen.why, "the server refused");
}

/* The refusal of one server is not the end of the selection. */
static void one_of_two_refuses(void **state)
{
	(void)state;
	machine.self.servers = 2;
	machine.self.former.s_addr = htonl(0xc0000209);
	machine_start(&machine, 0);
	nak("full", 0);
	nak("full", 0);
	assert_int_equal(seen.sends, 1);
	inet_pton(AF_INET6, "2001:db8::54", &answer.from);
	reply_with(DHCPV4_OFFER);
	receive(0);
	assert_int_equal(machine.state, MACHINE_REQUESTING);
	/* Nor does the other one say what becomes of the request. */
	inet_pton(AF_INET6, "2001:db8::53", &answer.from);
	nak("full", 0);
	assert_int_equal(machine.state, MACHINE_REQUESTING);
	assert_int_equal(seen.refusals, 0);
}

static void both_refuse(void **state)
{
	(void)state;
	machine.self.servers = 2;
	machine_start(&machine, 0);
	nak("full", 0);
	inet_pton(AF_INET6, "2001:db8::54", &answer.from);
	nak("closed", 0);
	assert_int_equal(seen.refusals, 1);
	assert_string_equal(seen.why, "closed");
}

/* Nobody knows how many hear a multicast: they have as long as if nobody had answered. */
static void refusals_of_unknown_number(void **state)
{
	(void)state;
	machine.self.servers = 0;
	machine_start(&machine, 0);
	nak("full", 0);
	assert_int_equal(seen.refusals, 0);
	assert_in_range(machine.next, 900, 1100);
	machine_run(&machine, machine.next);
	assert_int_equal(seen.refusals, 1);
	assert_int_equal(seen.sends, 1);
}

static void declines(void **state)
{
	(void)state;
	seen.unusable = true;
	machine_start(&machine, 0);
	reply_with(DHCPV4_OFFER);
	receive(0);
	reply_with(DHCPV4_ACK);
	receive(0);
	assert_int_equal(seen.sent.type, DHCPV4_DECLINE);
	assert_int_equal(seen.sent.requested.s_addr, htonl(0xc0000207));
	assert_true(dhcpv4_has(&seen.sent, DHCPV4_OPT_SERVER_ID));
	assert_int_equal(seen.bounds, 0);
	assert_int_equal(machine.state, MACHINE_PAUSED);
	assert_true(machine.next >= 9 * S);
	machine_run(&machine, machine.next);
	assert_false(dhcpv4_has(&seen.sent, DHCPV4_OPT_REQUESTED));
}

static void releases(void **state)
{
	(void)state;
	bind_at(0);
	machine_release(&machine, 10 * S);
	assert_int_equal(seen.sent.type, DHCPV4_RELEASE);
	assert_true(seen.unicast);
	assert_int_equal(seen.sent.ciaddr.s_addr, htonl(0xc0000207));
	assert_int_equal(machine.state, MACHINE_OFF);
	assert_int_equal(seen.losses, 0);

	/* There is nothing to give back twice. */
	seen.sends = 0;
	machine_release(&machine, 11 * S);
	assert_int_equal(seen.sends, 0);
}

static void moves(void **state)
{
	struct in6_addr old = machine.self.local;

	(void)state;
	bind_at(0);
	inet_pton(AF_INET6, "2001:db8:2::7", &machine.self.local);
	machine_hurry(&machine, 10 * S);
	assert_int_equal(machine.state, MACHINE_RENEWING);
	assert_memory_equal(&seen.sent.softwire_source, &machine.self.local, 16);
	/* Until then the old end is the one that works. */
	assert_memory_equal(&machine.lease.local, &old, 16);

	/* An acknowledgement of the old end comes too late. */
	reply_with(DHCPV4_ACK);
	reply.softwire_source = old;
	receive(11 * S);
	assert_int_equal(machine.state, MACHINE_RENEWING);
	reply_with(DHCPV4_ACK);
	receive(12 * S);
	assert_int_equal(machine.state, MACHINE_BOUND);
	assert_memory_equal(&machine.lease.local, &machine.self.local, 16);
}

static void resumes(void **state)
{
	struct machine_lease lease;

	(void)state;
	bind_at(0);
	lease = machine.lease;
	fresh(NULL);
	machine_resume(&machine, &lease, 100 * S);
	assert_int_equal(machine.state, MACHINE_RENEWING);
	assert_int_equal(seen.sent.type, DHCPV4_REQUEST);
	assert_int_equal(seen.sent.ciaddr.s_addr, htonl(0xc0000207));
	assert_true(machine_has_lease(&machine));

	fresh(NULL);
	machine_resume(&machine, &lease, 900 * S);
	assert_int_equal(machine.state, MACHINE_REBINDING);
	assert_false(seen.unicast);
}

static void endless(void **state)
{
	(void)state;
	machine_start(&machine, 0);
	reply_with(DHCPV4_OFFER);
	receive(0);
	reply_with(DHCPV4_ACK);
	reply.lease_time = UINT32_MAX;
	receive(0);
	assert_int_equal(machine.state, MACHINE_BOUND);
	assert_int_equal(machine.next, MACHINE_NEVER);
	machine_hurry(&machine, 5 * S);
	assert_int_equal(machine.state, MACHINE_RENEWING);
	assert_true(machine.next < 20 * S);
}

static void times_of_a_confused_server(void **state)
{
	(void)state;
	machine_start(&machine, 0);
	reply_with(DHCPV4_OFFER);
	receive(0);
	reply_with(DHCPV4_ACK);
	reply.t1 = 5000;
	reply.t2 = 4000;
	dhcpv4_give(&reply, DHCPV4_OPT_T1);
	dhcpv4_give(&reply, DHCPV4_OPT_T2);
	receive(0);
	assert_true(machine.lease.t1 <= machine.lease.t2);
	assert_true(machine.lease.t2 <= machine.lease.expires);
}

static void port_sets(void **state)
{
	(void)state;
	machine_start(&machine, 0);
	reply_with(DHCPV4_OFFER);
	reply.ports = (struct dstm_portset){ .psid = 5, .len = 6 };
	dhcpv4_give(&reply, DHCPV4_OPT_PORTPARAMS);
	receive(0);
	assert_int_equal(seen.sent.ports.psid, 5);

	/* Who does not accept one does not ask for it, and takes none. */
	fresh(NULL);
	machine.self.accept_ports = false;
	machine_start(&machine, 0);
	assert_false(dhcpv4_accepts_ports(&seen.sent));
	reply_with(DHCPV4_OFFER);
	reply.ports = (struct dstm_portset){ .psid = 5, .len = 6 };
	dhcpv4_give(&reply, DHCPV4_OPT_PORTPARAMS);
	receive(0);
	assert_int_equal(machine.state, MACHINE_SELECTING);
}

/* None of these is an answer, or one that is of use. */
static void not_for_us(void **state)
{
	(void)state;
	machine_start(&machine, 0);
	reply_with(DHCPV4_OFFER);
	reply.xid++;
	receive(0);
	reply_with(DHCPV4_OFFER);
	reply.op = DHCPV4_BOOTREQUEST;
	receive(0);
	reply_with(DHCPV4_ACK);
	receive(0);
	reply_with(DHCPV4_OFFER);
	dhcpv4_client_id_join(&reply, 2, machine.self.duid, 4);
	receive(0);
	reply_with(DHCPV4_OFFER);
	reply.yiaddr.s_addr = htonl(0xe0000001);
	receive(0);
	reply_with(DHCPV4_OFFER);
	reply.lease_time = 0;
	receive(0);
	reply_with(DHCPV4_OFFER);
	answer.tep = in6addr_any;
	receive(0);
	assert_int_equal(machine.state, MACHINE_SELECTING);
	assert_int_equal(seen.sends, 1);

	machine.self.tep.s6_addr[0] = 0x20;
	reply_with(DHCPV4_OFFER);
	receive(0);
	assert_int_equal(machine.state, MACHINE_REQUESTING);
}

/* A renewal that gives another address would cut every connection. */
static void other_address(void **state)
{
	(void)state;
	bind_at(0);
	machine_run(&machine, 500 * S);
	reply_with(DHCPV4_ACK);
	reply.yiaddr.s_addr = htonl(0xc0000208);
	receive(501 * S);
	assert_int_equal(machine.state, MACHINE_RENEWING);
	assert_int_equal(machine.lease.ipv4.s_addr, htonl(0xc0000207));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lease_is_got, fresh),
		cmocka_unit_test_setup(backs_off, fresh),
		cmocka_unit_test_setup(jitters, fresh),
		cmocka_unit_test_setup(request_given_up, fresh),
		cmocka_unit_test_setup(renews, fresh),
		cmocka_unit_test_setup(rebinds_then_loses, fresh),
		cmocka_unit_test_setup(renewal_refused, fresh),
		cmocka_unit_test_setup(refusal, fresh),
		cmocka_unit_test_setup(former_refused, fresh),
		cmocka_unit_test_setup(one_of_two_refuses, fresh),
		cmocka_unit_test_setup(both_refuse, fresh),
		cmocka_unit_test_setup(refusals_of_unknown_number, fresh),
		cmocka_unit_test_setup(declines, fresh),
		cmocka_unit_test_setup(releases, fresh),
		cmocka_unit_test_setup(moves, fresh),
		cmocka_unit_test_setup(resumes, fresh),
		cmocka_unit_test_setup(endless, fresh),
		cmocka_unit_test_setup(times_of_a_confused_server, fresh),
		cmocka_unit_test_setup(port_sets, fresh),
		cmocka_unit_test_setup(not_for_us, fresh),
		cmocka_unit_test_setup(other_address, fresh),
	};

	return cmocka_run_group_tests_name("client_machine", tests, NULL, NULL);
}
