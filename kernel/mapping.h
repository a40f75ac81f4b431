/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_MAPPING_H
#define _DSTM_MAPPING_H

#include <linux/in6.h>
#include <linux/rbtree.h>
#include <linux/rhashtable-types.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

#include "path.h"

struct netlink_ext_ack;
struct sk_buff;

/*
 * The table finds the owner of an address and port in two steps: the node of
 * the address says how the address is split, and where it is, the node of the
 * port set has the mapping. A whole address is its own mapping.
 */
struct dstm_key {
	__be32 ipv4;
	u32 slot;		/* 0: the address; psid + 1: a port set of it */
};

struct dstm_node {
	struct rhash_head hash;
	struct dstm_key key;
	u8 psid_len;		/* of an address: 0 is whole, else it is shared */
	u8 psid_offset:7;
	u8 mortal:1;		/* of a mapping: it has a lifetime */
	u16 sync;		/* of a mapping: the last sync that wanted it */
	u32 last_use;		/* of a mapping: boot time seconds, 0 is never */
};

struct dstm_use {
	atomic64_t packets;
	atomic64_t bytes;
};

/* Two cache lines: what transmit needs is in the first, but the end of a lifetime. */
struct dstm_mapping {
	struct dstm_node node;
	struct in6_addr remote;
	struct dstm_path __rcu *path;
	struct dstm_use tx;
	struct dstm_use rx;
	u64 expires;		/* boot time ns, 0 is never */
	struct hlist_node wheel;	/* also: in the list of what was taken out */
	union {
		struct rb_node order;
		struct rcu_head rcu;
	};
};

/* How an address is split into port sets; psid_len 0: it is not. */
struct dstm_split {
	u8 psid_len;
	u8 psid_offset;
};

/*
 * Readers are in an RCU section and take no lock; they use @hash, @usual and
 * dstm_table_spans() only.
 * Everything else, and every change, is under the lock of the table's device.
 */
struct dstm_table {
	struct rhashtable hash;
	struct rb_root order;		/* by key, for dumps */
	struct hlist_head *wheel;	/* by the second of expiry */
	u64 swept;			/* the wheel is done up to this second */
	u32 count;
	u32 sets;			/* mappings of port sets */
	u32 mortal;			/* mappings with a lifetime */
	u16 sync;			/* the sync that runs or ran last */
	bool syncing;
	struct dstm_split usual;	/* of most addresses, where most are split */
	u32 lowest;			/* of all addresses, in host byte order */
	u32 highest;
};

/* A lookup to come, whose memory is asked for beforehand. */
struct dstm_seek {
	struct rhash_lock_head __rcu *const *bucket;	/* NULL: no need */
	struct dstm_key key;
	u16 port;
	bool whole;		/* both cache lines of a mapping, not only the first */
};

/* What setting one mapping did, so that it can be undone. */
struct dstm_change {
	struct dstm_mapping *new;	/* in the table now */
	struct dstm_mapping *old;	/* whose place it took; may be itself */
	u64 old_expires;
	u16 old_sync;
};

enum dstm_set_mode {
	DSTM_SET_ADD,		/* must not exist */
	DSTM_SET_PUT,		/* add or replace */
	DSTM_SET_REPLACE,	/* must exist */
	DSTM_SET_EXTEND,	/* must exist, with the same addresses */
};

/* How the mappings of one message are set. */
struct dstm_set {
	enum dstm_set_mode mode;
	u16 sync;		/* the sync that wants them, or 0 */
	u64 now;		/* the same for all, so that none ends meanwhile */
	const struct sk_buff *asker;	/* the message, whose sender's rights count */
};

int dstm_mapping_init(void);
void dstm_mapping_exit(void);

struct dstm_mapping *dstm_mapping_alloc(void);
void dstm_mapping_free(struct dstm_mapping *m);

int dstm_table_init(struct dstm_table *t);
void dstm_table_destroy(struct dstm_table *t);

const struct dstm_node *dstm_table_address(struct dstm_table *t, __be32 ipv4);
struct dstm_mapping *dstm_table_set_owner(struct dstm_table *t,
					  const struct dstm_node *address, u16 port);
struct dstm_mapping *dstm_table_usual_owner(struct dstm_table *t, __be32 ipv4,
					    u16 port);
bool dstm_table_holds(struct dstm_table *t, const struct dstm_key *key,
		      const struct dstm_mapping *m);
bool dstm_table_may_serve(struct dstm_table *t, __be32 ipv4,
			  const struct in6_addr *remote);

void dstm_table_seek(struct dstm_table *t, __be32 ipv4, u16 port,
		     struct dstm_seek *seek);
void dstm_table_seek_node(const struct dstm_seek *seek);
void dstm_table_seek_next(struct dstm_table *t, struct dstm_seek *seek);

struct dstm_mapping *dstm_table_get(struct dstm_table *t, __be32 ipv4,
				    u32 slot, u8 psid_len, u8 psid_offset);
struct dstm_mapping *dstm_table_first(struct dstm_table *t, __be32 ipv4,
				      u32 slot);
struct dstm_mapping *dstm_table_next(struct dstm_mapping *m);

int dstm_table_set(struct dstm_table *t, struct dstm_mapping *m,
		   const struct dstm_set *how, struct dstm_change *change,
		   struct hlist_head *evicted, struct netlink_ext_ack *extack);
void dstm_table_undo(struct dstm_table *t, struct dstm_change *change);
void dstm_table_restore(struct dstm_table *t, struct hlist_head *evicted);
void dstm_table_remove(struct dstm_table *t, struct dstm_mapping *m);
void dstm_table_expire(struct dstm_table *t, u64 now,
		       struct hlist_head *expired);

/* Of a node that is no shared address. */
static inline struct dstm_mapping *dstm_to_mapping(const struct dstm_node *node)
{
	return (struct dstm_mapping *)container_of(node, struct dstm_mapping,
						   node);
}

/* For callers in an RCU section. */
static inline struct dstm_tep *dstm_mapping_tep_rcu(const struct dstm_mapping *m)
{
	return rcu_dereference(m->path)->tep;
}

/* Held by the mapping until it is freed. */
static inline struct dstm_tep *dstm_mapping_tep(const struct dstm_mapping *m)
{
	struct dstm_tep *tep;

	rcu_read_lock();
	tep = dstm_mapping_tep_rcu(m);
	rcu_read_unlock();
	return tep;
}

/* Whether an address is between others of the table; most peers' are not. */
static inline bool dstm_table_spans(const struct dstm_table *t, __be32 ipv4)
{
	u32 addr = ntohl(ipv4);

	return addr >= READ_ONCE(t->lowest) && addr <= READ_ONCE(t->highest);
}

/* Whether a mapping that was in a table is still in it; under the table's lock. */
static inline bool dstm_table_has(const struct dstm_mapping *m)
{
	return !RB_EMPTY_NODE(&m->order);
}

static inline bool dstm_mapping_expired(const struct dstm_mapping *m, u64 now)
{
	u64 expires = READ_ONCE(m->expires);

	return unlikely(expires) && expires <= now;
}

/* The clock of lifetimes: it goes on while the machine is suspended. */
static inline u64 dstm_now(void)
{
	return ktime_get_coarse_boottime_ns();
}

static inline struct dstm_mapping *dstm_mapping_unless_expired(struct dstm_mapping *m)
{
	return m->node.mortal && dstm_mapping_expired(m, dstm_now()) ? NULL : m;
}

/*
 * The mapping, whose lifetime is not over, that a port of an address belongs to, which
 * dstm_table_address() found in the same RCU section; or NULL. Of an address that is
 * lent whole, @port has no meaning.
 */
static inline struct dstm_mapping *dstm_table_owner(struct dstm_table *t,
						    const struct dstm_node *address,
						    u16 port)
{
	if (address->psid_len)
		return dstm_table_set_owner(t, address, port);
	return dstm_mapping_unless_expired(dstm_to_mapping(address));
}

#endif
