// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "leasejson.h"
#include "lib/mapping.h"

static json_t *hex_json(const uint8_t *bytes, size_t len)
{
	char text[3 * 255 + 1] = "";
	size_t i;

	if (!len)
		return json_null();
	for (i = 0; i < len; i++)
		snprintf(text + 3 * i, 4, "%02x:", bytes[i]);
	text[3 * len - 1] = '\0';
	return json_string(text);
}

static json_t *mapping_json(const struct slot *slot,
			    const struct in6_addr *remote)
{
	struct in_addr ipv4 = { htonl(slot->ipv4) };
	char v4[INET_ADDRSTRLEN], v6[INET6_ADDRSTRLEN];
	json_t *json;

	inet_ntop(AF_INET, &ipv4, v4, sizeof(v4));
	inet_ntop(AF_INET6, remote, v6, sizeof(v6));
	json = json_pack("{s:s}", "ipv4", v4);
	if (json && slot->set.len) {
		json_object_set_new(json, "psid", json_integer(slot->set.psid));
		json_object_set_new(json, "psid-len",
				    json_integer(slot->set.len));
		json_object_set_new(json, "psid-offset",
				    json_integer(slot->set.offset));
	}
	if (json)
		json_object_set_new(json, "remote", json_string(v6));
	return json;
}

json_t *lease_json(const struct engine *engine, const struct lease *lease)
{
	const struct policy *policy = engine->policy;
	json_t *json = mapping_json(&lease->slot, &lease->remote);
	const char *pool = policy->supplies[lease->pool].name;
	bool timed = lease->state >= LEASE_BOUND && lease->end != LEASE_NEVER;

	if (!json)
		return NULL;
	json_object_set_new(json, "state", json_string(
				lease_state_name((enum lease_state)lease->state)));
	json_object_set_new(json, "pool", pool ? json_string(pool) :
						 json_null());
	json_object_set_new(json, "class", lease->class == LEASE_STATIC ?
			    json_null() :
			    json_string(policy->classes[lease->class].name));
	json_object_set_new(json, "client", hex_json(lease->client,
						     lease->client_len));
	json_object_set_new(json, "since", json_integer(lease->since));
	json_object_set_new(json, "expires", !timed ? json_null() :
			    json_integer(engine->wall +
					 (lease->end - engine->now) / 1000));
	json_object_set_new(json, "renewals", json_integer(lease->renewals));
	return json;
}

json_t *record_json(const struct record *record, int64_t until)
{
	json_t *json = mapping_json(&record->slot, &record->remote);

	if (!json)
		return NULL;
	json_object_set_new(json, "class", record->class ?
			    json_string(record->class) : json_null());
	json_object_set_new(json, "client", hex_json(record->client,
						     record->client_len));
	json_object_set_new(json, "since", json_integer(record->since));
	json_object_set_new(json, "until", until == LEASE_NEVER ? json_null() :
			    json_integer(until));
	return json;
}

int slot_read(json_t *params, struct slot *slot, struct in6_addr *remote,
	      char *error)
{
	struct dstm_mapping m;
	const char *key = NULL;
	char why[DSTM_MAPPING_ERROR] = "an object is expected";
	json_t *whole = json_copy(params);
	int ret = -EINVAL;

	/* A mapping has a remote; what only names one need not. */
	if (!remote && json_is_object(whole) && !json_object_get(whole, "remote"))
		json_object_set_new(whole, "remote", json_string("::"));
	if (json_is_object(whole))
		ret = dstm_mapping_from_json(whole, NULL, &m, &key, why);
	if (ret)
		snprintf(error, DSTM_MAPPING_ERROR, "%s%s%.200s", key ? key : "",
			 key ? ": " : "", why);
	json_decref(whole);
	if (ret)
		return ret;
	slot->ipv4 = ntohl(m.ipv4.s_addr);
	slot->set = (struct dstm_portset){ m.psid, m.psid_len, m.psid_offset };
	if (remote)
		*remote = m.remote;
	return 0;
}
