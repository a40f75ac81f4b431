// SPDX-License-Identifier: GPL-2.0
/* What Prometheus is told. */
#include <stdlib.h>

#include "proto/dhcpv4.h"
#include "server.h"

static void pools(struct dstm_page *page, const struct policy *policy)
{
	struct pool_use use;
	uint16_t i;

	dstm_metric_begin(page, "dstm_pool_addresses", "gauge",
			  "Addresses of a pool, by what they are used for; resting ones count as used.");
	for (i = 0; i < policy->supplies_count; i++) {
		const char *name = policy->supplies[i].name;

		pool_use(policy->supplies[i].pool, &use);
		dstm_metric(page, use.free, "pool", name, "use", "free", NULL);
		dstm_metric(page, use.whole, "pool", name, "use", "whole",
			    NULL);
		dstm_metric(page, use.split, "pool", name, "use", "split",
			    NULL);
	}
	dstm_metric_begin(page, "dstm_pool_port_sets", "gauge",
			  "Port sets of a pool that are used.");
	for (i = 0; i < policy->supplies_count; i++) {
		pool_use(policy->supplies[i].pool, &use);
		dstm_metric(page, use.sets, "pool", policy->supplies[i].name,
			    NULL);
	}
}

static void leases(struct dstm_page *page, const struct engine *engine)
{
	const struct policy *policy = engine->policy;
	size_t classes = policy->classes_count + 1U, i;
	uint32_t (*count)[LEASE_STATES] = calloc(classes, sizeof(*count));
	const struct lease *lease, *next;
	int state;

	if (!count)
		return;
	HASH_ITER(by_slot, engine->leases.by_slot, lease, next)
		count[lease->class == LEASE_STATIC ? classes - 1 :
		      lease->class][lease->state]++;
	dstm_metric_begin(page, "dstm_leases", "gauge",
			  "Leases by class and state; of class \"\" are those given by hand.");
	for (i = 0; i < classes; i++)
		for (state = LEASE_OFFERED; state < LEASE_STATES; state++)
			dstm_metric(page, count[i][state], "class",
				    i + 1 < classes ? policy->classes[i].name :
				    "", "state",
				    lease_state_name((enum lease_state)state),
				    NULL);
	free(count);
}

static void requests(struct dstm_page *page, const struct dhcp4o6_stats *stats)
{
	int type, outcome, reason;

	dstm_metric_begin(page, "dstm_requests_total", "counter",
			  "Messages of clients, by type and outcome.");
	for (type = DHCPV4_DISCOVER; type <= DHCPV4_INFORM; type++)
		for (outcome = 0; outcome < OUTCOMES; outcome++)
			if (stats->outcomes[type][outcome])
				dstm_metric(page,
					    (double)stats->outcomes[type][outcome],
					    "type",
					    dhcpv4_type_name((uint8_t)type),
					    "outcome",
					    outcome_name((enum outcome)outcome),
					    NULL);
	dstm_metric_begin(page, "dstm_request_seconds", "histogram",
			  "Time from a message to its answer.");
	dstm_metric_histogram(page, &stats->latency, NULL);
	dstm_metric_begin(page, "dstm_packets_received_total", "counter",
			  "Packets at the front door.");
	dstm_metric(page, (double)stats->received, NULL);
	dstm_metric_begin(page, "dstm_packets_sent_total", "counter",
			  "Answers sent.");
	dstm_metric(page, (double)stats->sent, NULL);
	dstm_metric_begin(page, "dstm_drops_total", "counter",
			  "Packets without an answer, by reason.");
	for (reason = 0; reason < DROPS; reason++)
		dstm_metric(page, (double)stats->drops[reason], "reason",
			    drop_name((enum drop)reason), NULL);
}

static void gateway(const char *name, const char *state, void *data)
{
	dstm_metric(data, state[0] == 'u', "gateway", name, NULL);
}

void server_figures(struct dstm_page *page, void *data)
{
	const struct server *server = data;

	pools(page, server->engine.policy);
	leases(page, &server->engine);
	requests(page, dhcp4o6_stats(server->door));
	dstm_metric_begin(page, "dstm_gateway_up", "gauge",
			  "Whether a gateway is connected and has all mappings.");
	gateways_status(server->gateways, gateway, page);
	dstm_metric_begin(page, "dstm_store_failing", "gauge",
			  "Whether the lease store can not be written.");
	dstm_metric(page, server->engine.failing, NULL);
}
