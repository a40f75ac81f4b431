/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One mapping, and its three forms: netlink attributes, JSON, and text. The
 * names are those of Documentation/netlink/specs/dstm.yaml in all of them.
 */
#ifndef DSTM_MAPPING_H
#define DSTM_MAPPING_H

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/dstm.h>

#include "jsonw.h"

struct nlattr;
struct nlmsghdr;

/* Room for the longest text of a mapping, and for why one is refused. */
#define DSTM_MAPPING_TEXT	256
#define DSTM_MAPPING_ERROR	256

/* At most so many bytes does a mapping take in a message. */
#define DSTM_MAPPING_NLSIZE	96

/**
 * struct dstm_mapping - a mapping, as it is ordered
 * @ipv4: the address that is lent, network byte order
 * @psid: the port set's identifier
 * @psid_len: its length in bits; 0 is the whole address
 * @psid_offset: number of port bits before it
 * @remote: the other end of the tunnel
 * @local: this end of the tunnel
 * @lifetime: seconds until it ends
 * @have: which of these are given, bits 1 << DSTM_A_MAPPING_*
 */
struct dstm_mapping {
	struct in_addr ipv4;
	uint16_t psid;
	uint8_t psid_len;
	uint8_t psid_offset;
	struct in6_addr remote;
	struct in6_addr local;
	uint32_t lifetime;
	uint32_t have;
};

/**
 * struct dstm_usage - what a mapping was used for
 * @rx_packets: packets out of the tunnel
 * @rx_bytes: their length as IPv4 packets
 * @tx_packets: packets into the tunnel
 * @tx_bytes: their length as IPv4 packets
 * @idle: seconds since the last packet
 * @have: which of these are known, bits 1 << DSTM_A_MAPPING_*
 */
struct dstm_usage {
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint32_t idle;
	uint32_t have;
};

/**
 * dstm_mapping_has - whether an attribute is given
 * @m: the mapping
 * @attr: DSTM_A_MAPPING_*
 */
static inline bool dstm_mapping_has(const struct dstm_mapping *m, int attr)
{
	return m->have >> attr & 1;
}

/**
 * dstm_mapping_put - append a mapping to a netlink message
 * @nlh: the message, with DSTM_MAPPING_NLSIZE bytes of room
 * @m: the mapping; what is not given is not sent
 */
void dstm_mapping_put(struct nlmsghdr *nlh, const struct dstm_mapping *m);

/**
 * dstm_mapping_parse - read a mapping from a DSTM_A_MAPPING attribute
 * @nest: the attribute
 * @m: the mapping
 * @usage: its counters
 *
 * Attributes that are unknown, or not as long as they should be, are left out.
 */
void dstm_mapping_parse(const struct nlattr *nest, struct dstm_mapping *m,
			struct dstm_usage *usage);

/**
 * dstm_mapping_word - take one pair of words of a mapping's text
 * @m: the mapping, all zero before its first word
 * @name: an attribute's name
 * @value: its value
 * @error: DSTM_MAPPING_ERROR bytes for why it is refused
 *
 * Return: 1 if it was taken, 0 if @name is none of a mapping, -EINVAL with
 * @error filled if the value is wrong, or a second one.
 */
int dstm_mapping_word(struct dstm_mapping *m, const char *name,
		      const char *value, char *error);

/**
 * dstm_mapping_text - the text of a mapping, as dstm_mapping_word() takes it
 * @m: the mapping
 * @text: DSTM_MAPPING_TEXT bytes for the text
 *
 * Return: the length of the text.
 */
size_t dstm_mapping_text(const struct dstm_mapping *m, char *text);

/**
 * dstm_usage_text - the text of a mapping's counters
 * @usage: the counters
 * @text: DSTM_MAPPING_TEXT bytes for the text
 *
 * Return: the length of the text.
 */
size_t dstm_usage_text(const struct dstm_usage *usage, char *text);

/**
 * dstm_mapping_from_json - read a mapping from a JSON object
 * @json: the object; the reference stays the caller's
 * @dev: name of the device it must be of if it names one, or NULL for any
 * @m: the mapping
 * @key: the key that is at fault, or NULL; as long-lived as @json
 * @error: DSTM_MAPPING_ERROR bytes for why it is refused
 *
 * The counters that a dump shows are passed over.
 *
 * Return: 0, or -EINVAL with @key and @error filled.
 */
int dstm_mapping_from_json(json_t *json, const char *dev,
			   struct dstm_mapping *m, const char **key,
			   char *error);

/**
 * dstm_mapping_json - a mapping as a JSON object
 * @m: the mapping
 * @usage: its counters, or NULL to leave them out
 *
 * Return: the object, or NULL without memory.
 */
json_t *dstm_mapping_json(const struct dstm_mapping *m,
			  const struct dstm_usage *usage);

/**
 * dstm_mapping_json_members - write a mapping as members of a JSON object
 * @w: the writer, with an object open
 * @m: the mapping
 * @usage: its counters, or NULL to leave them out
 */
void dstm_mapping_json_members(struct dstm_jsonw *w,
			       const struct dstm_mapping *m,
			       const struct dstm_usage *usage);

#endif
