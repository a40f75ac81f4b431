// SPDX-License-Identifier: GPL-2.0
/* What a netlink message says of a mapping, and why it can not be so. */
#include <net/ipv6.h>
#include <net/netlink.h>
#include <net/route.h>

#include "device.h"
#include "netlink_gen.h"
#include "parse.h"
#include "portset.h"

static int parse_ipv4(struct nlattr *attr, __be32 *ipv4,
		      struct netlink_ext_ack *extack)
{
	if (!attr) {
		NL_SET_ERR_MSG(extack, "ipv4 is required");
		return -EINVAL;
	}
	*ipv4 = nla_get_in_addr(attr);
	if (ipv4_is_zeronet(*ipv4))
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is unspecified");
	else if (ntohl(*ipv4) >> 24 == 0)
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is in 0.0.0.0/8");
	else if (ipv4_is_linklocal_169(*ipv4))
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is a link-local address");
	else if (ipv4_is_loopback(*ipv4))
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is a loopback address");
	else if (ipv4_is_multicast(*ipv4))
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is a multicast address");
	else if (ipv4_is_lbcast(*ipv4) || ntohl(*ipv4) >= 0xf0000000)
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is a broadcast or reserved address");
	else
		return 0;
	return -EINVAL;
}

/* Packets for an address of the gateway's own never come to the device. */
static int check_lendable(struct dstm_dev *dstm, struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	if (dstm->role != DSTM_ROLE_GATEWAY ||
	    inet_addr_type_dev_table(dev_net(dstm->dev), dstm->dev,
				     nla_get_in_addr(attr)) != RTN_LOCAL)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "ipv4 is an address of the gateway itself");
	return -EADDRINUSE;
}

/* What no tunnel leads to, by the kernel's type of address. */
static const struct {
	int type;
	const char *remote;
	const char *local;
} ipv6_refusals[] = {
	{ IPV6_ADDR_ANY,
	  "remote is the unspecified address", "local is the unspecified address" },
	{ IPV6_ADDR_LOOPBACK,
	  "remote is a loopback address", "local is a loopback address" },
	{ IPV6_ADDR_MULTICAST,
	  "remote is a multicast address", "local is a multicast address" },
	{ IPV6_ADDR_LINKLOCAL,
	  "remote is a link-local address", "local is a link-local address" },
	{ IPV6_ADDR_MAPPED,
	  "remote is an IPv4-mapped address", "local is an IPv4-mapped address" },
};

static int parse_ipv6(struct nlattr *attr, struct in6_addr *addr,
		      struct netlink_ext_ack *extack)
{
	bool is_remote = nla_type(attr) == DSTM_A_MAPPING_REMOTE;
	int type, i;

	*addr = nla_get_in6_addr(attr);
	type = ipv6_addr_type(addr);
	for (i = 0; i < ARRAY_SIZE(ipv6_refusals); i++) {
		if (!(type & ipv6_refusals[i].type) &&
		    type != ipv6_refusals[i].type)
			continue;
		NL_SET_BAD_ATTR(extack, attr);
		extack->_msg = is_remote ? ipv6_refusals[i].remote :
					   ipv6_refusals[i].local;
		return -EINVAL;
	}
	return 0;
}

static int parse_portset(struct nlattr **tb, struct dstm_node *node,
			 struct netlink_ext_ack *extack)
{
	u8 len = 0, offset = 0;
	u16 psid = 0;

	if (tb[DSTM_A_MAPPING_PSID_LEN])
		len = nla_get_u8(tb[DSTM_A_MAPPING_PSID_LEN]);
	if (tb[DSTM_A_MAPPING_PSID_OFFSET])
		offset = nla_get_u8(tb[DSTM_A_MAPPING_PSID_OFFSET]);
	if (tb[DSTM_A_MAPPING_PSID])
		psid = nla_get_u16(tb[DSTM_A_MAPPING_PSID]);

	if (len && !tb[DSTM_A_MAPPING_PSID]) {
		NL_SET_ERR_MSG(extack, "psid-len without psid");
		return -EINVAL;
	}
	if (tb[DSTM_A_MAPPING_PSID] && !tb[DSTM_A_MAPPING_PSID_LEN]) {
		NL_SET_ERR_MSG(extack, "psid without psid-len");
		return -EINVAL;
	}
	if (tb[DSTM_A_MAPPING_PSID_OFFSET] && !tb[DSTM_A_MAPPING_PSID_LEN]) {
		NL_SET_ERR_MSG(extack, "psid-offset without psid-len");
		return -EINVAL;
	}
	if (len > 16 || offset > 15 || len + offset > 16) {
		NL_SET_ERR_MSG(extack,
			       "psid-offset and psid-len are more than the 16 bits of a port");
		return -EINVAL;
	}
	if (!dstm_portset_valid(psid, len, offset)) {
		NL_SET_ERR_MSG(extack, "psid is out of range, it does not fit into psid-len bits");
		return -EINVAL;
	}
	node->psid_len = len;
	node->psid_offset = len ? offset : 0;
	node->key.slot = len ? psid + 1 : 0;
	return 0;
}

static int parse_nest(struct nlattr *attr, struct nlattr **tb,
		      struct netlink_ext_ack *extack)
{
	int err, i;

	err = nla_parse_nested(tb, DSTM_A_MAPPING_MAX, attr,
			       dstm_mapping_nl_policy, extack);
	if (err)
		return err;
	for (i = DSTM_A_MAPPING_RX_PACKETS; i <= DSTM_A_MAPPING_IDLE; i++) {
		if (tb[i]) {
			NL_SET_ERR_MSG_ATTR(extack, tb[i],
					    "counters can only be read");
			return -EINVAL;
		}
	}
	return 0;
}

/* Addresses and lifetime; the tunnel end point is held then. */
static int parse_values(struct dstm_dev *dstm, struct nlattr **tb,
			const struct dstm_set *how, struct dstm_mapping *m,
			struct netlink_ext_ack *extack)
{
	struct in6_addr local = dstm->tep->addr;
	struct dstm_tep *tep;
	u32 lifetime;
	int err;

	if (!tb[DSTM_A_MAPPING_REMOTE]) {
		NL_SET_ERR_MSG(extack, "remote is required");
		return -EINVAL;
	}
	err = parse_ipv6(tb[DSTM_A_MAPPING_REMOTE], &m->remote, extack);
	if (err)
		return err;
	if (tb[DSTM_A_MAPPING_LOCAL]) {
		err = parse_ipv6(tb[DSTM_A_MAPPING_LOCAL], &local, extack);
		if (err)
			return err;
	}
	if (ipv6_addr_equal(&local, &m->remote)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[DSTM_A_MAPPING_REMOTE],
				    "remote is equal to local");
		return -EINVAL;
	}
	if (tb[DSTM_A_MAPPING_LIFETIME]) {
		lifetime = nla_get_u32(tb[DSTM_A_MAPPING_LIFETIME]);
		if (!lifetime) {
			NL_SET_ERR_MSG_ATTR(extack, tb[DSTM_A_MAPPING_LIFETIME],
					    "lifetime is 0; leave it out for a mapping without end");
			return -EINVAL;
		}
		m->expires = how->now + (u64)lifetime * NSEC_PER_SEC;
	}
	tep = dstm_tep_get(dstm, &local, how->asker, extack);
	if (IS_ERR(tep))
		return PTR_ERR(tep);
	RCU_INIT_POINTER(m->path, &tep->start);
	return 0;
}

/**
 * dstm_parse_mapping - make the mapping that a nested attribute describes
 * @dstm: the device that it is to be of
 * @attr: the attribute
 * @how: when lifetimes begin, and who asks
 * @extack: says why not
 *
 * Return: the mapping, which is in no table yet and holds its tunnel end point, or an
 * error pointer.
 */
struct dstm_mapping *dstm_parse_mapping(struct dstm_dev *dstm, struct nlattr *attr,
					const struct dstm_set *how,
					struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSTM_A_MAPPING_MAX + 1];
	struct dstm_mapping *m;
	int err;

	err = parse_nest(attr, tb, extack);
	if (err)
		return ERR_PTR(err);
	m = dstm_mapping_alloc();
	if (!m)
		return ERR_PTR(-ENOMEM);
	err = parse_ipv4(tb[DSTM_A_MAPPING_IPV4], &m->node.key.ipv4, extack);
	if (!err)
		err = check_lendable(dstm, tb[DSTM_A_MAPPING_IPV4], extack);
	if (!err)
		err = parse_portset(tb, &m->node, extack);
	if (!err)
		err = parse_values(dstm, tb, how, m, extack);
	if (err) {
		dstm_mapping_free(m);
		return ERR_PTR(err);
	}
	return m;
}

/**
 * dstm_parse_existing - find the mapping that a nested attribute names
 * @dstm: the device, locked
 * @attr: the attribute
 * @extack: says why not
 *
 * Return: the mapping, which is in the table, or an error pointer.
 */
struct dstm_mapping *dstm_parse_existing(struct dstm_dev *dstm, struct nlattr *attr,
					 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSTM_A_MAPPING_MAX + 1];
	struct dstm_node node = {};
	struct dstm_mapping *m;
	struct in6_addr remote;
	int err;

	err = parse_nest(attr, tb, extack);
	if (!err)
		err = parse_ipv4(tb[DSTM_A_MAPPING_IPV4], &node.key.ipv4,
				 extack);
	if (!err)
		err = parse_portset(tb, &node, extack);
	if (err)
		return ERR_PTR(err);

	m = dstm_table_get(&dstm->table, node.key.ipv4, node.key.slot,
			   node.psid_len, node.psid_offset);
	if (!m) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "there is no such mapping");
		return ERR_PTR(-ENOENT);
	}
	if (tb[DSTM_A_MAPPING_REMOTE]) {
		remote = nla_get_in6_addr(tb[DSTM_A_MAPPING_REMOTE]);
		if (!ipv6_addr_equal(&remote, &m->remote)) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "the mapping has another remote");
			return ERR_PTR(-EADDRNOTAVAIL);
		}
	}
	return m;
}
