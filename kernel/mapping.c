// SPDX-License-Identifier: GPL-2.0
/*
 * The mapping table: which IPv4 address, or port set of one, belongs to which
 * IPv6 address.
 */
#include <linux/jhash.h>
#include <linux/netlink.h>
#include <linux/prefetch.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "mapping.h"
#include "portset.h"

#define WHEEL_SLOTS	1024

/* So many port sets are looked at, at most, for one that a packet may be of. */
#define SERVE_LIMIT	256

/* An address that is split into port sets. */
struct dstm_share {
	struct dstm_node node;
	u32 users;
	struct rcu_head rcu;
};

static struct kmem_cache *mapping_cache;

static inline u32 hash_key(const void *data, u32 len, u32 seed)
{
	const struct dstm_key *key = data;

	return jhash_2words((__force u32)key->ipv4, key->slot, seed);
}

static inline int compare_key(struct rhashtable_compare_arg *arg,
			      const void *obj)
{
	const struct dstm_key *a = arg->key;
	const struct dstm_node *node = obj;

	return a->ipv4 != node->key.ipv4 || a->slot != node->key.slot;
}

/* Both functions are given so that the compiler puts them where they are used. */
static const struct rhashtable_params node_params = {
	.head_offset = offsetof(struct dstm_node, hash),
	.key_offset = offsetof(struct dstm_node, key),
	.key_len = sizeof(struct dstm_key),
	.hashfn = hash_key,
	.obj_cmpfn = compare_key,
	.automatic_shrinking = true,
};

int dstm_mapping_init(void)
{
	mapping_cache = kmem_cache_create("dstm_mapping",
					  sizeof(struct dstm_mapping), 0,
					  SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	return mapping_cache ? 0 : -ENOMEM;
}

void dstm_mapping_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(mapping_cache);
}

struct dstm_mapping *dstm_mapping_alloc(void)
{
	return kmem_cache_zalloc(mapping_cache, GFP_KERNEL_ACCOUNT);
}

static void mapping_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(mapping_cache,
			container_of(rcu, struct dstm_mapping, rcu));
}

/**
 * dstm_mapping_free - free a mapping that is in no table, after its readers
 * @m: the mapping; its tunnel end point is the caller's to put
 */
void dstm_mapping_free(struct dstm_mapping *m)
{
	call_rcu(&m->rcu, mapping_free_rcu);
}

static struct dstm_node *find(struct dstm_table *t, __be32 ipv4, u32 slot)
{
	struct dstm_key key = { .ipv4 = ipv4, .slot = slot };

	return rhashtable_lookup(&t->hash, &key, node_params);
}

static bool is_whole(const struct dstm_node *node)
{
	return node->psid_len == 0;
}

/**
 * dstm_table_address - how an address is lent, for a reader
 * @t: the table
 * @ipv4: the address
 *
 * Return: its node, to ask dstm_table_owner() with, or NULL.
 */
const struct dstm_node *dstm_table_address(struct dstm_table *t, __be32 ipv4)
{
	return find(t, ipv4, 0);
}

/**
 * dstm_table_set_owner - the mapping that a port of a shared address belongs to
 * @t: the table
 * @address: what dstm_table_address() found, in the same RCU section
 * @port: in host byte order
 *
 * Return: the mapping, whose lifetime is not over, or NULL.
 */
struct dstm_mapping *dstm_table_set_owner(struct dstm_table *t,
					  const struct dstm_node *address, u16 port)
{
	const struct dstm_node *node;

	if (dstm_portset_reserved(port, address->psid_offset))
		return NULL;
	node = find(t, address->key.ipv4, 1 +
		    dstm_portset_psid(port, address->psid_len,
				      address->psid_offset));
	/* An address may just be changing the way it is split. */
	if (!node || node->psid_len != address->psid_len ||
	    node->psid_offset != address->psid_offset)
		return NULL;
	return dstm_mapping_unless_expired(dstm_to_mapping(node));
}

/**
 * dstm_table_usual_owner - the same in one step, if the address is split as most are
 * @t: the table; the caller is in an RCU section
 * @ipv4: the address
 * @port: in host byte order
 *
 * Return: the mapping, whose lifetime is not over, or NULL: nothing is said.
 */
struct dstm_mapping *dstm_table_usual_owner(struct dstm_table *t, __be32 ipv4,
					    u16 port)
{
	struct dstm_split usual = READ_ONCE(t->usual);
	const struct dstm_node *node;

	if (!usual.psid_len || dstm_portset_reserved(port, usual.psid_offset))
		return NULL;
	node = find(t, ipv4, 1 + dstm_portset_psid(port, usual.psid_len,
						   usual.psid_offset));
	/* All port sets of an address are of one shape. */
	if (!node || node->psid_len != usual.psid_len ||
	    node->psid_offset != usual.psid_offset)
		return NULL;
	return dstm_mapping_unless_expired(dstm_to_mapping(node));
}

/**
 * dstm_table_holds - whether a mapping of an earlier RCU section is still there
 * @t: the table; the caller is in an RCU section
 * @key: of the mapping
 * @m: the mapping, which may have been freed
 */
bool dstm_table_holds(struct dstm_table *t, const struct dstm_key *key,
		      const struct dstm_mapping *m)
{
	return find(t, key->ipv4, key->slot) == &m->node;
}

static bool serves(const struct dstm_node *node, const struct in6_addr *remote)
{
	const struct dstm_mapping *m = dstm_to_mapping(node);

	return ipv6_addr_equal(&m->remote, remote) &&
	       !dstm_mapping_expired(m, dstm_now());
}

/**
 * dstm_table_may_serve - whether a tunnel may be of an address that is shared
 * @t: the table; the caller is in an RCU section
 * @ipv4: the address
 * @remote: the other end of the tunnel
 *
 * Return: whether a port set of the address is lent to @remote; true also where
 * there are too many to look at.
 */
bool dstm_table_may_serve(struct dstm_table *t, __be32 ipv4,
			  const struct in6_addr *remote)
{
	const struct dstm_node *address = find(t, ipv4, 0), *node;
	u32 slot;

	if (!address)
		return false;
	if (1U << address->psid_len > SERVE_LIMIT)
		return true;
	for (slot = 1; slot <= 1U << address->psid_len; slot++) {
		node = find(t, ipv4, slot);
		if (node && serves(node, remote))
			return true;
	}
	return false;
}

static void seek_bucket(struct dstm_table *t, u32 slot, struct dstm_seek *seek)
{
	struct bucket_table *tbl = rht_dereference_rcu(t->hash.tbl, &t->hash);

	seek->key.slot = slot;
	seek->bucket = rht_bucket(tbl, rht_key_hashfn(&t->hash, tbl, &seek->key,
						      node_params));
	prefetch(seek->bucket);
}

/**
 * dstm_table_seek - ask for the memory that a lookup begins with
 * @t: the table; the caller is in an RCU section
 * @ipv4: the address that will be asked for
 * @port: the port that will be asked for
 * @seek: for the steps that follow, as soon as the memory may be there; @seek->whole
 *        is the caller's
 *
 * The steps only save time: a lookup finds what it finds without them. After
 * this one, dstm_table_seek_node() and dstm_table_seek_next() follow each other
 * twice, for an address and for a port set of it.
 */
void dstm_table_seek(struct dstm_table *t, __be32 ipv4, u16 port,
		     struct dstm_seek *seek)
{
	struct dstm_split usual = READ_ONCE(t->usual);

	seek->key.ipv4 = ipv4;
	seek->port = port;
	seek_bucket(t, usual.psid_len ?
		    1 + dstm_portset_psid(port, usual.psid_len,
					  usual.psid_offset) : 0, seek);
}

/* Not a call: gcc leaves out calls of what does nothing but prefetch. */
static __always_inline void prefetch_node(struct rhash_head *he, bool whole)
{
	if (rht_is_a_nulls(he))
		return;
	prefetch(he);
	if (whole)
		prefetch((const u8 *)he + SMP_CACHE_BYTES);
}

/**
 * dstm_table_seek_node - ask for the first node of the bucket
 * @seek: what an earlier step set
 */
void dstm_table_seek_node(const struct dstm_seek *seek)
{
	if (seek->bucket)
		prefetch_node(rht_ptr_rcu(seek->bucket), seek->whole);
}

/**
 * dstm_table_seek_next - ask for what follows that node
 * @t: the table, in the same RCU section
 * @seek: what an earlier step set; done with if nothing follows
 */
void dstm_table_seek_next(struct dstm_table *t, struct dstm_seek *seek)
{
	const struct dstm_node *node;
	struct rhash_head *he;

	if (!seek->bucket)
		return;
	he = rht_ptr_rcu(seek->bucket);
	seek->bucket = NULL;
	if (rht_is_a_nulls(he))
		return;
	node = container_of(he, struct dstm_node, hash);
	if (node->key.ipv4 != seek->key.ipv4 || node->key.slot != seek->key.slot)
		prefetch_node(rcu_dereference(he->next), seek->whole);
	else if (node->psid_len && !node->key.slot)
		seek_bucket(t, 1 + dstm_portset_psid(seek->port, node->psid_len,
						     node->psid_offset), seek);
}

static int compare(const struct dstm_key *key, __be32 ipv4, u32 slot)
{
	u32 a = ntohl(key->ipv4), b = ntohl(ipv4);

	if (a != b)
		return a < b ? -1 : 1;
	if (key->slot != slot)
		return key->slot < slot ? -1 : 1;
	return 0;
}

static struct dstm_mapping *by_order(struct rb_node *rb)
{
	return rb_entry_safe(rb, struct dstm_mapping, order);
}

/**
 * dstm_table_first - the first mapping at or after a key
 * @t: the table, locked
 * @ipv4: the key's address
 * @slot: the key's slot
 *
 * Return: the mapping or NULL.
 */
struct dstm_mapping *dstm_table_first(struct dstm_table *t, __be32 ipv4,
				      u32 slot)
{
	struct rb_node *rb = t->order.rb_node, *best = NULL;

	while (rb) {
		if (compare(&by_order(rb)->node.key, ipv4, slot) < 0) {
			rb = rb->rb_right;
		} else {
			best = rb;
			rb = rb->rb_left;
		}
	}
	return by_order(best);
}

/**
 * dstm_table_next - the mapping that follows in the order of keys
 * @m: a mapping in a locked table
 *
 * Return: the mapping or NULL.
 */
struct dstm_mapping *dstm_table_next(struct dstm_mapping *m)
{
	return by_order(rb_next(&m->order));
}

static struct dstm_mapping *get(struct dstm_table *t, __be32 ipv4, u32 slot,
				u8 psid_len, u8 psid_offset)
{
	struct dstm_mapping *m = NULL;
	struct dstm_node *node;

	rcu_read_lock();
	node = find(t, ipv4, slot);
	if (node && node->psid_len == psid_len &&
	    node->psid_offset == psid_offset && (slot || is_whole(node)))
		m = dstm_to_mapping(node);
	rcu_read_unlock();
	return m;
}

/**
 * dstm_table_get - the mapping with exactly this key
 * @t: the table, locked
 * @ipv4: the address
 * @slot: 0 for the whole address, psid + 1 for a port set
 * @psid_len: 0 for the whole address
 * @psid_offset: of the port set
 *
 * Return: the mapping, whose lifetime is not over, or NULL.
 */
struct dstm_mapping *dstm_table_get(struct dstm_table *t, __be32 ipv4,
				    u32 slot, u8 psid_len, u8 psid_offset)
{
	struct dstm_mapping *m = get(t, ipv4, slot, psid_len, psid_offset);

	return m && !dstm_mapping_expired(m, dstm_now()) ? m : NULL;
}

static void order_insert(struct dstm_table *t, struct dstm_mapping *m)
{
	struct rb_node **link = &t->order.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (compare(&by_order(parent)->node.key, m->node.key.ipv4,
			    m->node.key.slot) < 0)
			link = &parent->rb_right;
		else
			link = &parent->rb_left;
	}
	rb_link_node(&m->order, parent, link);
	rb_insert_color(&m->order, &t->order);
}

static u64 expiry_second(const struct dstm_mapping *m)
{
	return div_u64(m->expires + NSEC_PER_SEC - 1, NSEC_PER_SEC);
}

static void wheel_insert(struct dstm_table *t, struct dstm_mapping *m)
{
	m->node.mortal = m->expires != 0;
	if (!m->node.mortal)
		return;
	hlist_add_head(&m->wheel, &t->wheel[expiry_second(m) % WHEEL_SLOTS]);
	t->mortal++;
}

static void wheel_remove(struct dstm_table *t, struct dstm_mapping *m)
{
	if (!m->expires)
		return;
	hlist_del_init(&m->wheel);
	t->mortal--;
}

static void set_expires(struct dstm_table *t, struct dstm_mapping *m,
			u64 expires)
{
	wheel_remove(t, m);
	WRITE_ONCE(m->expires, expires);
	wheel_insert(t, m);
}

/* Port sets of an address hold its share. */
static int share_get(struct dstm_table *t, const struct dstm_mapping *m)
{
	struct dstm_share *share;
	struct dstm_node *node;
	int err;

	node = find(t, m->node.key.ipv4, 0);
	if (node) {
		container_of(node, struct dstm_share, node)->users++;
		return 0;
	}

	share = kzalloc(sizeof(*share), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!share)
		return -ENOMEM;
	share->node.key.ipv4 = m->node.key.ipv4;
	share->node.psid_len = m->node.psid_len;
	share->node.psid_offset = m->node.psid_offset;
	share->users = 1;
	err = rhashtable_insert_fast(&t->hash, &share->node.hash, node_params);
	if (err)
		kfree(share);
	return err;
}

static void share_put(struct dstm_table *t, const struct dstm_mapping *m)
{
	struct dstm_share *share;

	share = container_of(find(t, m->node.key.ipv4, 0), struct dstm_share,
			     node);
	if (--share->users)
		return;
	rhashtable_remove_fast(&t->hash, &share->node.hash, node_params);
	kfree_rcu(share, rcu);
}

/* A mapping came, or went. */
static void count(struct dstm_table *t, const struct dstm_mapping *m, int change)
{
	struct dstm_split split = {};

	t->count += change;
	if (!is_whole(&m->node))
		t->sets += change;
	/* As the last one, which is cheap to say and seldom wrong. */
	if (t->sets > t->count / 2)
		split = is_whole(&m->node) ? t->usual : (struct dstm_split) {
			.psid_len = m->node.psid_len,
			.psid_offset = m->node.psid_offset,
		};
	WRITE_ONCE(t->usual, split);
}

/* Before the mapping is seen, and after it was. */
static void widen(struct dstm_table *t, const struct dstm_mapping *m)
{
	u32 addr = ntohl(m->node.key.ipv4);

	WRITE_ONCE(t->lowest, min(t->lowest, addr));
	WRITE_ONCE(t->highest, max(t->highest, addr));
}

static void narrow(struct dstm_table *t, u32 gone)
{
	const struct dstm_mapping *first, *last;

	if (gone > t->lowest && gone < t->highest)
		return;
	first = by_order(rb_first(&t->order));
	last = by_order(rb_last(&t->order));
	WRITE_ONCE(t->lowest, first ? ntohl(first->node.key.ipv4) : U32_MAX);
	WRITE_ONCE(t->highest, last ? ntohl(last->node.key.ipv4) : 0);
}

/* The caller has made sure that nothing is in the way. */
static int insert(struct dstm_table *t, struct dstm_mapping *m)
{
	bool whole = is_whole(&m->node);
	int err = 0;

	widen(t, m);
	rcu_read_lock();
	if (!whole)
		err = share_get(t, m);
	if (!err) {
		err = rhashtable_insert_fast(&t->hash, &m->node.hash,
					     node_params);
		if (err && !whole)
			share_put(t, m);
	}
	rcu_read_unlock();
	if (err)
		return err;

	order_insert(t, m);
	wheel_insert(t, m);
	count(t, m, 1);
	return 0;
}

/**
 * dstm_table_remove - take a mapping out of the table
 * @t: the table, locked
 * @m: the mapping; it is the caller's then, to free or to restore
 */
void dstm_table_remove(struct dstm_table *t, struct dstm_mapping *m)
{
	rcu_read_lock();
	rhashtable_remove_fast(&t->hash, &m->node.hash, node_params);
	if (!is_whole(&m->node))
		share_put(t, m);
	rcu_read_unlock();

	rb_erase(&m->order, &t->order);
	RB_CLEAR_NODE(&m->order);
	narrow(t, ntohl(m->node.key.ipv4));
	wheel_remove(t, m);
	count(t, m, -1);
}

/* Readers see one or the other, never none. */
static void swap_in(struct dstm_table *t, struct dstm_mapping *old,
		    struct dstm_mapping *new)
{
	rcu_read_lock();
	rhashtable_replace_fast(&t->hash, &old->node.hash, &new->node.hash,
				node_params);
	rcu_read_unlock();
	rb_replace_node(&old->order, &new->order, &t->order);
	wheel_remove(t, old);
	wheel_insert(t, new);
}

/* Whether a mapping is over, or not yet wanted by the sync that asks. */
static bool gives_way(const struct dstm_mapping *m, const struct dstm_set *how)
{
	return dstm_mapping_expired(m, how->now) ||
	       (how->sync && m->node.sync != how->sync);
}

static bool is_split_otherwise(struct dstm_table *t,
			       const struct dstm_mapping *m)
{
	const struct dstm_node *node;
	bool otherwise;

	rcu_read_lock();
	node = find(t, m->node.key.ipv4, 0);
	otherwise = node && (node->psid_len != m->node.psid_len ||
			     node->psid_offset != m->node.psid_offset);
	rcu_read_unlock();
	return otherwise;
}

/*
 * Clear the address of mappings that split it in another way than @m, or that
 * are over. All or none.
 */
static int make_room(struct dstm_table *t, const struct dstm_mapping *m,
		     const struct dstm_set *how, struct hlist_head *evicted,
		     struct netlink_ext_ack *extack)
{
	struct dstm_mapping *other, *next;
	__be32 ipv4 = m->node.key.ipv4;

	if (!is_split_otherwise(t, m))
		return 0;
	for (other = dstm_table_first(t, ipv4, 0);
	     other && other->node.key.ipv4 == ipv4;
	     other = dstm_table_next(other)) {
		if (gives_way(other, how))
			continue;
		if (is_whole(&other->node))
			NL_SET_ERR_MSG(extack,
				       "the address is mapped whole, a port set of it would overlap");
		else if (is_whole(&m->node))
			NL_SET_ERR_MSG(extack,
				       "port sets of the address are mapped, the whole address would overlap them");
		else
			NL_SET_ERR_MSG(extack,
				       "port sets of the address are mapped with another psid-len or psid-offset");
		return -EEXIST;
	}

	for (other = dstm_table_first(t, ipv4, 0);
	     other && other->node.key.ipv4 == ipv4; other = next) {
		next = dstm_table_next(other);
		dstm_table_remove(t, other);
		hlist_add_head(&other->wheel, evicted);
	}
	return 0;
}

static bool same_addresses(const struct dstm_mapping *a,
			   const struct dstm_mapping *b)
{
	return dstm_mapping_tep(a) == dstm_mapping_tep(b) &&
	       ipv6_addr_equal(&a->remote, &b->remote);
}

/* Keep the mapping that is there, with its counters; give it a new end. */
static void refresh(struct dstm_table *t, struct dstm_mapping *old, u64 expires,
		    u16 sync, struct dstm_change *change)
{
	change->new = old;
	change->old_expires = old->expires;
	change->old_sync = old->node.sync;
	set_expires(t, old, expires);
	old->node.sync = sync;
}

/**
 * dstm_table_set - put one mapping into the table
 * @t: the table, locked
 * @m: the mapping; it stays the caller's where @change->new is another one
 * @how: what must, may or must not be there before, and who asks when
 * @change: what was done, for dstm_table_undo()
 * @evicted: gets what had to give way, for dstm_table_restore()
 * @extack: says why not
 *
 * Return: 0 or a negative error, then nothing has changed but @evicted.
 */
int dstm_table_set(struct dstm_table *t, struct dstm_mapping *m,
		   const struct dstm_set *how, struct dstm_change *change,
		   struct hlist_head *evicted, struct netlink_ext_ack *extack)
{
	enum dstm_set_mode mode = how->mode;
	struct dstm_mapping *old;
	int err;

	err = make_room(t, m, how, evicted, extack);
	if (err)
		return err;

	old = get(t, m->node.key.ipv4, m->node.key.slot, m->node.psid_len,
		  m->node.psid_offset);
	if (old && dstm_mapping_expired(old, how->now)) {
		dstm_table_remove(t, old);
		hlist_add_head(&old->wheel, evicted);
		old = NULL;
	}

	if (old && mode == DSTM_SET_ADD) {
		NL_SET_ERR_MSG(extack, "the mapping exists");
		return -EEXIST;
	}
	if (!old && (mode == DSTM_SET_REPLACE || mode == DSTM_SET_EXTEND)) {
		NL_SET_ERR_MSG(extack, "there is no such mapping");
		return -ENOENT;
	}
	/* What no sync asked for is as wanted as what this one did. */
	m->node.sync = t->sync;
	change->old = old;
	if (old && same_addresses(old, m)) {
		refresh(t, old, m->expires, m->node.sync, change);
		return 0;
	}
	if (mode == DSTM_SET_EXTEND) {
		NL_SET_ERR_MSG(extack,
			       "the mapping has other addresses, it can be replaced but not extended");
		return -EADDRNOTAVAIL;
	}
	change->new = m;
	if (old) {
		swap_in(t, old, m);
		return 0;
	}
	err = insert(t, m);
	if (err)
		NL_SET_ERR_MSG(extack, "no memory for the mapping");
	return err;
}

/**
 * dstm_table_undo - take back what one dstm_table_set() did
 * @t: the table, locked
 * @change: what it did; the latest is undone first
 */
void dstm_table_undo(struct dstm_table *t, struct dstm_change *change)
{
	if (change->new == change->old) {
		set_expires(t, change->old, change->old_expires);
		change->old->node.sync = change->old_sync;
	} else if (change->old) {
		swap_in(t, change->new, change->old);
	} else {
		dstm_table_remove(t, change->new);
	}
}

/**
 * dstm_table_restore - put back what was evicted
 * @t: the table, locked
 * @evicted: emptied, but for what memory did not suffice for
 */
void dstm_table_restore(struct dstm_table *t, struct hlist_head *evicted)
{
	struct dstm_mapping *m;
	struct hlist_node *next;

	hlist_for_each_entry_safe(m, next, evicted, wheel) {
		hlist_del_init(&m->wheel);
		if (insert(t, m))
			hlist_add_head(&m->wheel, evicted);
	}
}

/**
 * dstm_table_expire - take out the mappings whose lifetime is over
 * @t: the table, locked
 * @now: boot time, ns
 * @expired: gets them
 */
void dstm_table_expire(struct dstm_table *t, u64 now,
		       struct hlist_head *expired)
{
	u64 second = div_u64(now, NSEC_PER_SEC);
	u64 s = max(t->swept + 1, second >= WHEEL_SLOTS ?
		    second - WHEEL_SLOTS + 1 : 0);
	struct dstm_mapping *m;
	struct hlist_node *next;

	for (; s <= second; s++) {
		hlist_for_each_entry_safe(m, next, &t->wheel[s % WHEEL_SLOTS],
					  wheel) {
			if (!dstm_mapping_expired(m, now))
				continue;
			dstm_table_remove(t, m);
			hlist_add_head(&m->wheel, expired);
		}
	}
	t->swept = second;
}

/**
 * dstm_table_init - make an empty table
 * @t: the table
 *
 * Return: 0 or a negative error.
 */
int dstm_table_init(struct dstm_table *t)
{
	int err;

	t->wheel = kcalloc(WHEEL_SLOTS, sizeof(*t->wheel), GFP_KERNEL_ACCOUNT);
	if (!t->wheel)
		return -ENOMEM;
	err = rhashtable_init(&t->hash, &node_params);
	if (err) {
		kfree(t->wheel);
		return err;
	}
	t->order = RB_ROOT;
	narrow(t, 0);
	t->swept = div_u64(dstm_now(), NSEC_PER_SEC);
	return 0;
}

/**
 * dstm_table_destroy - free an empty table that has no readers
 * @t: the table
 */
void dstm_table_destroy(struct dstm_table *t)
{
	rhashtable_destroy(&t->hash);
	kfree(t->wheel);
}
