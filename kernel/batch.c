// SPDX-License-Identifier: GPL-2.0
/* Each CPU's queues of packets, and the poll that works them off. */
#include <linux/netdevice.h>
#include <linux/prefetch.h>

#include "batch.h"
#include "device.h"
#include "drop.h"
#include "inner.h"
#include "receive.h"
#include "transmit.h"

/* As many as net.core.netdev_max_backlog is by default. */
#define QUEUE_LIMIT	1000

/* Ask for the memory of the first packets' mappings, step by step. */
static void prefetch_mappings(struct dstm_dev *dstm, struct dstm_batch *b,
			      struct sk_buff_head *queue, enum dstm_end end,
			      int count)
{
	/* Only those packets that come out are counted in the second line. */
	bool whole = queue == &b->receive || READ_ONCE(dstm->table.mortal);
	struct sk_buff *skb;
	int i = 0, n, round;

	if (skb_queue_len(queue) < 2 || !dstm_batch_has_many(dstm))
		return;
	skb_queue_walk(queue, skb) {
		if (i == count)
			break;
		b->seeks[i].whole = whole;
		dstm_inner_seek(&dstm->table, skb, end, &b->seeks[i++]);
	}
	n = i;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < n; i++)
			dstm_table_seek_node(&b->seeks[i]);
		for (i = 0; i < n; i++)
			dstm_table_seek_next(&dstm->table, &b->seeks[i]);
	}
}

static int poll_receive(struct dstm_dev *dstm, struct dstm_batch *b, int budget)
{
	struct sk_buff *skb;
	int done = 0;

	prefetch_mappings(dstm, b, &b->receive, dstm_receive_end(dstm), budget);
	while (done < budget && (skb = __skb_dequeue(&b->receive))) {
		dstm_receive_one(dstm, skb, &b->napi, &b->received);
		done++;
	}
	dstm_tally_end(&b->received, dstm);
	return done;
}

static int poll_transmit(struct dstm_dev *dstm, struct dstm_batch *b, int budget)
{
	struct sk_buff *skb;
	int done = 0;

	prefetch_mappings(dstm, b, &b->transmit, dstm_transmit_end(dstm), budget);
	while (done < budget && (skb = __skb_dequeue(&b->transmit))) {
		dstm_transmit_forwarded(dstm, skb, &b->transmitted);
		done++;
	}
	dstm_tally_end(&b->transmitted, dstm);
	return done;
}

static int poll(struct napi_struct *napi, int budget)
{
	struct dstm_batch *b = container_of(napi, struct dstm_batch, napi);
	struct dstm_dev *dstm = netdev_priv(napi->dev);
	int done;

	budget = min(budget, NAPI_POLL_WEIGHT);
	b->clear = false;
	rcu_read_lock();
	done = poll_receive(dstm, b, budget);
	done += poll_transmit(dstm, b, budget - done);
	rcu_read_unlock();
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

/**
 * dstm_batch_poll_soon - work off, and count, what waits
 * @b: this CPU's batch; bottom halves are disabled
 */
void dstm_batch_poll_soon(struct dstm_batch *b)
{
	/* Only softirqs of this CPU may look into its queues, not a thread. */
	clear_bit(NAPI_STATE_THREADED, &b->napi.state);
	napi_schedule(&b->napi);
}

/* Queue a packet; or drop it, if the queue is full. */
static void add(struct dstm_dev *dstm, struct dstm_batch *b, struct sk_buff_head *queue,
		struct sk_buff *skb, int counter)
{
	if (skb_queue_len(queue) >= QUEUE_LIMIT) {
		dstm_drop(dstm, skb, counter);
		return;
	}
	__skb_queue_tail(queue, skb);
	if (skb_queue_len(queue) == 1)
		dstm_batch_poll_soon(b);
}

/**
 * dstm_batch_clear - keep until the poll that nothing is in the shortcut's way
 * @b: this CPU's batch; the caller is in an RCU section, bottom halves disabled
 *
 * Whoever comes to be in the way sees, from then on, what a device's driver delivers
 * at its next poll: ours is the first to follow the one that runs.
 */
void dstm_batch_clear(struct dstm_batch *b)
{
	b->clear = true;
	b->clear_at = jiffies;
	dstm_batch_poll_soon(b);
}

/*
 * With PREEMPT_RT, softirqs of one CPU may preempt each other in the middle of what the
 * CPU has: no packet waits there, to be worked off or to be counted.
 */
static void receive_alone(struct dstm_dev *dstm, struct sk_buff *skb)
{
	struct dstm_tally tally = { .id = DSTM_A_STATS_RX_PACKETS };

	dstm_receive_one(dstm, skb, NULL, &tally);
	dstm_tally_end(&tally, dstm);
}

static void transmit_alone(struct dstm_dev *dstm, struct sk_buff *skb)
{
	struct dstm_tally tally = { .id = DSTM_A_STATS_TX_PACKETS };

	dstm_transmit_forwarded(dstm, skb, &tally);
	dstm_tally_end(&tally, dstm);
}

/**
 * dstm_batch_receive - take a packet out of the tunnel, soon
 * @dstm: the device; the caller is in an RCU section, bottom halves disabled
 * @skb: the packet, taken; data at the inner header, of which the fixed part is linear;
 *       network header at the outer one
 */
void dstm_batch_receive(struct dstm_dev *dstm, struct sk_buff *skb)
{
	struct dstm_batch *b = this_cpu_ptr(dstm->batches);

	/* The device it came by may be gone by then; its number is in the packet. */
	skb->dev = dstm->dev;
	skb_dst_drop(skb);
	/* Whoever closes the device waits until the queues are empty. */
	if (!netif_running(dstm->dev)) {
		dstm_drop(dstm, skb, DSTM_A_STATS_RX_DOWN);
		return;
	}
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		receive_alone(dstm, skb);
		return;
	}
	if (!dstm_batch_may_go_at_once(dstm, &b->receive) ||
	    dstm_inner_header(skb, 0)->protocol == IPPROTO_TCP) {
		add(dstm, b, &b->receive, skb, DSTM_A_STATS_RX_BACKLOG);
		return;
	}
	dstm_receive_one(dstm, skb, NULL, &b->received);
	dstm_batch_pause(dstm, b, &b->received);
}

/**
 * dstm_batch_transmit - forward an IPv4 packet into the tunnel, soon
 * @dstm: the device; the caller is in an RCU section, bottom halves disabled
 * @skb: the packet, taken, as ip_rcv() has checked it
 */
void dstm_batch_transmit(struct dstm_dev *dstm, struct sk_buff *skb)
{
	struct dstm_batch *b = this_cpu_ptr(dstm->batches);

	skb->dev = dstm->dev;
	skb_dst_drop(skb);
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		transmit_alone(dstm, skb);
		return;
	}
	if (!dstm_batch_may_go_at_once(dstm, &b->transmit)) {
		add(dstm, b, &b->transmit, skb, DSTM_A_STATS_TX_BACKLOG);
		return;
	}
	dstm_transmit_forwarded(dstm, skb, &b->transmitted);
	dstm_batch_pause(dstm, b, &b->transmitted);
}

/**
 * dstm_batch_init - make the queues of a device
 * @dstm: the device
 *
 * Return: 0 or a negative error.
 */
int dstm_batch_init(struct dstm_dev *dstm)
{
	struct dstm_batch *b;
	int cpu;

	dstm->batches = alloc_percpu_gfp(struct dstm_batch, GFP_KERNEL_ACCOUNT);
	if (!dstm->batches)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		b = per_cpu_ptr(dstm->batches, cpu);
		__skb_queue_head_init(&b->receive);
		__skb_queue_head_init(&b->transmit);
		b->received.id = DSTM_A_STATS_RX_PACKETS;
		b->transmitted.id = DSTM_A_STATS_TX_PACKETS;
		set_bit(NAPI_STATE_NO_BUSY_POLL, &b->napi.state);
		netif_napi_add(dstm->dev, &b->napi, poll);
		napi_enable(&b->napi);
	}
	return 0;
}

/**
 * dstm_batch_drain - wait until no packet is left from before
 * @dstm: the device, which is no longer netif_running()
 */
void dstm_batch_drain(struct dstm_dev *dstm)
{
	int cpu;

	synchronize_net();
	for_each_possible_cpu(cpu)
		napi_synchronize(&per_cpu_ptr(dstm->batches, cpu)->napi);
}

/**
 * dstm_batch_exit - free the queues, and what is in them
 * @dstm: the device, to which nothing is queued any more
 */
void dstm_batch_exit(struct dstm_dev *dstm)
{
	struct dstm_batch *b;
	int cpu;

	/* Whoever has found the device has queued by then. */
	synchronize_net();
	for_each_possible_cpu(cpu) {
		b = per_cpu_ptr(dstm->batches, cpu);
		napi_disable(&b->napi);
		__netif_napi_del(&b->napi);
		__skb_queue_purge(&b->receive);
		__skb_queue_purge(&b->transmit);
	}
	/* Readers of the device's list of NAPI instances. */
	synchronize_net();
	free_percpu(dstm->batches);
}
