// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "machine.h"

#define SECOND		UINT64_C(1000)

/* RFC 8415 section 7.6: SOL_TIMEOUT, REN_TIMEOUT and REN_MAX_RT. */
#define ASK_FIRST	(1 * SECOND)
#define ASK_MOST	(64 * SECOND)
#define RENEW_FIRST	(10 * SECOND)
#define RENEW_MOST	(600 * SECOND)
#define REQUEST_TRIES	4

/* RFC 2131 section 3.1, step 5. */
#define DECLINE_PAUSE	(10 * SECOND)
#define REFUSED_FIRST	(10 * SECOND)
#define REFUSED_MOST	(600 * SECOND)

static uint32_t random32(const struct machine *m)
{
	return m->ops->random(m->data);
}

/* RFC 8415 section 15: one tenth more or less, so that clients spread. */
static uint64_t jitter(const struct machine *m, uint64_t interval)
{
	return interval - interval / 10 + random32(m) % (interval / 5 + 1);
}

static uint64_t doubled(uint64_t interval, uint64_t first, uint64_t most)
{
	if (!interval)
		return first;
	return interval * 2 < most ? interval * 2 : most;
}

bool machine_has_lease(const struct machine *m)
{
	return m->state >= MACHINE_BOUND;
}

/* What every message of ours has. */
static void message_begin(const struct machine *m, struct dhcpv4_message *msg,
			  uint8_t type, uint64_t now)
{
	uint64_t secs = (now - m->since) / SECOND;

	memset(msg, 0, sizeof(*msg));
	msg->op = DHCPV4_BOOTREQUEST;
	msg->xid = m->xid;
	msg->secs = secs < UINT16_MAX ? (uint16_t)secs : UINT16_MAX;
	msg->type = type;
	dhcpv4_client_id_join(msg, m->self.iaid, m->self.duid,
			      m->self.duid_len);
}

/* What a message has that asks for a lease, or for more of it. */
static void message_wishes(const struct machine *m, struct dhcpv4_message *msg)
{
	static const uint8_t wanted[] = {
		DHCPV4_OPT_ROUTER, DHCPV4_OPT_DNS, DHCPV4_OPT_MTU,
		DHCPV4_OPT_LEASE_TIME, DHCPV4_OPT_T1, DHCPV4_OPT_T2,
		DHCPV4_OPT_SOFTWIRE_SOURCE, DHCPV4_OPT_PORTPARAMS,
	};
	size_t n = sizeof(wanted) - !m->self.accept_ports;

	memcpy(msg->parameters, wanted, n);
	msg->parameters_count = (uint8_t)n;
	dhcpv4_give(msg, DHCPV4_OPT_PARAMETERS);
	msg->softwire_source = m->self.local;
	dhcpv4_give(msg, DHCPV4_OPT_SOFTWIRE_SOURCE);
	/* RFC 7618 section 6: which one is for the server to say. */
	if (m->self.accept_ports)
		dhcpv4_give(msg, DHCPV4_OPT_PORTPARAMS);
}

static void message_requested(struct dhcpv4_message *msg, struct in_addr addr)
{
	msg->requested = addr;
	dhcpv4_give(msg, DHCPV4_OPT_REQUESTED);
}

static void message_server(const struct machine *m, struct dhcpv4_message *msg)
{
	msg->server_id = m->lease.server_id;
	dhcpv4_give(msg, DHCPV4_OPT_SERVER_ID);
}

static void send_discover(struct machine *m, uint64_t now)
{
	struct dhcpv4_message msg;

	message_begin(m, &msg, DHCPV4_DISCOVER, now);
	message_wishes(m, &msg);
	if (m->self.former.s_addr)
		message_requested(&msg, m->self.former);
	m->ops->send(&msg, NULL, m->data);
}

static void send_request(struct machine *m, uint64_t now)
{
	struct dhcpv4_message msg;

	message_begin(m, &msg, DHCPV4_REQUEST, now);
	message_wishes(m, &msg);
	message_requested(&msg, m->lease.ipv4);
	message_server(m, &msg);
	if (m->lease.ports.len)
		msg.ports = m->lease.ports;
	m->ops->send(&msg, NULL, m->data);
}

/* RFC 2131 section 4.3.6: the address in ciaddr, and no server identifier. */
static void send_renewal(struct machine *m, uint64_t now)
{
	struct dhcpv4_message msg;

	message_begin(m, &msg, DHCPV4_REQUEST, now);
	message_wishes(m, &msg);
	msg.ciaddr = m->lease.ipv4;
	if (m->lease.ports.len && m->self.accept_ports)
		msg.ports = m->lease.ports;
	m->ops->send(&msg, m->state == MACHINE_RENEWING ? &m->lease.server :
		     NULL, m->data);
}

static void send_decline(struct machine *m, uint64_t now)
{
	struct dhcpv4_message msg;

	message_begin(m, &msg, DHCPV4_DECLINE, now);
	message_requested(&msg, m->lease.ipv4);
	message_server(m, &msg);
	m->ops->send(&msg, NULL, m->data);
}

static void send_release(struct machine *m, uint64_t now)
{
	struct dhcpv4_message msg;

	m->xid = random32(m);
	message_begin(m, &msg, DHCPV4_RELEASE, now);
	msg.ciaddr = m->lease.ipv4;
	message_server(m, &msg);
	if (m->lease.ports.len) {
		msg.ports = m->lease.ports;
		dhcpv4_give(&msg, DHCPV4_OPT_PORTPARAMS);
	}
	m->ops->send(&msg, &m->lease.server, m->data);
}

static void transaction_begin(struct machine *m, enum machine_state state,
			      uint64_t now)
{
	m->state = state;
	m->xid = random32(m);
	m->sent = now;
	m->tries = 0;
	m->interval = 0;
}

static void be_off(struct machine *m)
{
	m->state = MACHINE_OFF;
	m->next = MACHINE_NEVER;
}

static void pause_for(struct machine *m, uint64_t interval, uint64_t now)
{
	m->state = MACHINE_PAUSED;
	m->next = now + jitter(m, interval);
}

static void select_server(struct machine *m, uint64_t now)
{
	if (m->state != MACHINE_SELECTING)
		transaction_begin(m, MACHINE_SELECTING, now);
	m->interval = doubled(m->interval, ASK_FIRST, ASK_MOST);
	m->next = now + jitter(m, m->interval);
	m->tries++;
	m->naks = 0;
	send_discover(m, now);
}

static void request(struct machine *m, uint64_t now)
{
	if (m->tries == REQUEST_TRIES) {
		select_server(m, now);
		return;
	}
	m->interval = doubled(m->interval, ASK_FIRST, ASK_MOST);
	m->next = now + jitter(m, m->interval);
	m->tries++;
	send_request(m, now);
}

/*
 * RFC 2131 section 4.4.5 halves what is left of the time; RFC 8415 section 18.2.4
 * begins with ten seconds and doubles. The shorter of both suits leases of any
 * length, if the halves do not become too short for it.
 */
static uint64_t renew_wait(const struct machine *m, uint64_t end, uint64_t now)
{
	uint64_t half = (end - now) / 2, least = (end - m->sent) / 16;
	uint64_t wait = jitter(m, m->interval < half ? m->interval : half);

	if (end == MACHINE_NEVER)
		return jitter(m, m->interval);
	if (least > m->interval)
		least = m->interval;
	if (least < SECOND)
		least = SECOND;
	return wait < least ? least : wait;
}

static void renew(struct machine *m, uint64_t now)
{
	uint64_t end = m->state == MACHINE_RENEWING ? m->lease.t2 :
		       m->lease.expires;
	uint64_t wait;

	m->interval = doubled(m->interval, RENEW_FIRST, RENEW_MOST);
	wait = renew_wait(m, end, now);
	m->next = wait < end - now ? now + wait : end;
	m->tries++;
	send_renewal(m, now);
}

static void lose(struct machine *m, const char *why)
{
	m->self.former = m->lease.ipv4;
	be_off(m);
	m->ops->lost(why, m->data);
}

static void refuse(struct machine *m, const char *why, uint64_t now)
{
	uint64_t interval = REFUSED_FIRST << (m->refusals < 6 ? m->refusals : 6);

	m->refusals++;
	pause_for(m, interval < REFUSED_MOST ? interval : REFUSED_MOST, now);
	m->ops->refused(why, m->data);
}

/* Nobody has an offer. What we asked for may be gone; anything else will do as well. */
static void none_offers(struct machine *m, uint64_t now)
{
	if (m->self.former.s_addr) {
		m->self.former.s_addr = 0;
		m->state = MACHINE_PAUSED;
		select_server(m, now);
		return;
	}
	refuse(m, m->why, now);
}

void machine_start(struct machine *m, uint64_t now)
{
	m->state = MACHINE_OFF;
	m->since = now;
	select_server(m, now);
}

void machine_resume(struct machine *m, const struct machine_lease *lease,
		    uint64_t now)
{
	m->lease = *lease;
	m->since = now;
	m->state = MACHINE_BOUND;
	m->next = now;
	machine_hurry(m, now);
}

/* What is due while there is a lease; the later states come first. */
static void run_lease(struct machine *m, uint64_t now)
{
	if (now >= m->lease.expires) {
		lose(m, "the lease has expired");
	} else if (now >= m->lease.t2) {
		if (m->state != MACHINE_REBINDING)
			transaction_begin(m, MACHINE_REBINDING, now);
		renew(m, now);
	} else if (m->state == MACHINE_BOUND) {
		m->since = now;
		transaction_begin(m, MACHINE_RENEWING, now);
		renew(m, now);
	} else {
		renew(m, now);
	}
}

void machine_run(struct machine *m, uint64_t now)
{
	if (now < m->next)
		return;
	switch (m->state) {
	case MACHINE_OFF:
		return;
	case MACHINE_PAUSED:
		m->since = now;
		select_server(m, now);
		return;
	case MACHINE_SELECTING:
		if (m->naks)
			none_offers(m, now);
		else
			select_server(m, now);
		return;
	case MACHINE_REQUESTING:
		request(m, now);
		return;
	default:
		run_lease(m, now);
	}
}

void machine_hurry(struct machine *m, uint64_t now)
{
	if (m->state == MACHINE_OFF)
		return;
	if (m->state == MACHINE_SELECTING)
		m->interval = 0;
	/* What is asked for is another thing than what was asked before. */
	if (m->state == MACHINE_RENEWING || m->state == MACHINE_REBINDING)
		transaction_begin(m, m->state, now);
	m->next = now;
	machine_run(m, now);
}

void machine_release(struct machine *m, uint64_t now)
{
	if (machine_has_lease(m)) {
		m->self.former = m->lease.ipv4;
		m->since = now;
		send_release(m, now);
	}
	be_off(m);
}

static bool unicast(struct in_addr addr)
{
	uint32_t host = ntohl(addr.s_addr);

	return host >> 24 && host >> 24 != 127 && host >> 28 < 0xe;
}

/* The times of a lease count from its request's sending (RFC 2131 section 4.4.1). */
static void lease_times(struct machine_lease *lease,
			const struct dhcpv4_message *msg, uint64_t sent)
{
	uint64_t time = msg->lease_time * SECOND, t1, t2;

	if (msg->lease_time == UINT32_MAX) {
		lease->t1 = lease->t2 = lease->expires = MACHINE_NEVER;
		return;
	}
	t2 = dhcpv4_has(msg, DHCPV4_OPT_T2) ? msg->t2 * SECOND : time * 7 / 8;
	if (t2 > time)
		t2 = time * 7 / 8;
	t1 = dhcpv4_has(msg, DHCPV4_OPT_T1) ? msg->t1 * SECOND : time / 2;
	if (t1 > t2)
		t1 = time / 2 < t2 ? time / 2 : t2;
	lease->t1 = sent + t1;
	lease->t2 = sent + t2;
	lease->expires = sent + time;
}

/* Whether an offer or acknowledgement has all that is needed. */
static bool lease_read(const struct machine *m, struct machine_lease *lease,
		       const struct machine_answer *answer)
{
	const struct dhcpv4_message *msg = answer->message;

	memset(lease, 0, sizeof(*lease));
	lease->ipv4 = msg->yiaddr;
	lease->server_id = msg->server_id;
	lease->server = answer->from;
	lease->local = m->self.local;
	lease->tep = IN6_IS_ADDR_UNSPECIFIED(&answer->tep) ? m->self.tep :
		     answer->tep;
	if (dhcpv4_has(msg, DHCPV4_OPT_PORTPARAMS))
		lease->ports = msg->ports;
	if (dhcpv4_has(msg, DHCPV4_OPT_ROUTER))
		lease->tep_ipv4 = msg->routers[0];
	if (dhcpv4_has(msg, DHCPV4_OPT_MTU))
		lease->mtu = msg->mtu;
	lease->dns_count = msg->dns_count < MACHINE_DNS ? msg->dns_count :
			   MACHINE_DNS;
	memcpy(lease->dns, msg->dns, lease->dns_count * sizeof(lease->dns[0]));
	lease_times(lease, msg, m->sent);

	if (!unicast(lease->ipv4) || IN6_IS_ADDR_UNSPECIFIED(&lease->tep) ||
	    !dhcpv4_has(msg, DHCPV4_OPT_SERVER_ID) ||
	    !dhcpv4_has(msg, DHCPV4_OPT_LEASE_TIME) || !msg->lease_time)
		return false;
	if (lease->ports.len && !m->self.accept_ports)
		return false;
	/* RFC 8539 section 7: a mapping to another address is of no use. */
	return !dhcpv4_has(msg, DHCPV4_OPT_SOFTWIRE_SOURCE) ||
	       !memcmp(&msg->softwire_source, &m->self.local,
		       sizeof(m->self.local));
}

static void take_offer(struct machine *m, const struct machine_answer *answer,
		       uint64_t now)
{
	struct machine_lease lease;
	uint32_t xid = m->xid;

	if (!lease_read(m, &lease, answer))
		return;
	m->lease = lease;
	transaction_begin(m, MACHINE_REQUESTING, now);
	m->xid = xid;	/* RFC 2131 section 4.4.1 */
	request(m, now);
}

static void take_ack(struct machine *m, const struct machine_answer *answer,
		     uint64_t now)
{
	bool renewed = machine_has_lease(m);
	struct machine_lease lease;

	if (!lease_read(m, &lease, answer) || lease.expires <= now)
		return;
	if (renewed && lease.ipv4.s_addr != m->lease.ipv4.s_addr)
		return;
	m->lease = lease;
	if (!renewed && !m->ops->usable(&lease, m->data)) {
		send_decline(m, now);
		m->self.former.s_addr = 0;
		pause_for(m, DECLINE_PAUSE, now);
		return;
	}
	m->state = MACHINE_BOUND;
	m->next = lease.t1 > now ? lease.t1 : now + SECOND;
	m->refusals = 0;
	m->self.former = lease.ipv4;
	m->ops->bound(&m->lease, m->data);
}

/* Returns whether all servers have said that they have no offer. */
static bool count_nak(struct machine *m, const struct in6_addr *from)
{
	unsigned int i;

	for (i = 0; i < m->naks; i++)
		if (IN6_ARE_ADDR_EQUAL(&m->nak_from[i], from))
			return false;
	if (m->naks < MACHINE_SERVERS)
		m->nak_from[m->naks++] = *from;
	return m->naks == m->self.servers;
}

/* One server's word is not that of the others: they have until the next sending. */
static void take_nak(struct machine *m, const struct machine_answer *answer,
		     uint64_t now)
{
	const char *text = answer->message->text;

	snprintf(m->why, sizeof(m->why), "%s", text[0] ? text : "the server refused");
	if (machine_has_lease(m))
		lose(m, m->why);
	else if (m->state == MACHINE_SELECTING && count_nak(m, &answer->from))
		none_offers(m, now);
	else if (m->state == MACHINE_REQUESTING &&
		 IN6_ARE_ADDR_EQUAL(&answer->from, &m->lease.server))
		refuse(m, m->why, now);
}

/* RFC 6842: a server gives the client identifier back. */
static bool is_ours(const struct machine *m, const struct dhcpv4_message *msg)
{
	struct dhcpv4_message own = {0};

	if (msg->op != DHCPV4_BOOTREPLY || msg->xid != m->xid)
		return false;
	if (!dhcpv4_has(msg, DHCPV4_OPT_CLIENT_ID))
		return true;
	dhcpv4_client_id_join(&own, m->self.iaid, m->self.duid,
			      m->self.duid_len);
	return own.client_id_len == msg->client_id_len &&
	       !memcmp(own.client_id, msg->client_id, own.client_id_len);
}

void machine_receive(struct machine *m, const struct machine_answer *answer,
		     uint64_t now)
{
	const struct dhcpv4_message *msg = answer->message;
	bool asking = m->state == MACHINE_REQUESTING ||
		      m->state == MACHINE_RENEWING ||
		      m->state == MACHINE_REBINDING;

	if (!is_ours(m, msg))
		return;
	if (msg->type == DHCPV4_OFFER && m->state == MACHINE_SELECTING)
		take_offer(m, answer, now);
	else if (msg->type == DHCPV4_ACK && asking)
		take_ack(m, answer, now);
	else if (msg->type == DHCPV4_NAK &&
		 (asking || m->state == MACHINE_SELECTING))
		take_nak(m, answer, now);
}

const char *machine_state_name(enum machine_state state)
{
	static const char *const names[] = {
		[MACHINE_OFF] = "off",
		[MACHINE_PAUSED] = "paused",
		[MACHINE_SELECTING] = "selecting",
		[MACHINE_REQUESTING] = "requesting",
		[MACHINE_BOUND] = "bound",
		[MACHINE_RENEWING] = "renewing",
		[MACHINE_REBINDING] = "rebinding",
	};

	return names[state];
}
