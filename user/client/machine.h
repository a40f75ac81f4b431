/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DHCP client's states (RFC 2131 section 4.4), without sockets and without a
 * clock: it is told what came and what time it is, and says what to send and when
 * to be called again. Times are milliseconds of one clock that never steps.
 *
 *	OFF --start--> SELECTING --offer--> REQUESTING --ack--> BOUND
 *	                 ^   |  refused         | nak              | T1
 *	                 |   v                  v                  v
 *	                PAUSED <----------------+       RENEWING --T2--> REBINDING
 *
 * From BOUND and what follows, an end of the lease leads to OFF; whoever runs the
 * machine decides whether to start it again.
 */
#ifndef DSTM_CLIENT_MACHINE_H
#define DSTM_CLIENT_MACHINE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/dhcpv4.h"

#define MACHINE_NEVER	UINT64_MAX
#define MACHINE_DNS	4
#define MACHINE_SERVERS	16

enum machine_state {
	MACHINE_OFF,
	MACHINE_PAUSED,
	MACHINE_SELECTING,
	MACHINE_REQUESTING,
	MACHINE_BOUND,
	MACHINE_RENEWING,
	MACHINE_REBINDING,
};

/**
 * struct machine_lease - what was lent
 * @ipv4: the address
 * @ports: the port set; length 0 is the whole address
 * @server_id: the server, as DHCPv4 knows it
 * @server: the server, as it is reached
 * @local: this end of the tunnel
 * @tep: the other end of the tunnel
 * @tep_ipv4: its IPv4 address, or 0
 * @mtu: of the tunnel, or 0
 * @dns: IPv4 addresses of resolvers
 * @dns_count: how many
 * @t1: when to renew; MACHINE_NEVER with an endless lease, as the next ones
 * @t2: when to rebind
 * @expires: when it ends
 */
struct machine_lease {
	struct in_addr ipv4;
	struct dstm_portset ports;
	struct in_addr server_id;
	struct in6_addr server;
	struct in6_addr local;
	struct in6_addr tep;
	struct in_addr tep_ipv4;
	uint16_t mtu;
	struct in_addr dns[MACHINE_DNS];
	unsigned int dns_count;
	uint64_t t1;
	uint64_t t2;
	uint64_t expires;
};

/**
 * struct machine_answer - a message of a server's
 * @message: the DHCPv4 message
 * @from: who sent it
 * @tep: the tunnel end point that came with it, or ::
 */
struct machine_answer {
	const struct dhcpv4_message *message;
	struct in6_addr from;
	struct in6_addr tep;
};

/**
 * struct machine_ops - what the machine has others do
 * @send: send a message to one server, or, where @to is NULL, to all
 * @usable: whether an address can be used here; if not, it is declined
 * @bound: there is a lease, or the lease has changed
 * @lost: there is no lease any more; the machine is off
 * @refused: there will be no lease for now; it tries again later by itself
 * @random: 32 random bits
 */
struct machine_ops {
	void (*send)(const struct dhcpv4_message *m, const struct in6_addr *to,
		     void *data);
	bool (*usable)(const struct machine_lease *lease, void *data);
	void (*bound)(const struct machine_lease *lease, void *data);
	void (*lost)(const char *why, void *data);
	void (*refused)(const char *why, void *data);
	uint32_t (*random)(void *data);
};

/**
 * struct machine_self - who asks, and for what
 * @iaid: of the client identifier
 * @duid: of the client identifier
 * @duid_len: its length in bytes
 * @accept_ports: a port set will do
 * @local: this end of the tunnel
 * @tep: the other end where an answer names none, or ::
 * @former: the address to ask for, or 0
 * @servers: how many servers a message to all goes to, 0 if that is not known
 */
struct machine_self {
	uint32_t iaid;
	uint8_t duid[130];
	size_t duid_len;
	bool accept_ports;
	struct in6_addr local;
	struct in6_addr tep;
	struct in_addr former;
	unsigned int servers;
};

/**
 * struct machine - the machine
 * @ops: what others do for it
 * @data: for @ops
 * @self: may be changed at any time; what is sent next follows it
 * @state: the state; the rest is the machine's own
 * @lease: the lease, from BOUND on; in REQUESTING, what was offered
 * @since: when the states' round began
 * @sent: when the present message was first sent
 * @next: when machine_run() is due
 * @interval: between the last message and the next, in milliseconds
 * @tries: how often the present message was sent
 * @refusals: in a row
 * @naks: how many servers have refused what was sent last, in SELECTING
 * @nak_from: which
 * @why: the reason of the last of them
 * @xid: of the present transaction
 */
struct machine {
	const struct machine_ops *ops;
	void *data;
	struct machine_self self;
	enum machine_state state;
	struct machine_lease lease;
	uint64_t since;
	uint64_t sent;
	uint64_t next;
	uint64_t interval;
	unsigned int tries;
	unsigned int refusals;
	unsigned int naks;
	struct in6_addr nak_from[MACHINE_SERVERS];
	char why[sizeof(((struct dhcpv4_message *)0)->text)];
	uint32_t xid;
};

/**
 * machine_start - ask for a lease, from the beginning
 * @m: the machine, with @ops, @data and @self set
 * @now: the time; so for all of these
 */
void machine_start(struct machine *m, uint64_t now);

/**
 * machine_resume - go on with a lease of an earlier run
 * @m: the machine, off
 * @lease: the lease, not over yet
 * @now: the time
 *
 * It is confirmed at once, and used meanwhile (RFC 2131 section 4.4.2).
 */
void machine_resume(struct machine *m, const struct machine_lease *lease,
		    uint64_t now);

/**
 * machine_receive - take a message that came
 * @m: the machine
 * @answer: the message; one that is not for us is passed over
 * @now: the time
 */
void machine_receive(struct machine *m, const struct machine_answer *answer,
		     uint64_t now);

/**
 * machine_run - do what is due
 * @m: the machine; at @next it wants to be called
 * @now: the time
 */
void machine_run(struct machine *m, uint64_t now);

/**
 * machine_hurry - ask at once, without waiting for the time to do so
 * @m: the machine
 * @now: the time
 *
 * The network is back, or this end of the tunnel has moved (RFC 8539 section 7).
 */
void machine_hurry(struct machine *m, uint64_t now);

/**
 * machine_release - give the lease back, if there is one, and be off
 * @m: the machine
 * @now: the time
 */
void machine_release(struct machine *m, uint64_t now);

/**
 * machine_has_lease - whether the state is one with a lease
 * @m: the machine
 */
bool machine_has_lease(const struct machine *m);

/**
 * machine_state_name - a state's name, for people and programs
 * @state: the state
 */
const char *machine_state_name(enum machine_state state);

#endif
