// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>

#include "client.h"

static json_t *ipv4_json(struct in_addr addr)
{
	char text[INET_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET, &addr, text, sizeof(text)));
}

static json_t *ipv6_json(const struct in6_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET6, addr, text, sizeof(text)));
}

static void time_json(json_t *json, const char *key, uint64_t time)
{
	uint64_t now = state_now();

	if (time != MACHINE_NEVER)
		json_object_set_new(json, key, json_integer((json_int_t)
			(time > now ? (time - now + 999) / 1000 : 0)));
}

static json_t *lease_json(const struct client *c)
{
	const struct machine_lease *l = &c->machine.lease;
	json_t *json = json_pack("{so so so so}",
				 "ipv4", ipv4_json(l->ipv4),
				 "remote", ipv6_json(&l->tep),
				 "local", ipv6_json(&l->local),
				 "server", ipv6_json(&l->server));

	if (l->ports.len)
		json_object_update_new(json, json_pack("{si si si}",
			"psid", l->ports.psid, "psid-len", l->ports.len,
			"psid-offset", l->ports.offset));
	time_json(json, "renew-in", l->t1);
	time_json(json, "rebind-in", l->t2);
	time_json(json, "lifetime", l->expires);
	return json;
}

static json_t *device_json(struct client *c)
{
	uint64_t packets;

	if (!tunnel_sent(&c->host.tunnel, &packets) && packets != c->packets) {
		c->packets = packets;
		c->used = state_now();
	}
	return json_pack("{ss ss si si}", "device", c->host.trace.device,
			 "kind", tunnel_kind_name(c->host.trace.kind), "mtu",
			 c->host.trace.mtu, "idle",
			 (int)((state_now() - c->used) / 1000));
}

static json_t *servers_json(const struct client *c)
{
	unsigned int i, count;
	const struct in6_addr *list = client_servers(c, &count);
	json_t *array = json_array();

	for (i = 0; i < count; i++)
		json_array_append_new(array, ipv6_json(&list[i]));
	return array;
}

json_t *client_status(struct client *c)
{
	json_t *json = json_pack("{ss ss so sI}",
		"mode", c->config->on_demand ? "on-demand" : "always",
		"state", machine_state_name(c->machine.state),
		"servers", servers_json(c),
		"malformed", (json_int_t)c->near.bad +
		(json_int_t)c->far.bad);

	if (!IN6_IS_ADDR_UNSPECIFIED(&c->local))
		json_object_set_new(json, "local", ipv6_json(&c->local));
	if (c->reason[0])
		json_object_set_new(json, "reason", json_string(c->reason));
	if (machine_has_lease(&c->machine))
		json_object_set_new(json, "lease", lease_json(c));
	if (c->host.trace.up)
		json_object_set_new(json, "tunnel", device_json(c));
	if (c->config->on_demand)
		json_object_set_new(json, "packets", json_pack("{sI si sI sI}",
			"kept", (json_int_t)c->hold.kept,
			"waiting", (int)c->hold.count,
			"refused", (json_int_t)c->hold.refused,
			"dropped", (json_int_t)c->hold.dropped));
	return json;
}
