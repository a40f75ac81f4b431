// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "reply.h"

void reply_begin(struct dhcpv4_message *reply, const struct dhcpv4_message *ask,
		 const struct config *config, enum dhcpv4_type type)
{
	memset(reply, 0, sizeof(*reply));
	reply->op = DHCPV4_BOOTREPLY;
	reply->htype = ask->htype;
	reply->hlen = ask->hlen;
	reply->xid = ask->xid;
	reply->flags = ask->flags;
	memcpy(reply->chaddr, ask->chaddr, sizeof(reply->chaddr));
	reply->type = (uint8_t)type;
	dhcpv4_give(reply, DHCPV4_OPT_TYPE);
	reply->server_id = config->server_id;
	dhcpv4_give(reply, DHCPV4_OPT_SERVER_ID);
	/* RFC 6842: the client identifier comes back. */
	if (dhcpv4_has(ask, DHCPV4_OPT_CLIENT_ID)) {
		memcpy(reply->client_id, ask->client_id, ask->client_id_len);
		reply->client_id_len = ask->client_id_len;
		dhcpv4_give(reply, DHCPV4_OPT_CLIENT_ID);
	}
}

void reply_options(struct dhcpv4_message *reply,
		   const struct dhcpv4_message *ask,
		   const struct supply *supply)
{
	/* The tunnel end point's IPv4 address is the way out. */
	reply->routers[0] = supply->tep_ipv4;
	reply->routers_count = 1;
	dhcpv4_give(reply, DHCPV4_OPT_ROUTER);
	if (supply->dns_count && dhcpv4_wants(ask, DHCPV4_OPT_DNS)) {
		memcpy(reply->dns, supply->dns,
		       supply->dns_count * sizeof(*supply->dns));
		reply->dns_count = supply->dns_count;
		dhcpv4_give(reply, DHCPV4_OPT_DNS);
	}
	if (supply->mtu && dhcpv4_wants(ask, DHCPV4_OPT_MTU)) {
		reply->mtu = supply->mtu;
		dhcpv4_give(reply, DHCPV4_OPT_MTU);
	}
}

static void lease_times(struct dhcpv4_message *reply, uint32_t left)
{
	reply->lease_time = left;
	dhcpv4_give(reply, DHCPV4_OPT_LEASE_TIME);
	if (left == UINT32_MAX)
		return;
	reply->t1 = left / 2;
	reply->t2 = (uint32_t)((uint64_t)left * 7 / 8);
	dhcpv4_give(reply, DHCPV4_OPT_T1);
	dhcpv4_give(reply, DHCPV4_OPT_T2);
}

void reply_lease(struct dhcpv4_message *reply, const struct dhcpv4_message *ask,
		 const struct lease *lease, const struct supply *supply,
		 uint32_t left)
{
	reply->yiaddr.s_addr = htonl(lease->slot.ipv4);
	if (reply->type == DHCPV4_ACK)
		reply->ciaddr = ask->ciaddr;
	reply->mask.s_addr = INADDR_BROADCAST;
	dhcpv4_give(reply, DHCPV4_OPT_MASK);
	lease_times(reply, left);
	reply_options(reply, ask, supply);
	/* RFC 8539 section 6.1 */
	if (dhcpv4_has(ask, DHCPV4_OPT_SOFTWIRE_SOURCE)) {
		reply->softwire_source = ask->softwire_source;
		dhcpv4_give(reply, DHCPV4_OPT_SOFTWIRE_SOURCE);
	}
	if (lease->slot.set.len) {
		reply->ports = lease->slot.set;
		dhcpv4_give(reply, DHCPV4_OPT_PORTPARAMS);
	}
}

void reply_why(struct dhcpv4_message *reply, enum outcome outcome)
{
	const char *why = "that address is not yours";

	if (outcome == OUTCOME_NO_ADDRESS)
		why = "no address is free for you";
	else if (outcome == OUTCOME_QUOTA)
		why = "you have as many addresses as you may";
	else if (outcome == OUTCOME_GATEWAY)
		why = "the gateway can not be reached";
	else if (outcome == OUTCOME_STORE)
		why = "no new leases at present";
	snprintf(reply->text, sizeof(reply->text), "%s", why);
	dhcpv4_give(reply, DHCPV4_OPT_TEXT);
}

bool reply_information(struct dhcpv6_message *reply,
		       const struct dhcpv6_message *ask,
		       const struct config *config,
		       const struct supply *supply)
{
	reply->type = DHCPV6_REPLY;
	reply->xid = ask->xid;
	if (dhcpv6_has(ask, DHCPV6_OPT_CLIENT_ID)) {
		reply->client_id = ask->client_id;
		dhcpv6_give(reply, DHCPV6_OPT_CLIENT_ID);
	}
	if (dhcpv6_wants(ask, DHCPV6_OPT_4O6_SERVER)) {
		memcpy(reply->servers, config->servers,
		       sizeof(reply->servers));
		reply->servers_count = config->servers_count;
		dhcpv6_give(reply, DHCPV6_OPT_4O6_SERVER);
	}
	if (dhcpv6_wants(ask, DHCPV6_OPT_S46_BR)) {
		reply->br[0] = supply->tep;
		reply->br_count = 1;
		dhcpv6_give(reply, DHCPV6_OPT_S46_BR);
	}
	if (config->has_bind_prefix &&
	    dhcpv6_wants(ask, DHCPV6_OPT_S46_BIND_PREFIX)) {
		reply->bind_prefix = config->bind_prefix;
		reply->bind_prefix_len = config->bind_prefix_len;
		dhcpv6_give(reply, DHCPV6_OPT_S46_BIND_PREFIX);
	}
	return dhcpv6_has(reply, DHCPV6_OPT_4O6_SERVER) ||
	       dhcpv6_has(reply, DHCPV6_OPT_S46_BR) ||
	       dhcpv6_has(reply, DHCPV6_OPT_S46_BIND_PREFIX);
}
