// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "lease.h"

const char *lease_state_name(enum lease_state state)
{
	static const char * const names[LEASE_STATES] = {
		[LEASE_FREE] = "free",
		[LEASE_OFFERED] = "offered",
		[LEASE_PENDING] = "pending",
		[LEASE_BOUND] = "bound",
		[LEASE_RENEWING] = "renewing",
		[LEASE_RELEASING] = "releasing",
		[LEASE_RESTING] = "resting",
	};

	return names[state];
}

struct lease *lease_new(struct leases *leases, const struct slot *slot,
			const void *client, size_t client_len)
{
	struct lease *lease = calloc(1, sizeof(*lease) + client_len);

	if (!lease)
		return NULL;
	lease->slot = *slot;
	lease->client_len = (uint8_t)client_len;
	if (client_len)
		memcpy(lease->client, client, client_len);
	if (heap_reserve(&leases->timers,
			 HASH_CNT(by_slot, leases->by_slot) + 1))
		goto fail;
	HASH_ADD(by_slot, leases->by_slot, slot, sizeof(lease->slot), lease);
	if (!lease->by_slot.tbl)
		goto fail;
	leases->count[LEASE_FREE]++;
	if (!client_len || lease_by_client(leases, client, client_len))
		return lease;
	HASH_ADD(by_client, leases->by_client, client, client_len, lease);
	lease->known = lease->by_client.tbl;
	return lease;
fail:
	free(lease);
	return NULL;
}

void lease_forget_client(struct leases *leases, struct lease *lease)
{
	if (!lease->known)
		return;
	HASH_DELETE(by_client, leases->by_client, lease);
	lease->known = false;
}

void lease_delete(struct leases *leases, struct lease *lease)
{
	lease_forget_client(leases, lease);
	heap_remove(&leases->timers, &lease->timer);
	HASH_DELETE(by_slot, leases->by_slot, lease);
	leases->count[lease->state]--;
	free(lease);
}

struct lease *lease_by_slot(const struct leases *leases,
			    const struct slot *slot)
{
	struct lease *lease;

	HASH_FIND(by_slot, leases->by_slot, slot, sizeof(*slot), lease);
	return lease;
}

struct lease *lease_by_client(const struct leases *leases, const void *client,
			      size_t client_len)
{
	struct lease *lease;

	HASH_FIND(by_client, leases->by_client, client, client_len, lease);
	return lease;
}

void lease_set_state(struct leases *leases, struct lease *lease,
		     enum lease_state state, int64_t due)
{
	leases->count[lease->state]--;
	lease->state = (uint8_t)state;
	leases->count[state]++;
	if (due == LEASE_NEVER)
		heap_remove(&leases->timers, &lease->timer);
	else
		heap_set(&leases->timers, &lease->timer, due);
}

struct lease *lease_due(const struct leases *leases)
{
	struct heap_node *node = heap_first(&leases->timers);

	if (!node)
		return NULL;
	return (struct lease *)((char *)node - offsetof(struct lease, timer));
}
