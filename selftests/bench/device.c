// SPDX-License-Identifier: GPL-2.0
/*
 * A network device of kind "bench": packets are made to come in by it, and what
 * leaves by it is looked at, counted and gone.
 */
#include <linux/etherdevice.h>
#include <linux/percpu.h>
#include <net/rtnetlink.h>

#include "device.h"
#include "packet.h"

static DEFINE_PER_CPU(struct bench_arrivals, arrivals);
static struct bench_packet expected;
static bool stamp;

/**
 * bench_expect - begin to count anew
 * @p: what has to arrive from now on
 * @timed: note when
 */
void bench_expect(const struct bench_packet *p, bool timed)
{
	int cpu;

	expected = *p;
	stamp = timed;
	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(&arrivals, cpu), 0, sizeof(arrivals));
}

/** bench_arrivals - what arrived since, at all CPUs */
struct bench_arrivals bench_arrivals(void)
{
	struct bench_arrivals sum = {};
	int cpu;

	for_each_possible_cpu(cpu) {
		sum.right += READ_ONCE(per_cpu_ptr(&arrivals, cpu)->right);
		sum.wrong += READ_ONCE(per_cpu_ptr(&arrivals, cpu)->wrong);
	}
	return sum;
}

/** bench_last_here - when the last packet left on this CPU, by bench_clock() */
u64 bench_last_here(void)
{
	return this_cpu_read(arrivals.last);
}

static netdev_tx_t bench_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct bench_arrivals *a = this_cpu_ptr(&arrivals);

	if (stamp)
		a->last = bench_clock();
	skb_pull(skb, ETH_HLEN);
	if (bench_is_right(skb, &expected))
		a->right++;
	else
		a->wrong++;
	napi_consume_skb(skb, 1);
	return NETDEV_TX_OK;
}

static const struct net_device_ops bench_ops = {
	.ndo_start_xmit = bench_xmit,
};

/**
 * bench_is_device - whether packets can be made to come in by a device
 * @dev: the device
 */
bool bench_is_device(const struct net_device *dev)
{
	return dev->netdev_ops == &bench_ops;
}

static void bench_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &bench_ops;
	dev->needs_free_netdev = true;
	dev->flags |= IFF_NOARP;
	dev->flags &= ~IFF_MULTICAST;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->features |= NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM;
	dev->lltx = true;
	dev->max_mtu = ETH_MAX_MTU;
	eth_hw_addr_random(dev);
}

static struct rtnl_link_ops bench_link_ops = {
	.kind = "bench",
	.setup = bench_setup,
};

/**
 * bench_device_init - let devices be made
 *
 * Return: 0 or a negative error.
 */
int bench_device_init(void)
{
	return rtnl_link_register(&bench_link_ops);
}

/** bench_device_exit - delete all of them */
void bench_device_exit(void)
{
	rtnl_link_unregister(&bench_link_ops);
}
