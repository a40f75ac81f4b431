// SPDX-License-Identifier: GPL-2.0
/*
 * What the IPv4 stack said of addresses of a namespace: which destinations lead
 * into a tunnel, and which sources are right. It is forgotten when any route,
 * address or setting of forwarding changes.
 */
#include <linux/hash.h>
#include <linux/inetdevice.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/prefetch.h>
#include <linux/seqlock.h>
#include <net/ip.h>
#include <net/route.h>

#include "device.h"
#include "known.h"
#include "watch.h"

/*
 * Destinations are known a bit each, 256 of them in one line of memory, so that
 * those of a million mappings fit into a CPU's cache.
 */
#define BLOCK_BITS	8
#define BLOCKS		4096

/* Addresses that have all but the last bits in common. */
struct known_block {
	seqcount_t seq;
	u32 key;		/* these bits, and the service */
	int generation;
	struct dstm_dev *dstm;	/* that all of them lead into */
	DECLARE_BITMAP(addresses, 1 << BLOCK_BITS);
} ____cacheline_aligned;

#define SOURCE_BITS	10

/* A source that packets by some device may have. */
struct known_source {
	__be32 addr;
	int ifindex;		/* 0: nothing is known */
	u32 how;		/* rp_filter and service */
	int generation;
};

struct known_sources {
	struct known_source slots[1 << SOURCE_BITS];
};

struct dstm_known {
	u32 users;		/* devices that are up, under rtnl */
	spinlock_t lock;	/* of writers */
	struct known_sources __percpu *sources;
	struct rcu_head rcu;
	struct known_block blocks[BLOCKS];
};

static u32 block_key(const struct iphdr *iph)
{
	return (ntohl(iph->daddr) >> BLOCK_BITS << 8) | dstm_known_service(iph);
}

static unsigned int block_bit(const struct iphdr *iph)
{
	return ntohl(iph->daddr) % (1 << BLOCK_BITS);
}

/*
 * Neighbours, which pools are made of, do not get into each other's way, nor do packets
 * of other services to the same addresses.
 */
static struct known_block *block_of(struct dstm_known *known,
				    const struct iphdr *iph)
{
	return &known->blocks[((ntohl(iph->daddr) >> BLOCK_BITS) +
			       dstm_known_service(iph) * 16) % BLOCKS];
}

/* The device that a destination leads into, or NULL. */
static struct dstm_dev *find_destination(struct dstm_known *known,
					 const struct iphdr *iph, int generation)
{
	const struct known_block *b = block_of(known, iph);
	unsigned int seq = raw_read_seqcount(&b->seq);
	struct dstm_dev *dstm = NULL;

	if (READ_ONCE(b->key) == block_key(iph) &&
	    READ_ONCE(b->generation) == generation &&
	    test_bit(block_bit(iph), b->addresses))
		dstm = READ_ONCE(b->dstm);
	return seq & 1 || read_seqcount_retry(&b->seq, seq) ? NULL : dstm;
}

static void begin_anew(struct known_block *b, struct dstm_dev *dstm, u32 key,
		       int generation)
{
	raw_write_seqcount_begin(&b->seq);
	WRITE_ONCE(b->key, key);
	WRITE_ONCE(b->generation, generation);
	WRITE_ONCE(b->dstm, dstm);
	bitmap_zero(b->addresses, 1 << BLOCK_BITS);
	raw_write_seqcount_end(&b->seq);
}

static void keep_destination(struct dstm_known *known, struct dstm_dev *dstm,
			     const struct iphdr *iph, int generation)
{
	struct known_block *b = block_of(known, iph);

	spin_lock(&known->lock);
	if (b->key != block_key(iph) || b->generation != generation ||
	    b->dstm != dstm)
		begin_anew(b, dstm, block_key(iph), generation);
	set_bit(block_bit(iph), b->addresses);
	spin_unlock(&known->lock);
}

static struct known_source *source_slot(struct dstm_known *known, __be32 addr,
					u32 how)
{
	return &this_cpu_ptr(known->sources)->slots[hash_32((__force u32)addr + how,
							    SOURCE_BITS)];
}

static u32 source_how(const struct iphdr *iph, u8 rp_filter)
{
	return rp_filter << 8 | dstm_known_service(iph);
}

/**
 * dstm_known_state - what answers about a device's packets depend on, now
 * @from: the device; the caller is in an RCU section
 */
struct dstm_known_state dstm_known_state(const struct net_device *from)
{
	struct in_device *in = __in_dev_get_rcu(from);

	return (struct dstm_known_state) {
		.generation = rt_genid_ipv4(dev_net(from)),
		.rp_filter = in ? IN_DEV_RPFILTER(in) : 0,
	};
}

/**
 * dstm_known_is_enough - whether what is known of addresses may be used
 * @net: the namespace
 *
 * Rules may look at more of a packet, and path MTUs come and go. With PREEMPT_RT,
 * softirqs of one CPU may preempt each other in the middle of its tables.
 */
bool dstm_known_is_enough(const struct net *net)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) && !dstm_has_rules(net) &&
	       !READ_ONCE(net->ipv4.sysctl_ip_fwd_use_pmtu);
}

static inline bool is_source(struct dstm_known *known, const struct iphdr *iph,
			     const struct net_device *from,
			     const struct dstm_known_state *state)
{
	u32 how = source_how(iph, state->rp_filter);
	const struct known_source *s = source_slot(known, iph->saddr, how);

	return s->addr == iph->saddr && s->how == how &&
	       s->ifindex == from->ifindex && s->generation == state->generation;
}

/**
 * dstm_known_source - whether a packet may have its source
 * @known: of the namespace, or NULL
 * @iph: its header; the caller is in an RCU section, bottom halves disabled
 * @from: the device that it came by
 * @state: dstm_known_state() of that
 *
 * Return: whether the stack said so, and would still.
 */
bool dstm_known_source(struct dstm_known *known, const struct iphdr *iph,
		       const struct net_device *from,
		       const struct dstm_known_state *state)
{
	return known && is_source(known, iph, from, state);
}

/**
 * dstm_known_keep_source - keep that a packet may have its source
 * @known: of the namespace, or NULL
 * @iph: its header; the caller is in an RCU section, bottom halves disabled
 * @from: the device that it came by
 * @state: what dstm_known_state() said before the stack was asked
 */
void dstm_known_keep_source(struct dstm_known *known, const struct iphdr *iph,
			    const struct net_device *from,
			    const struct dstm_known_state *state)
{
	u32 how = source_how(iph, state->rp_filter);

	if (!known)
		return;
	*source_slot(known, iph->saddr, how) = (struct known_source) {
		.addr = iph->saddr,
		.ifindex = from->ifindex,
		.how = how,
		.generation = state->generation,
	};
}

/**
 * dstm_known_way_in - whether a packet is known to be for a tunnel
 * @known: of the namespace, or NULL
 * @iph: its header; the caller is in an RCU section, bottom halves disabled
 * @from: the device that it came by
 *
 * Return: the device that the stack forwards it into, or NULL.
 */
struct dstm_dev *dstm_known_way_in(struct dstm_known *known, const struct iphdr *iph,
				   const struct net_device *from)
{
	struct dstm_known_state state;

	if (!known || !dstm_known_is_enough(dev_net(from)))
		return NULL;
	prefetch(block_of(known, iph));
	state = dstm_known_state(from);
	if (!is_source(known, iph, from, &state))
		return NULL;
	return find_destination(known, iph, state.generation);
}

/**
 * dstm_known_keep_way_in - keep that the stack forwards a packet into a tunnel
 * @known: of the namespace, or NULL
 * @dstm: the device; the caller is in an RCU section, bottom halves disabled
 * @iph: the packet's header
 * @from: the device that it came by
 * @state: what dstm_known_state() said before the stack was asked
 */
void dstm_known_keep_way_in(struct dstm_known *known, struct dstm_dev *dstm,
			    const struct iphdr *iph, const struct net_device *from,
			    const struct dstm_known_state *state)
{
	if (!known || !dstm_known_is_enough(dev_net(from)))
		return;
	dstm_known_keep_source(known, iph, from, state);
	keep_destination(known, dstm, iph, state->generation);
}

/**
 * dstm_known_forget - make sure that no packet finds a device any more
 * @dstm: the device, which is down and has no packets on their way
 */
void dstm_known_forget(const struct dstm_dev *dstm)
{
	struct dstm_known *known = rtnl_dereference(dstm_net(dev_net(dstm->dev))->known);
	struct known_block *b;

	if (!known)
		return;
	spin_lock_bh(&known->lock);
	for (b = known->blocks; b < known->blocks + BLOCKS; b++)
		if (b->dstm == dstm)
			begin_anew(b, NULL, 0, 0);
	spin_unlock_bh(&known->lock);
}

static struct dstm_known *make(void)
{
	struct dstm_known *known = kvzalloc(sizeof(*known), GFP_KERNEL_ACCOUNT);
	int i;

	if (!known)
		return NULL;
	known->sources = alloc_percpu_gfp(struct known_sources, GFP_KERNEL_ACCOUNT);
	if (!known->sources) {
		kvfree(known);
		return NULL;
	}
	spin_lock_init(&known->lock);
	for (i = 0; i < BLOCKS; i++)
		seqcount_init(&known->blocks[i].seq);
	return known;
}

/**
 * dstm_known_open - begin to know
 * @dstm: a device that goes up; the caller holds rtnl
 *
 * Return: 0 or -ENOMEM.
 */
int dstm_known_open(struct dstm_dev *dstm)
{
	struct dstm_net *dn = dstm_net(dev_net(dstm->dev));
	struct dstm_known *known = rtnl_dereference(dn->known);

	if (!known) {
		known = make();
		if (!known)
			return -ENOMEM;
		rcu_assign_pointer(dn->known, known);
	}
	known->users++;
	rcu_assign_pointer(dstm->known, known);
	return 0;
}

static void free_rcu(struct rcu_head *rcu)
{
	struct dstm_known *known = container_of(rcu, struct dstm_known, rcu);

	free_percpu(known->sources);
	kvfree(known);
}

/**
 * dstm_known_close - know nothing more, if no other device is up
 * @dstm: the device, which goes down; the caller holds rtnl
 */
void dstm_known_close(struct dstm_dev *dstm)
{
	struct dstm_net *dn = dstm_net(dev_net(dstm->dev));
	struct dstm_known *known = rtnl_dereference(dn->known);

	RCU_INIT_POINTER(dstm->known, NULL);
	if (--known->users)
		return;
	RCU_INIT_POINTER(dn->known, NULL);
	call_rcu(&known->rcu, free_rcu);
}
