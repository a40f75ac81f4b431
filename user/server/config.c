// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "config.h"
#include "engine.h"
#include "lib/config.h"
#include "proto/gateway.h"

#define DAY		86400U
#define FOREVER		UINT32_MAX

/* The class that is being read, for what is in it. */
struct reader {
	struct config *config;
	uint16_t class;
	enum match_kind kind;
};

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	       tolower((unsigned char)c) - 'a' + 10;
}

int config_bytes(const char *text, bool hex, uint8_t *bytes, size_t size)
{
	size_t n = 0;

	if (!strncmp(text, "0x", 2)) {
		text += 2;
		hex = true;
	}
	for (; *text; n++) {
		if (n == size)
			return -EINVAL;
		if (!hex) {
			bytes[n] = (uint8_t)*text++;
			continue;
		}
		if (*text == ':' && n)
			text++;
		if (!isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]))
			return -EINVAL;
		bytes[n] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
		text += 2;
	}
	return n ? (int)n : -EINVAL;
}

static void read_interface(struct dstm_config *c, void *data)
{
	struct listen_config *listen = data;

	if (dstm_config_string(c, NULL,
			       &listen->interfaces[listen->interfaces_count]))
		listen->interfaces_count++;
}

static void read_relay(struct dstm_config *c, void *data)
{
	struct listen_config *listen = data;
	struct relay_config *relay = &listen->relays[listen->relays_count];

	if (dstm_config_ipv6_prefix(c, NULL, &relay->prefix, &relay->len))
		listen->relays_count++;
}

static void read_listen(struct dstm_config *c, void *data)
{
	struct listen_config *listen = data;

	dstm_config_ipv6(c, "address", &listen->address);
	dstm_config_uint(c, "port", 1, UINT16_MAX, &listen->port);
	dstm_config_uint(c, "rate", 1, UINT32_MAX, &listen->rate);
	dstm_config_uint(c, "rate-source", 1, UINT32_MAX, &listen->rate_source);
	listen->interfaces = calloc(dstm_config_count(c, "interfaces") + 1,
				    sizeof(*listen->interfaces));
	listen->relays = calloc(dstm_config_count(c, "relays") + 1,
				sizeof(*listen->relays));
	if (!listen->interfaces || !listen->relays) {
		dstm_config_refuse(c, NULL, "too many for this memory");
		return;
	}
	dstm_config_array(c, "interfaces", read_interface, listen);
	dstm_config_array(c, "relays", read_relay, listen);
}

static void read_server(struct dstm_config *c, void *data)
{
	struct config *config = data;

	if (config->servers_count == DHCPV6_ADDRS)
		dstm_config_refuse(c, NULL, "expected at most %d servers", DHCPV6_ADDRS);
	else if (dstm_config_ipv6(c, NULL,
				  &config->servers[config->servers_count]))
		config->servers_count++;
}

static void read_information(struct dstm_config *c, void *data)
{
	struct config *config = data;

	dstm_config_array(c, "servers", read_server, config);
	config->has_bind_prefix =
		dstm_config_ipv6_prefix(c, "bind-prefix", &config->bind_prefix,
					&config->bind_prefix_len);
}

static void read_metrics(struct dstm_config *c, void *data)
{
	struct config *config = data;

	config->metrics_port = 9656;
	config->metrics_address = strdup("127.0.0.1");
	dstm_config_address(c, "address", &config->metrics_address);
	dstm_config_uint(c, "port", 1, UINT16_MAX, &config->metrics_port);
}

static int gateway_find(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->gateways_count; i++)
		if (!strcmp(config->gateways[i].name, name))
			return (int)i;
	return -1;
}

/* The path of a socket: what does not fit into an address would be another one. */
static bool read_socket(struct dstm_config *c, const char *key, char **path)
{
	if (!dstm_config_string(c, key, path))
		return false;
	if (strlen(*path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		dstm_config_refuse(c, key, "expected a path of at most 107 bytes");
	return true;
}

static void read_gateway(struct dstm_config *c, void *data)
{
	struct config *config = data;
	struct gateway_config *gateway =
		&config->gateways[config->gateways_count];

	gateway->index = (unsigned int)config->gateways_count;
	gateway->port = DSTM_GATEWAY_PORT;
	dstm_config_need(c, "name");
	if (!dstm_config_string(c, "name", &gateway->name))
		return;
	if (gateway_find(config, gateway->name) >= 0)
		dstm_config_refuse(c, "name", "another gateway has that name");
	config->gateways_count++;
	if (read_socket(c, "socket", &gateway->socket))
		return;
	dstm_config_need(c, "address");
	dstm_config_need(c, "certificate");
	dstm_config_need(c, "key");
	dstm_config_need(c, "authorities");
	dstm_config_address(c, "address", &gateway->address);
	dstm_config_uint(c, "port", 1, UINT16_MAX, &gateway->port);
	dstm_config_string(c, "peer", &gateway->peer);
	dstm_config_string(c, "certificate", &gateway->certificate);
	dstm_config_string(c, "key", &gateway->key);
	dstm_config_string(c, "authorities", &gateway->authorities);
}

static void read_gateways(struct dstm_config *c, struct config *config)
{
	size_t count = dstm_config_count(c, "gateways");

	dstm_config_need(c, "gateways");
	if (!count || count > ENGINE_GATEWAYS) {
		dstm_config_refuse(c, "gateways", "expected 1 to %d gateways",
				   ENGINE_GATEWAYS);
		return;
	}
	config->gateways = calloc(count, sizeof(*config->gateways));
	if (config->gateways)
		dstm_config_array(c, "gateways", read_gateway, config);
}

static void read_prefix(struct dstm_config *c, void *data)
{
	struct supply *supply = data;
	struct in_addr addr;
	uint8_t len;

	if (!dstm_config_ipv4_prefix(c, NULL, &addr, &len))
		return;
	switch (pool_prefix(supply->pool, ntohl(addr.s_addr), len)) {
	case 0:
		break;
	case -EEXIST:
		dstm_config_refuse(c, NULL,
				   "expected a prefix that does not overlap with another");
		break;
	default:
		dstm_config_refuse(c, NULL, "expected at most %u addresses in a pool",
				   POOL_MAX);
	}
}

static void read_exclude(struct dstm_config *c, void *data)
{
	struct supply *supply = data;
	struct in_addr addr;
	uint32_t first;
	uint8_t len;

	if (!dstm_config_ipv4_prefix(c, NULL, &addr, &len))
		return;
	first = ntohl(addr.s_addr);
	pool_exclude(supply->pool, first,
		     first + (uint32_t)(((uint64_t)1 << (32 - len)) - 1));
}

static void read_tep(struct dstm_config *c, void *data)
{
	struct supply *supply = data;

	dstm_config_need(c, "ipv6");
	dstm_config_need(c, "ipv4");
	dstm_config_tunnel_end(c, "ipv6", &supply->tep);
	dstm_config_ipv4(c, "ipv4", &supply->tep_ipv4);
}

static void read_dns(struct dstm_config *c, void *data)
{
	struct supply *supply = data;

	if (supply->dns_count == POLICY_DNS)
		dstm_config_refuse(c, NULL, "expected at most %d name servers",
				   POLICY_DNS);
	else if (dstm_config_ipv4(c, NULL, &supply->dns[supply->dns_count]))
		supply->dns_count++;
}

static void read_pool_gateway(struct dstm_config *c, void *data)
{
	struct config *config = data;
	struct supply *supply =
		&config->policy->supplies[config->policy->supplies_count];
	char *name = NULL;
	int i;

	if (!dstm_config_string(c, NULL, &name))
		return;
	i = gateway_find(config, name);
	if (i < 0)
		dstm_config_refuse(c, NULL, "expected the name of one of the gateways");
	else
		supply->gateways |= (uint64_t)1 << i;
	free(name);
}

static void read_pool_addresses(struct dstm_config *c, struct supply *supply)
{
	uint32_t offset = 0, lowest = 1024, tep;

	dstm_config_uint(c, "psid-offset", 0, 15, &offset);
	dstm_config_uint(c, "lowest-port", 0, UINT16_MAX, &lowest);
	supply->pool = pool_new((uint8_t)offset, (uint16_t)lowest);
	if (!supply->pool)
		return;
	dstm_config_need(c, "prefixes");
	if (!dstm_config_count(c, "prefixes"))
		dstm_config_refuse(c, "prefixes", "expected at least one prefix");
	dstm_config_array(c, "prefixes", read_prefix, supply);
	if (!dstm_config_ok(c))
		return;
	if (pool_ready(supply->pool)) {
		dstm_config_refuse(c, "prefixes", "too many for this memory");
		return;
	}
	dstm_config_array(c, "exclude", read_exclude, supply);
	/* The tunnel end point's own address is nobody else's. */
	tep = ntohl(supply->tep_ipv4.s_addr);
	pool_exclude(supply->pool, tep, tep);
}

/* No address may be in two pools. */
static bool apart(const struct policy *policy, const struct supply *supply)
{
	uint16_t i;

	for (i = 0; i < policy->supplies_count; i++)
		if (pool_overlap(policy->supplies[i].pool, supply->pool))
			return false;
	return true;
}

static void read_pool(struct dstm_config *c, void *data)
{
	struct config *config = data;
	struct policy *policy = config->policy;
	struct supply *supply = &policy->supplies[policy->supplies_count];
	uint32_t mtu = 0;

	supply->rest = 600;
	supply->decline_rest = DAY;
	dstm_config_need(c, "name");
	if (!dstm_config_string(c, "name", &supply->name))
		return;
	if (policy_supply(policy, supply->name) >= 0)
		dstm_config_refuse(c, "name", "another pool has that name");
	dstm_config_need(c, "tep");
	dstm_config_object(c, "tep", read_tep, supply);
	read_pool_addresses(c, supply);
	dstm_config_need(c, "gateways");
	dstm_config_array(c, "gateways", read_pool_gateway, config);
	if (!supply->gateways)
		dstm_config_refuse(c, "gateways", "expected at least one gateway");
	dstm_config_duration(c, "rest", 0, 365 * DAY, &supply->rest);
	dstm_config_duration(c, "decline-rest", 0, 365 * DAY,
			     &supply->decline_rest);
	dstm_config_bool(c, "drain", &supply->drain);
	dstm_config_array(c, "dns", read_dns, supply);
	dstm_config_uint(c, "mtu", 68, UINT16_MAX, &mtu);
	supply->mtu = (uint16_t)mtu;
	if (dstm_config_ok(c) && !apart(policy, supply))
		dstm_config_refuse(c, "prefixes",
				   "expected addresses that are in no other pool");
	policy->supplies_count++;
}

static void read_match(struct dstm_config *c, void *data)
{
	struct reader *reader = data;
	struct policy *policy = reader->config->policy;
	bool hex = reader->kind == MATCH_DUID;
	uint8_t bytes[255];
	char *text = NULL;
	int len, ret;

	if (!dstm_config_string(c, NULL, &text))
		return;
	len = config_bytes(text, hex, bytes, sizeof(bytes));
	free(text);
	if (len < 0) {
		dstm_config_refuse(c, NULL, hex ? "expected a DUID in hexadecimal" :
				   "expected a text, or 0x and hexadecimal digits");
		return;
	}
	ret = policy_match(policy, reader->kind, bytes, (size_t)len,
			   reader->class);
	if (ret)
		dstm_config_refuse(c, NULL, "expected what no other class has");
}

static void read_match_prefix(struct dstm_config *c, void *data)
{
	struct reader *reader = data;
	struct in6_addr prefix;
	uint8_t len;

	if (dstm_config_ipv6_prefix(c, NULL, &prefix, &len) &&
	    policy_match_prefix(reader->config->policy, &prefix, len,
				reader->class))
		dstm_config_refuse(c, NULL, "expected a prefix that no other class has");
}

static void read_matches(struct dstm_config *c, void *data)
{
	struct reader *reader = data;

	reader->kind = MATCH_DUID;
	dstm_config_array(c, "duid", read_match, reader);
	reader->kind = MATCH_INTERFACE_ID;
	dstm_config_array(c, "interface-id", read_match, reader);
	reader->kind = MATCH_REMOTE_ID;
	dstm_config_array(c, "remote-id", read_match, reader);
	dstm_config_array(c, "prefix", read_match_prefix, reader);
}

static void read_class_pool(struct dstm_config *c, void *data)
{
	struct reader *reader = data;
	struct class *class = &reader->config->policy->classes[reader->class];
	char *name = NULL;
	int i;

	if (!dstm_config_string(c, NULL, &name))
		return;
	i = policy_supply(reader->config->policy, name);
	free(name);
	if (i < 0)
		dstm_config_refuse(c, NULL, "expected the name of one of the pools");
	else if (class->pools_count == POLICY_POOLS)
		dstm_config_refuse(c, NULL, "expected at most %d pools", POLICY_POOLS);
	else
		class->pools[class->pools_count++] = (uint16_t)i;
}

static void read_quota(struct dstm_config *c, struct class *class)
{
	uint32_t len = 64;

	dstm_config_uint(c, "quota-client", 1, UINT32_MAX - 1,
			 &class->quota_client);
	dstm_config_uint(c, "quota-prefix", 1, UINT32_MAX - 1,
			 &class->quota_prefix);
	dstm_config_uint(c, "quota-prefix-len", 0, 128, &len);
	class->quota_prefix_len = (uint8_t)len;
	dstm_config_uint(c, "decline-client", 0, UINT32_MAX,
			 &class->decline_client);
	dstm_config_uint(c, "decline-prefix", 0, UINT32_MAX,
			 &class->decline_prefix);
}

static void read_terms(struct dstm_config *c, struct class *class)
{
	static const char * const sources[] = { "prefix", "address", "any",
						NULL };
	static const char * const failures[] = { "refuse", "degrade", NULL };
	uint32_t percent = 0, len = 0;
	int source = SOURCE_PREFIX, degrade = 0;

	/* Who never renews would not hear that it was taken back. */
	if (dstm_config_has(c, "idle"))
		dstm_config_need(c, "lifetime");
	dstm_config_uint(c, "psid-len", 0, 16, &len);
	class->psid_len = (uint8_t)len;
	dstm_config_duration(c, "lifetime", 10, 10 * 365 * DAY,
			     &class->lifetime);
	dstm_config_duration(c, "max-total", 10, 10 * 365 * DAY,
			     &class->max_total);
	dstm_config_uint(c, "max-renewals", 0, UINT32_MAX - 1,
			 &class->max_renewals);
	dstm_config_uint(c, "renew-above", 0, 100, &percent);
	class->renew_above = percent * 10;
	dstm_config_choice(c, "tunnel-source", sources, &source);
	class->source = (enum tunnel_source)source;
	dstm_config_choice(c, "gateway-failure", failures, &degrade);
	class->degrade = degrade;
	dstm_config_duration(c, "idle", 1, 365 * DAY, &class->idle);
}

/* A port set of that length must be possible in every pool of the class. */
static void check_port_sets(struct dstm_config *c, const struct policy *policy,
			    const struct class *class)
{
	const struct supply *supply;
	unsigned int i;

	for (i = 0; i < class->pools_count; i++) {
		supply = &policy->supplies[class->pools[i]];
		if (class->psid_len && !pool_lends(supply->pool, class->psid_len))
			dstm_config_refuse(c, "psid-len",
					   "expected a length that leaves ports with psid-offset and lowest-port of pool %s",
					   supply->name);
	}
}

static void read_class(struct dstm_config *c, void *data)
{
	struct config *config = data;
	struct policy *policy = config->policy;
	struct reader reader = { config, policy->classes_count, MATCH_DUID };
	struct class *class = &policy->classes[policy->classes_count];

	class->lifetime = POLICY_LIFE;
	class->max_total = POLICY_UNLIMITED;
	class->max_renewals = POLICY_UNLIMITED;
	class->quota_client = POLICY_UNLIMITED;
	class->quota_prefix = POLICY_UNLIMITED;
	class->decline_client = 4;
	class->decline_prefix = 16;
	dstm_config_need(c, "name");
	if (!dstm_config_string(c, "name", &class->name))
		return;
	if (strlen(class->name) >= STORE_CLASS)
		dstm_config_refuse(c, "name", "expected at most %d bytes",
				   STORE_CLASS - 1);
	if (policy_class_find(policy, class->name) >= 0)
		dstm_config_refuse(c, "name", "another class has that name");
	policy->classes_count++;
	dstm_config_bool(c, "deny", &class->deny);
	if (dstm_config_has(c, "match"))
		dstm_config_object(c, "match", read_matches, &reader);
	else if (policy->fallback < 0)
		policy->fallback = reader.class;
	else
		dstm_config_refuse(c, NULL,
				   "expected \"match\": another class is for everybody else already");
	if (!class->deny)
		dstm_config_need(c, "pools");
	dstm_config_array(c, "pools", read_class_pool, &reader);
	if (!class->deny && !class->pools_count)
		dstm_config_refuse(c, "pools", "expected at least one pool");
	read_terms(c, class);
	read_quota(c, class);
	check_port_sets(c, policy, class);
}

static bool find_slot(const struct policy *policy, struct fixed *fixed)
{
	for (fixed->pool = 0; fixed->pool < policy->supplies_count;
	     fixed->pool++)
		if (pool_has(policy->supplies[fixed->pool].pool, &fixed->slot))
			return true;
	return false;
}

static void read_fixed(struct dstm_config *c, void *data)
{
	struct policy *policy = data;
	uint32_t psid = 0, len = 0, offset = 0;
	struct fixed fixed = { .pool = 0 };
	struct in_addr ipv4 = { 0 };
	uint8_t duid[255];
	char *text = NULL;
	int size;

	dstm_config_need(c, "duid");
	dstm_config_need(c, "ipv4");
	if (!dstm_config_string(c, "duid", &text))
		return;
	size = config_bytes(text, true, duid, sizeof(duid));
	free(text);
	if (size < 0)
		dstm_config_refuse(c, "duid", "expected a DUID in hexadecimal");
	dstm_config_ipv4(c, "ipv4", &ipv4);
	if (dstm_config_has(c, "psid") || dstm_config_has(c, "psid-offset"))
		dstm_config_need(c, "psid-len");
	dstm_config_uint(c, "psid", 0, UINT16_MAX, &psid);
	dstm_config_uint(c, "psid-len", 0, 16, &len);
	dstm_config_uint(c, "psid-offset", 0, 15, &offset);
	if (!len && offset)
		dstm_config_refuse(c, "psid-offset",
				   "expected none without a port set");
	if (!dstm_config_ok(c))
		return;
	fixed.slot.ipv4 = ntohl(ipv4.s_addr);
	fixed.slot.set = (struct dstm_portset){ (uint16_t)psid, (uint8_t)len,
						(uint8_t)offset };
	if (!find_slot(policy, &fixed))
		dstm_config_refuse(c, "ipv4",
				   "expected an address of one of the pools, and a port set as that pool has them");
	else if (pool_reserve(policy->supplies[fixed.pool].pool, &fixed.slot))
		dstm_config_refuse(c, "ipv4",
				   "expected what is not excluded and not assigned to another");
	else if (policy_fix(policy, duid, (size_t)size, &fixed))
		dstm_config_refuse(c, "duid", "expected a client without assignment");
}

static void read_policy(struct dstm_config *c, struct config *config)
{
	struct policy *policy = config->policy;
	size_t pools = dstm_config_count(c, "pools");
	size_t classes = dstm_config_count(c, "classes");
	uint16_t i;

	dstm_config_need(c, "pools");
	dstm_config_need(c, "classes");
	if (!pools || pools > UINT16_MAX - 1 || !classes ||
	    classes > UINT16_MAX - 1) {
		dstm_config_refuse(c, pools ? "classes" : "pools",
				   "expected 1 to %d elements", UINT16_MAX - 1);
		return;
	}
	policy->supplies = calloc(pools + 1, sizeof(*policy->supplies));
	policy->classes = calloc(classes, sizeof(*policy->classes));
	if (!policy->supplies || !policy->classes) {
		dstm_config_refuse(c, "pools", "too many for this memory");
		return;
	}
	dstm_config_array(c, "pools", read_pool, config);
	for (i = 0; i < policy->supplies_count; i++)
		policy->supplies[policy->supplies_count].gateways |=
			policy->supplies[i].gateways;
	dstm_config_array(c, "classes", read_class, config);
	dstm_config_array(c, "fixed", read_fixed, policy);
	dstm_config_duration(c, "offer-time", 1, 3600, &policy->offer_time);
	dstm_config_uint(c, "gateway-time", 10, 60000, &policy->gateway_time);
}

static void read_all(struct dstm_config *c, void *data)
{
	struct config *config = data;

	dstm_config_string(c, "store", &config->store);
	dstm_config_duration(c, "history", 0, FOREVER, &config->history);
	read_socket(c, "control", &config->control);
	dstm_config_object(c, "listen", read_listen, &config->listen);
	dstm_config_object(c, "information", read_information, config);
	dstm_config_object(c, "metrics", read_metrics, config);
	read_gateways(c, config);
	if (dstm_config_ok(c))
		read_policy(c, config);
	if (!dstm_config_ok(c))
		return;
	config->server_id = config->policy->supplies[0].tep_ipv4;
	dstm_config_ipv4(c, "server-id", &config->server_id);
}

static int prepare(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config->store = strdup("/var/lib/dstm-server/leases.db");
	config->control = strdup(CONFIG_CONTROL);
	config->history = 180 * DAY;
	config->listen.address = in6addr_any;
	config->listen.port = DHCPV6_SERVER_PORT;
	config->listen.rate = 20000;
	config->listen.rate_source = 50;
	config->policy = policy_new();
	if (!config->store || !config->control || !config->policy)
		return -ENOMEM;
	config->policy->offer_time = 60;
	config->policy->gateway_time = 2000;
	return 0;
}

int config_read(struct config *config, const char *path, char *error)
{
	if (prepare(config)) {
		strcpy(error, "no memory");
		return -ENOMEM;
	}
	return dstm_config_read(path, read_all, config, error);
}

int config_parse(struct config *config, const char *text, size_t size,
		 char *error)
{
	if (prepare(config)) {
		strcpy(error, "no memory");
		return -ENOMEM;
	}
	return dstm_config_parse("config", text, size, read_all, config, error);
}

/* Bits by place in @config become bits by index. */
static uint64_t renumbered(const struct config *config, uint64_t places)
{
	uint64_t bits = 0;
	size_t i;

	for (i = 0; i < config->gateways_count; i++)
		if (places >> i & 1)
			bits |= (uint64_t)1 << config->gateways[i].index;
	return bits;
}

int config_follow(struct config *config, const struct config *former)
{
	uint64_t taken = 0;
	unsigned int next = 0;
	size_t i;
	int k;

	for (i = 0; i < former->gateways_count; i++)
		taken |= (uint64_t)1 << former->gateways[i].index;
	for (i = 0; i < config->gateways_count; i++) {
		k = gateway_find(former, config->gateways[i].name);
		if (k >= 0) {
			config->gateways[i].index = former->gateways[k].index;
			continue;
		}
		while (next < ENGINE_GATEWAYS && taken >> next & 1)
			next++;
		if (next == ENGINE_GATEWAYS)
			return -E2BIG;
		taken |= (uint64_t)1 << next;
		config->gateways[i].index = next;
	}
	for (k = 0; k <= config->policy->supplies_count; k++)
		config->policy->supplies[k].gateways =
			renumbered(config, config->policy->supplies[k].gateways);
	return 0;
}

void config_free(struct config *config)
{
	size_t i;

	for (i = 0; i < config->listen.interfaces_count; i++)
		free(config->listen.interfaces[i]);
	free(config->listen.interfaces);
	free(config->listen.relays);
	for (i = 0; i < config->gateways_count; i++) {
		struct gateway_config *gateway = &config->gateways[i];

		free(gateway->name);
		free(gateway->socket);
		free(gateway->address);
		free(gateway->peer);
		free(gateway->certificate);
		free(gateway->key);
		free(gateway->authorities);
	}
	free(config->gateways);
	free(config->store);
	free(config->control);
	free(config->metrics_address);
	policy_free(config->policy);
	memset(config, 0, sizeof(*config));
}
