/* SPDX-License-Identifier: GPL-2.0 */
/* A netlink socket that asks, and says in the kernel's words what was wrong. */
#ifndef DSTM_NETLINK_H
#define DSTM_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

/* A message may be so long; beyond it, the socket's send buffer refuses. */
#define DSTM_NL_MESSAGE		(64 * 1024)

/* As mnl_attr_for_each() and its like, but clean with -Wconversion. */
#define dstm_nl_for_each(attr, nlh, offset) \
	for ((attr) = mnl_nlmsg_get_payload_offset((nlh), (offset)); \
	     mnl_attr_ok((attr), (int)((char *)mnl_nlmsg_get_payload_tail(nlh) - \
				       (const char *)(attr))); \
	     (attr) = mnl_attr_next(attr))

#define dstm_nl_for_each_nested(attr, nest) \
	for ((attr) = mnl_attr_get_payload(nest); \
	     mnl_attr_ok((attr), (int)((const char *)mnl_attr_get_payload(nest) + \
				       mnl_attr_get_payload_len(nest) - \
				       (const char *)(attr))); \
	     (attr) = mnl_attr_next(attr))

struct dstm_nl;

/**
 * dstm_nl_fn - takes one message of an answer
 * @nlh: the message
 * @data: what was given with it
 *
 * Return: 0, or a negative errno with which the request then ends.
 */
typedef int dstm_nl_fn(const struct nlmsghdr *nlh, void *data);

/**
 * dstm_nl_open - open a socket
 * @nl: the socket, to be closed with dstm_nl_close()
 * @bus: NETLINK_ROUTE or NETLINK_GENERIC
 *
 * Return: 0, or a negative errno.
 */
int dstm_nl_open(struct dstm_nl **nl, int bus);

/**
 * dstm_nl_close - close a socket
 * @nl: the socket, or NULL
 */
void dstm_nl_close(struct dstm_nl *nl);

/**
 * dstm_nl_begin - begin a request
 * @nl: the socket
 * @type: the message's type
 * @flags: NLM_F_*; NLM_F_REQUEST and NLM_F_ACK are added
 *
 * Return: the message, of DSTM_NL_MESSAGE bytes room, valid until the next one
 * begins.
 */
struct nlmsghdr *dstm_nl_begin(struct dstm_nl *nl, int type, int flags);

/**
 * dstm_nl_ask - send the request and take the answer, to its end
 * @nl: the socket
 * @nlh: the request, as dstm_nl_begin() gave it
 * @fn: called for each message of the answer, or NULL
 * @data: for @fn
 *
 * Return: 0, or a negative errno, which dstm_nl_error() explains.
 */
int dstm_nl_ask(struct dstm_nl *nl, struct nlmsghdr *nlh, dstm_nl_fn *fn,
		void *data);

/**
 * dstm_nl_error - what the last failed request failed of
 * @nl: the socket
 *
 * Return: the kernel's text where it gave one, else the errno's; valid until
 * the next request.
 */
const char *dstm_nl_error(const struct dstm_nl *nl);

/**
 * dstm_nl_error_set - explain a failure that was found on this side
 * @nl: the socket
 * @format: as printf() has it
 */
void dstm_nl_error_set(struct dstm_nl *nl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * dstm_nl_error_offset - which part of the request was refused
 * @nl: the socket
 *
 * Return: its offset in bytes from the request's beginning, 0 if not known.
 */
size_t dstm_nl_error_offset(const struct dstm_nl *nl);

/**
 * dstm_nl_join - receive the events of a multicast group
 * @nl: the socket
 * @group: the group's number
 *
 * Return: 0, or a negative errno.
 */
int dstm_nl_join(struct dstm_nl *nl, uint32_t group);

/**
 * dstm_nl_fd - the socket's descriptor, to wait on; it stays the socket's
 * @nl: the socket
 */
int dstm_nl_fd(const struct dstm_nl *nl);

/**
 * dstm_nl_events - take the events that have come, without waiting
 * @nl: the socket
 * @fn: called for each
 * @data: for @fn
 *
 * Return: 0, -ENOBUFS if events were lost, or another negative errno.
 */
int dstm_nl_events(struct dstm_nl *nl, dstm_nl_fn *fn, void *data);

#endif
