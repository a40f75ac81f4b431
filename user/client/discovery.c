// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "discovery.h"

/* RFC 8415 section 7.6, in milliseconds. */
#define INF_MAX_DELAY	1000U
#define INF_TIMEOUT	UINT64_C(1000)
#define INF_MAX_RT	3600U
#define IRT_DEFAULT	86400U
#define IRT_MINIMUM	600U

static void ask(struct discovery *d, uint64_t now)
{
	static const uint8_t wanted[] = {
		0, DHCPV6_OPT_REFRESH_TIME, 0, DHCPV6_OPT_4O6_SERVER,
		0, DHCPV6_OPT_S46_BR, 0, DHCPV6_OPT_S46_BIND_PREFIX,
		0, DHCPV6_OPT_INF_MAX_RT,
	};
	uint64_t most = (d->most ? d->most : INF_MAX_RT) * UINT64_C(1000);
	uint64_t since = d->interval ? d->since : now;
	uint64_t elapsed = (now - since) / 10;
	struct dhcpv6_message m = {
		.type = DHCPV6_INFORMATION_REQUEST,
		.xid = d->xid,
		.client_id = d->duid,
		.oro = { wanted, sizeof(wanted) },
		.elapsed = elapsed < UINT16_MAX ? (uint16_t)elapsed : UINT16_MAX,
	};

	dhcpv6_give(&m, DHCPV6_OPT_CLIENT_ID);
	dhcpv6_give(&m, DHCPV6_OPT_ORO);
	dhcpv6_give(&m, DHCPV6_OPT_ELAPSED);
	d->send(&m, d->data);

	d->since = since;
	d->interval = d->interval ? d->interval * 2 : INF_TIMEOUT;
	if (d->interval > most)
		d->interval = most;
	d->next = now + d->interval - d->interval / 10 +
		  d->random(d->data) % (d->interval / 5 + 1);
}

void discovery_start(struct discovery *d, uint64_t now)
{
	d->asking = true;
	d->xid = d->random(d->data) & 0xffffffU;
	d->interval = 0;
	/* After a power cut, many ask (RFC 8415 section 18.2.6). */
	d->next = now + d->random(d->data) % INF_MAX_DELAY;
}

void discovery_run(struct discovery *d, uint64_t now)
{
	if (now < d->next)
		return;
	if (d->asking)
		ask(d, now);
	else
		discovery_start(d, now);
}

/*
 * RFC 8415 section 16.10. The DUID is also what somebody who does not see our messages
 * can not guess.
 */
static bool is_answer(const struct discovery *d, const struct dhcpv6_message *m)
{
	return d->asking && m->type == DHCPV6_REPLY && m->xid == d->xid &&
	       dhcpv6_has(m, DHCPV6_OPT_SERVER_ID) &&
	       dhcpv6_has(m, DHCPV6_OPT_CLIENT_ID) &&
	       m->client_id.len == d->duid.len &&
	       !memcmp(m->client_id.data, d->duid.data, d->duid.len);
}

bool discovery_receive(struct discovery *d, const struct dhcpv6_message *m,
		       uint64_t now)
{
	uint32_t refresh = dhcpv6_has(m, DHCPV6_OPT_REFRESH_TIME) ?
			   m->refresh_time : IRT_DEFAULT;

	if (!is_answer(d, m))
		return false;
	/* RFC 8415 section 21.25 has the limits. */
	if (dhcpv6_has(m, DHCPV6_OPT_INF_MAX_RT) && m->inf_max_rt >= 60 &&
	    m->inf_max_rt <= 86400)
		d->most = m->inf_max_rt;
	/* Another server may know of servers (RFC 7341 section 9): ask on. */
	if (!dhcpv6_has(m, DHCPV6_OPT_4O6_SERVER))
		return false;
	d->asking = false;
	d->found = true;
	d->servers_count = m->servers_count;
	memcpy(d->servers, m->servers, sizeof(d->servers));
	d->tep = m->br_count ? m->br[0] : in6addr_any;
	d->prefix = m->bind_prefix;
	d->prefix_len = m->bind_prefix_len;
	if (refresh < IRT_MINIMUM)
		refresh = IRT_MINIMUM;
	d->next = refresh == UINT32_MAX ? DISCOVERY_NEVER :
		  now + refresh * UINT64_C(1000);
	return true;
}
