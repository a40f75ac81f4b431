// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dhcp4o6.h"
#include "lib/log.h"
#include "limit.h"
#include "reply.h"
#include "store.h"

/* Longer packets are none of ours. */
#define PACKET_MAX	4096

/* So many are taken at once, before others have their turn. */
#define TURN		64

/* What the socket may hold while we are busy, in bytes. */
#define RECEIVE_BUFFER	(8 << 20)

/* An answer that waits for its turn to be sent. */
struct outgoing {
	struct sockaddr_in6 to;
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))]
		__attribute__((aligned(sizeof(size_t))));
	size_t size;
	uint8_t packet[PACKET_MAX];
};

struct dhcp4o6 {
	struct turn *turn;
	struct engine *engine;
	const struct config *config;
	uint8_t duid[STORE_DUID];
	struct event *event;
	struct event *flush;
	int fd;
	struct limits limits;
	struct dhcp4o6_stats stats;
	uint8_t packets[TURN][PACKET_MAX];
	struct outgoing out[TURN];
	unsigned int out_count;
};

/* A packet that came, kept until it is answered. */
struct incoming {
	struct query query;
	struct dhcp4o6 *door;
	struct sockaddr_in6 from;
	struct in6_addr to;
	unsigned int ifindex;
	int64_t came;		/* microseconds */
	size_t size;
	uint8_t packet[];
};

/* A query, read. */
struct ask {
	const struct incoming *query;
	struct dhcpv6_packet packet;
	struct dhcpv4_message message;
	struct asker asker;
	uint8_t client[1 + 16];	/* made of the hardware address */
};

const char *drop_name(enum drop drop)
{
	static const char * const names[DROPS] = {
		[DROP_MALFORMED] = "malformed",
		[DROP_IGNORED] = "ignored",
		[DROP_SOURCE] = "rate-source",
		[DROP_ALL] = "rate",
		[DROP_RELAY] = "relay",
		[DROP_UNKNOWN] = "unknown",
		[DROP_OTHER] = "other-server",
		[DROP_SEND] = "send",
	};

	return names[drop];
}

static int64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void drop(struct dhcp4o6 *door, const struct incoming *query,
		 enum drop reason)
{
	static struct dstm_log_limit limit;
	char text[INET6_ADDRSTRLEN];

	door->stats.drops[reason]++;
	inet_ntop(AF_INET6, &query->from.sin6_addr, text, sizeof(text));
	dstm_log_limited(&limit, reason == DROP_SEND ? DSTM_LOG_WARNING :
						       DSTM_LOG_DEBUG,
			 "packet from %s dropped: %s", text, drop_name(reason));
}

/* Send what waits, as much as the socket takes; the rest is lost, as UDP is. */
static void send_all(struct dhcp4o6 *door)
{
	struct mmsghdr msgs[TURN] = { 0 };
	struct iovec iov[TURN];
	unsigned int i;
	int sent;

	for (i = 0; i < door->out_count; i++) {
		struct outgoing *out = &door->out[i];

		iov[i] = (struct iovec){ out->packet, out->size };
		msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &out->to, .msg_namelen = sizeof(out->to),
			.msg_iov = &iov[i], .msg_iovlen = 1,
			.msg_control = out->control,
			.msg_controllen = sizeof(out->control),
		};
	}
	for (i = 0; i < door->out_count; i += (unsigned int)sent) {
		sent = sendmmsg(door->fd, msgs + i, door->out_count - i,
				MSG_DONTWAIT);
		if (sent > 0) {
			door->stats.sent += (unsigned int)sent;
			continue;
		}
		/* The first of them is at fault. */
		door->stats.drops[DROP_SEND]++;
		sent = 1;
	}
	door->out_count = 0;
}

static void on_flush(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	send_all(data);
}

/* From the address that was asked, by the interface that the query came by. */
static void set_source(const struct incoming *query, struct outgoing *out)
{
	struct in6_pktinfo info = { .ipi6_ifindex = query->ifindex };
	struct msghdr msg = { .msg_control = out->control,
			      .msg_controllen = sizeof(out->control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	if (!IN6_IS_ADDR_MULTICAST(&query->to))
		info.ipi6_addr = query->to;
	if (!IN6_IS_ADDR_LINKLOCAL(&query->from.sin6_addr))
		info.ipi6_ifindex = 0;
	memset(out->control, 0, sizeof(out->control));
	cmsg->cmsg_level = IPPROTO_IPV6;
	cmsg->cmsg_type = IPV6_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
}

/* Send an answer the way that the query came. */
static void respond(const struct incoming *query,
		    const struct dhcpv6_packet *ask,
		    const struct dhcpv6_message *message)
{
	static const struct timeval at_once;
	struct dhcp4o6 *door = query->door;
	struct outgoing *out = &door->out[door->out_count];
	struct dhcpv6_packet packet = *ask;
	unsigned int i;
	int len;

	for (i = 0; i < packet.relays; i++) {
		packet.relay[i].type = DHCPV6_RELAY_REPL;
		packet.relay[i].remote_id = (struct dhcpv6_slice){ NULL, 0 };
	}
	packet.message = *message;
	len = dhcpv6_build(&packet, out->packet, sizeof(out->packet));
	if (len < 0) {
		drop(door, query, DROP_SEND);
		return;
	}
	out->size = (size_t)len;
	out->to = query->from;
	set_source(query, out);
	if (++door->out_count == TURN)
		send_all(door);
	else if (door->out_count == 1)
		evtimer_add(door->flush, &at_once);
}

static void respond_dhcpv4(const struct ask *ask,
			   const struct dhcpv4_message *reply,
			   const struct supply *supply)
{
	struct dhcpv6_message message = { .type = DHCPV6_DHCPV4_RESPONSE };
	uint8_t data[DHCPV4_MESSAGE];
	int len = dhcpv4_build(reply, data, sizeof(data));

	if (len < 0) {
		drop(ask->query->door, ask->query, DROP_SEND);
		return;
	}
	message.dhcpv4 = (struct dhcpv6_slice){ data, (size_t)len };
	dhcpv6_give(&message, DHCPV6_OPT_DHCPV4_MSG);
	if (supply) {
		message.br[0] = supply->tep;
		message.br_count = 1;
		dhcpv6_give(&message, DHCPV6_OPT_S46_BR);
	}
	respond(ask->query, &ask->packet, &message);
}

/* Seconds that are left of a lease, or would be of one that is offered. */
static uint32_t seconds_left(const struct engine *engine,
			     const struct lease *lease)
{
	int64_t end = lease->end;

	if (lease->state == LEASE_OFFERED)
		end = policy_end(&engine->policy->classes[lease->class],
				 engine->now);
	if (end == LEASE_NEVER)
		return UINT32_MAX;
	return end > engine->now ? (uint32_t)((end - engine->now) / 1000) : 0;
}

static void count(struct dhcp4o6 *door, const struct ask *ask,
		  enum outcome outcome)
{
	door->stats.outcomes[ask->message.type][outcome]++;
	dstm_histogram_add(&door->stats.latency,
			   (double)(clock_us() - ask->query->came) / 1e6);
}

/* Whether a client hears of a failure; one that has a lease just tries again. */
static bool told(const struct ask *ask, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_NO_ADDRESS:
	case OUTCOME_QUOTA:
	case OUTCOME_NOT_YOURS:
		return true;
	case OUTCOME_GATEWAY:
	case OUTCOME_STORE:
		return !ask->message.ciaddr.s_addr;
	default:
		return false;
	}
}

static void answer(struct dhcp4o6 *door, const struct ask *ask,
		   const struct lease *lease, enum outcome outcome)
{
	struct dhcpv4_message reply;
	const struct supply *supply;

	count(door, ask, outcome);
	if (outcome == OUTCOME_GRANTED) {
		supply = &door->engine->policy->supplies[lease->pool];
		reply_begin(&reply, &ask->message, door->config,
			    ask->message.type == DHCPV4_DISCOVER ?
			    DHCPV4_OFFER : DHCPV4_ACK);
		reply_lease(&reply, &ask->message, lease, supply,
			    seconds_left(door->engine, lease));
		respond_dhcpv4(ask, &reply, supply);
	} else if (told(ask, outcome)) {
		reply_begin(&reply, &ask->message, door->config, DHCPV4_NAK);
		reply_why(&reply, outcome);
		respond_dhcpv4(ask, &reply, NULL);
	}
}

/* What a client would like, or says that it has. */
static struct slot wanted(const struct dhcpv4_message *m)
{
	struct slot slot = { 0 };

	if (m->type != DHCPV4_RELEASE && dhcpv4_has(m, DHCPV4_OPT_REQUESTED))
		slot.ipv4 = ntohl(m->requested.s_addr);
	else
		slot.ipv4 = ntohl(m->ciaddr.s_addr);
	if (dhcpv4_has(m, DHCPV4_OPT_PORTPARAMS) && m->ports.len)
		slot.set = m->ports;
	return slot;
}

static void on_answer(struct query *waiting, const struct lease *lease,
		      enum outcome outcome);

static void do_discover(struct dhcp4o6 *door, const struct ask *ask,
			uint16_t class)
{
	struct slot want = wanted(&ask->message);
	const struct lease *lease = NULL;
	enum outcome outcome;

	outcome = engine_offer(door->engine, &ask->asker, class, &want, &lease);
	answer(door, ask, lease, outcome);
}

static void do_request(struct dhcp4o6 *door, const struct ask *ask,
		       uint16_t class)
{
	struct slot want = wanted(&ask->message);
	const struct incoming *query = ask->query;
	struct incoming *kept;
	enum outcome outcome;

	if (!want.ipv4) {
		drop(door, query, DROP_MALFORMED);
		return;
	}
	kept = malloc(sizeof(*kept) + query->size);
	if (!kept)
		return;
	memcpy(kept, query, sizeof(*kept));
	memcpy(kept->packet, query->packet, query->size);
	kept->query.answer = on_answer;
	outcome = engine_request(door->engine, &ask->asker, class, &want,
				 &kept->query);
	if (outcome == OUTCOME_LATER)
		return;
	free(kept);
	answer(door, ask, lease_by_client(&door->engine->leases,
					  ask->asker.client.data,
					  ask->asker.client.len), outcome);
}

/*
 * An address of the interface by which a link-local client asks: where there are
 * several, of the /64 in which its tunnel ends.
 */
static struct in6_addr own_link(unsigned int ifindex,
				const struct in6_addr *tunnel)
{
	struct in6_addr found = in6addr_any;
	struct ifaddrs *all, *one;
	char name[IF_NAMESIZE];

	if (!if_indextoname(ifindex, name) || getifaddrs(&all))
		return found;
	for (one = all; one; one = one->ifa_next) {
		const struct sockaddr_in6 *addr = (void *)one->ifa_addr;
		bool same;

		if (!addr || addr->sin6_family != AF_INET6 ||
		    strcmp(one->ifa_name, name) ||
		    IN6_IS_ADDR_LINKLOCAL(&addr->sin6_addr))
			continue;
		same = !memcmp(&addr->sin6_addr, tunnel, 8);
		if (same || IN6_IS_ADDR_UNSPECIFIED(&found))
			found = addr->sin6_addr;
		if (same)
			break;
	}
	freeifaddrs(all);
	return found;
}

/* Where no relay says which link it is. */
static void find_link(struct ask *ask)
{
	struct asker *asker = &ask->asker;

	if (!ask->packet.relays && IN6_IS_ADDR_LINKLOCAL(&asker->source))
		asker->link = own_link(ask->query->ifindex, &asker->tunnel);
}

/* Only from where the client's tunnel may end can its lease be ended. */
static void do_release(struct dhcp4o6 *door, struct ask *ask)
{
	static struct dstm_log_limit limit;
	bool declined = ask->message.type == DHCPV4_DECLINE;
	const struct lease *lease;
	enum outcome outcome;
	const char *pool;

	lease = lease_by_client(&door->engine->leases, ask->asker.client.data,
				ask->asker.client.len);
	if (lease)
		ask->asker.tunnel = lease->remote;
	find_link(ask);
	if (!lease || policy_class(door->engine->policy, &ask->asker) < 0) {
		drop(door, ask->query, DROP_UNKNOWN);
		return;
	}
	pool = door->engine->policy->supplies[lease->pool].name;
	outcome = engine_release(door->engine, &ask->asker.client,
				 wanted(&ask->message).ipv4, declined);
	if (declined && outcome != OUTCOME_NOT_YOURS)
		dstm_log_limited(&limit, DSTM_LOG_WARNING,
				 "a client declined an address of pool %s: %s",
				 pool, outcome == OUTCOME_QUOTA ?
				 "it, or its prefix, has declined too many, so it only rests" :
				 "somebody else uses it");
	count(door, ask, outcome);
}

static void do_inform(struct dhcp4o6 *door, const struct ask *ask,
		      uint16_t class)
{
	const struct policy *policy = door->engine->policy;
	const struct supply *supply =
		&policy->supplies[policy->classes[class].pools[0]];
	struct dhcpv4_message reply;

	reply_begin(&reply, &ask->message, door->config, DHCPV4_ACK);
	reply.ciaddr = ask->message.ciaddr;
	reply_options(&reply, &ask->message, supply);
	respond_dhcpv4(ask, &reply, supply);
	count(door, ask, OUTCOME_GRANTED);
}

static void do_information(struct dhcp4o6 *door, struct ask *ask)
{
	const struct policy *policy = door->engine->policy;
	const struct dhcpv6_message *m = &ask->packet.message;
	struct dhcpv6_message reply = { 0 };
	int class;

	/* RFC 8415 section 16.12 */
	if (dhcpv6_has(m, DHCPV6_OPT_SERVER_ID) &&
	    (m->server_id.len != sizeof(door->duid) ||
	     memcmp(m->server_id.data, door->duid, sizeof(door->duid)))) {
		drop(door, ask->query, DROP_OTHER);
		return;
	}
	ask->asker.duid = m->client_id;
	find_link(ask);
	ask->asker.tunnel = IN6_IS_ADDR_LINKLOCAL(&ask->asker.source) ?
			    ask->asker.link : ask->asker.source;
	class = policy_known(policy, &ask->asker);
	if (class < 0) {
		drop(door, ask->query, DROP_UNKNOWN);
		return;
	}
	/*
	 * A client may take the first answer that comes, and here there are no name
	 * servers nor whatever else it asks for (RFC 8415 section 18.2.10.4).
	 */
	if (!reply_information(&reply, m, door->config,
			       &policy->supplies[policy->classes[class].pools[0]])) {
		drop(door, ask->query, DROP_IGNORED);
		return;
	}
	reply.server_id = (struct dhcpv6_slice){ door->duid,
						 sizeof(door->duid) };
	dhcpv6_give(&reply, DHCPV6_OPT_SERVER_ID);
	respond(ask->query, &ask->packet, &reply);
}

/* Where the client is: as the relay next to it says, or as we see ourselves. */
static void locate(const struct incoming *query, const struct dhcpv6_packet *packet,
		   struct asker *asker)
{
	const struct dhcpv6_relay *relay;
	unsigned int i;

	asker->source = query->from.sin6_addr;
	if (!packet->relays)
		return;
	relay = &packet->relay[packet->relays - 1];
	asker->source = relay->peer;
	asker->interface_id = relay->interface_id;
	asker->remote_id = relay->remote_id;
	for (i = packet->relays; i--; ) {
		asker->link = packet->relay[i].link;
		if (!IN6_IS_ADDR_UNSPECIFIED(&asker->link))
			break;
	}
}

static bool identify(struct ask *ask)
{
	const struct dhcpv4_message *m = &ask->message;
	struct asker *asker = &ask->asker;

	if (dhcpv4_has(m, DHCPV4_OPT_CLIENT_ID)) {
		asker->client = (struct dhcpv6_slice){ m->client_id,
						       m->client_id_len };
	} else {
		/* RFC 2131 section 4.2 */
		ask->client[0] = m->htype;
		memcpy(ask->client + 1, m->chaddr, m->hlen);
		asker->client = (struct dhcpv6_slice){ ask->client,
						       (size_t)m->hlen + 1 };
		if (!m->hlen)
			return false;
	}
	client_duid(&asker->client, &asker->duid);
	asker->tunnel = dhcpv4_has(m, DHCPV4_OPT_SOFTWIRE_SOURCE) ?
			m->softwire_source : asker->source;
	asker->shares = dhcpv4_accepts_ports(m);
	asker->tag = m->xid;
	return true;
}

static bool relay_known(const struct listen_config *listen,
			const struct in6_addr *addr)
{
	size_t i;

	for (i = 0; i < listen->relays_count; i++) {
		struct in6_addr prefix = *addr;

		policy_prefix_cut(&prefix, listen->relays[i].len);
		if (IN6_ARE_ADDR_EQUAL(&prefix, &listen->relays[i].prefix))
			return true;
	}
	return false;
}

/*
 * Each relay says who sent it what it relays, so each one's word counts only if it
 * is known: behind an ordinary relay a client could put a Relay-forward around its
 * own message, and so say where it is (RFC 8415 section 19.1.2).
 */
static bool relays_known(const struct listen_config *listen,
			 const struct in6_addr *from,
			 const struct dhcpv6_packet *packet)
{
	const struct in6_addr *relay = from;
	unsigned int i;

	for (i = 0; i < packet->relays; i++) {
		if (!relay_known(listen, relay))
			return false;
		relay = &packet->relay[i].peer;
	}
	return true;
}

/* Read a packet. Return a reason to drop it, or DROPS. */
static enum drop read_ask(const struct incoming *query, struct ask *ask)
{
	const struct dhcpv6_message *m = &ask->packet.message;
	unsigned int i;
	int ret;

	ask->query = query;
	memset(&ask->asker, 0, sizeof(ask->asker));
	ret = dhcpv6_parse(&ask->packet, query->packet, query->size);
	if (ret)
		return ret == -ENOTSUP ? DROP_IGNORED : DROP_MALFORMED;
	for (i = 0; i < ask->packet.relays; i++)
		if (ask->packet.relay[i].type != DHCPV6_RELAY_FORW)
			return DROP_IGNORED;
	locate(query, &ask->packet, &ask->asker);
	if (m->type == DHCPV6_INFORMATION_REQUEST)
		return DROPS;
	if (m->type != DHCPV6_DHCPV4_QUERY)
		return DROP_IGNORED;
	if (!dhcpv6_has(m, DHCPV6_OPT_DHCPV4_MSG) ||
	    dhcpv4_parse(&ask->message, m->dhcpv4.data, m->dhcpv4.len) ||
	    ask->message.op != DHCPV4_BOOTREQUEST || !identify(ask))
		return DROP_MALFORMED;
	return DROPS;
}

static void do_query(struct dhcp4o6 *door, struct ask *ask)
{
	const struct dhcpv4_message *m = &ask->message;
	int class;

	if (dhcpv4_has(m, DHCPV4_OPT_SERVER_ID) &&
	    m->server_id.s_addr != door->config->server_id.s_addr) {
		drop(door, ask->query, DROP_OTHER);
		return;
	}
	if (m->type == DHCPV4_RELEASE || m->type == DHCPV4_DECLINE) {
		do_release(door, ask);
		return;
	}
	find_link(ask);
	class = policy_class(door->engine->policy, &ask->asker);
	if (class < 0)
		drop(door, ask->query, DROP_UNKNOWN);
	else if (m->type == DHCPV4_DISCOVER)
		do_discover(door, ask, (uint16_t)class);
	else if (m->type == DHCPV4_REQUEST)
		do_request(door, ask, (uint16_t)class);
	else if (m->type == DHCPV4_INFORM)
		do_inform(door, ask, (uint16_t)class);
	else
		drop(door, ask->query, DROP_IGNORED);
}

static void on_answer(struct query *waiting, const struct lease *lease,
		      enum outcome outcome)
{
	struct incoming *query = (struct incoming *)waiting;
	struct ask ask;

	/* It was read without an error before. */
	if (read_ask(query, &ask) == DROPS)
		answer(query->door, &ask, lease, outcome);
	free(query);
}

/*
 * What a source is known by; return its length. A relay speaks for many: then the
 * source is whom it names. fe80::/64 is the prefix of everybody on every link
 * (RFC 4291 section 2.5.6), so there it is the address, and the link.
 */
static size_t rate_key(uint8_t *key, const struct ask *ask)
{
	const struct incoming *query = ask->query;
	const struct in6_addr *source = &ask->asker.source;

	memcpy(key, source, sizeof(*source));
	if (ask->packet.relays)
		return sizeof(*source);
	if (!IN6_IS_ADDR_LINKLOCAL(source))
		return 8;
	memcpy(key + sizeof(*source), &query->ifindex, sizeof(query->ifindex));
	return sizeof(*source) + sizeof(query->ifindex);
}

static enum limit_verdict check_rate(struct dhcp4o6 *door, const struct ask *ask)
{
	const struct listen_config *listen = &door->config->listen;
	uint8_t key[sizeof(struct in6_addr) + sizeof(ask->query->ifindex)];
	size_t len = rate_key(key, ask);

	return limit_check(&door->limits, key, len, listen->rate_source,
			   listen->rate, ask->query->came);
}

static void take(struct dhcp4o6 *door, const struct incoming *query)
{
	static const enum drop over[] = { [LIMIT_SOURCE] = DROP_SOURCE,
					  [LIMIT_ALL] = DROP_ALL };
	struct ask ask;
	enum drop reason = read_ask(query, &ask);
	enum limit_verdict verdict;

	door->stats.received++;
	if (reason == DROPS &&
	    !relays_known(&door->config->listen, &query->from.sin6_addr,
			  &ask.packet))
		reason = DROP_RELAY;
	if (reason != DROPS) {
		drop(door, query, reason);
		return;
	}
	verdict = check_rate(door, &ask);
	if (verdict != LIMIT_PASS) {
		drop(door, query, over[verdict]);
		return;
	}
	if (ask.packet.message.type == DHCPV6_INFORMATION_REQUEST)
		do_information(door, &ask);
	else
		do_query(door, &ask);
}

void dhcp4o6_packet(struct dhcp4o6 *door, const struct sockaddr_in6 *from,
		    const struct in6_addr *to, unsigned int ifindex,
		    const void *data, size_t size)
{
	struct incoming *query = malloc(sizeof(*query) + size);

	if (!query)
		return;
	*query = (struct incoming){
		.door = door, .from = *from, .to = *to, .ifindex = ifindex,
		.came = clock_us(), .size = size,
	};
	memcpy(query->packet, data, size);
	take(door, query);
	free(query);
}

static void received(struct dhcp4o6 *door, struct msghdr *msg, size_t size)
{
	struct in6_pktinfo info = { 0 };
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg))
		if (cmsg->cmsg_level == IPPROTO_IPV6 &&
		    cmsg->cmsg_type == IPV6_PKTINFO)
			memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
	if (msg->msg_flags & MSG_TRUNC) {
		door->stats.received++;
		door->stats.drops[DROP_MALFORMED]++;
		return;
	}
	dhcp4o6_packet(door, msg->msg_name, &info.ipi6_addr,
		       info.ipi6_ifindex, msg->msg_iov->iov_base, size);
}

static void on_readable(evutil_socket_t fd, short what, void *data)
{
	struct dhcp4o6 *door = data;
	struct mmsghdr msgs[TURN] = { 0 };
	struct sockaddr_in6 from[TURN];
	struct iovec iov[TURN];
	char control[TURN][CMSG_SPACE(sizeof(struct in6_pktinfo))]
		__attribute__((aligned(sizeof(size_t))));
	int i, n;

	(void)what;
	for (i = 0; i < TURN; i++) {
		iov[i] = (struct iovec){ door->packets[i], PACKET_MAX };
		msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]),
			.msg_iov = &iov[i], .msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof(control[i]),
		};
	}
	n = recvmmsg(fd, msgs, TURN, MSG_DONTWAIT, NULL);
	turn_begin(door->turn);
	for (i = 0; i < n; i++)
		received(door, &msgs[i].msg_hdr, msgs[i].msg_len);
	turn_end(door->turn);
}

struct dhcp4o6 *dhcp4o6_new(struct turn *turn, const uint8_t *duid)
{
	struct dhcp4o6 *door = calloc(1, sizeof(*door));

	if (!door)
		return NULL;
	door->turn = turn;
	door->engine = turn->engine;
	door->fd = -1;
	memcpy(door->duid, duid, sizeof(door->duid));
	door->flush = evtimer_new(turn->base, on_flush, door);
	if (!door->flush) {
		free(door);
		return NULL;
	}
	return door;
}

void dhcp4o6_configure(struct dhcp4o6 *door, const struct config *config)
{
	door->config = config;
}

/* All DHCP relay agents and servers (RFC 8415 section 7.1). */
static int join(struct dhcp4o6 *door, const char *interface)
{
	struct ipv6_mreq mreq = {
		.ipv6mr_multiaddr = { { { 0xff, 2, 0, 0, 0, 0, 0, 0,
					  0, 0, 0, 0, 0, 1, 0, 2 } } },
		.ipv6mr_interface = if_nametoindex(interface),
	};

	if (mreq.ipv6mr_interface &&
	    !setsockopt(door->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq,
			sizeof(mreq)))
		return 0;
	dstm_log(DSTM_LOG_ERR, "listen: interface %s: ff02::1:2: %s",
		 interface, strerror(errno));
	return -errno;
}

static int bind_socket(struct dhcp4o6 *door)
{
	const struct listen_config *listen = &door->config->listen;
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)listen->port),
		.sin6_addr = listen->address,
	};
	const int on = 1, room = RECEIVE_BUFFER;

	door->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  0);
	if (door->fd < 0 ||
	    setsockopt(door->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ||
	    setsockopt(door->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on,
		       sizeof(on)) ||
	    bind(door->fd, (struct sockaddr *)&addr, sizeof(addr))) {
		int error = errno;

		dstm_log(DSTM_LOG_ERR, "listen: UDP port %u: %s%s",
			 listen->port, strerror(error), error == EACCES ?
			 "; it needs CAP_NET_BIND_SERVICE" : "");
		return -error;
	}
	/* As much as there is; less is not wrong. */
	if (setsockopt(door->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
		       sizeof(room)))
		setsockopt(door->fd, SOL_SOCKET, SO_RCVBUF, &room,
			   sizeof(room));
	return 0;
}

int dhcp4o6_open(struct dhcp4o6 *door)
{
	const struct listen_config *listen = &door->config->listen;
	int ret = bind_socket(door);
	size_t i;

	for (i = 0; !ret && i < listen->interfaces_count; i++)
		ret = join(door, listen->interfaces[i]);
	if (ret)
		return ret;
	door->event = event_new(door->turn->base, door->fd, EV_READ | EV_PERSIST,
				on_readable, door);
	if (!door->event || event_add(door->event, NULL))
		return -ENOMEM;
	return 0;
}

void dhcp4o6_free(struct dhcp4o6 *door)
{
	if (!door)
		return;
	if (door->event)
		event_free(door->event);
	event_free(door->flush);
	if (door->fd >= 0)
		close(door->fd);
	free(door);
}

const struct dhcp4o6_stats *dhcp4o6_stats(const struct dhcp4o6 *door)
{
	return &door->stats;
}
