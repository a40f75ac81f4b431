/* SPDX-License-Identifier: GPL-2.0 */
/* What nftables does to packets of a device: the part that can be told for sure. */
#ifndef DSTM_NL_FIREWALL_H
#define DSTM_NL_FIREWALL_H

#include <stddef.h>

#include "../lib/link.h"

struct json_t;

/**
 * firewall_fn - takes a finding
 * @text: what the matter is
 * @fix: a command against it
 * @data: what was given with it
 */
typedef void firewall_fn(const char *text, const char *fix, void *data);

/**
 * firewall_read - read the rules of this network namespace
 * @rules: gets them, to be freed with json_decref(); NULL if they can not be read
 * @error: why they can not
 * @size: of @error
 *
 * Return: 0, or -1 with @error filled.
 */
int firewall_read(struct json_t **rules, char *error, size_t size);

/**
 * firewall_check - look for rules that keep a device's packets from their way
 * @rules: as firewall_read() gave them
 * @link: the device
 * @fn: called for each finding
 * @data: for @fn
 *
 * Looked at are base chains that drop by policy, in whose table no rule names the
 * device (for the packets inside) or the protocol (for those around them), and rules
 * that name the device and do nothing but drop.
 */
void firewall_check(const struct json_t *rules, const struct dstm_link *link,
		    firewall_fn *fn, void *data);

#endif
