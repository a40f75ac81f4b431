/* SPDX-License-Identifier: GPL-2.0 */
/* A socket that others connect to. */
#ifndef DSTM_LISTENER_H
#define DSTM_LISTENER_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct dstm_listener;

/**
 * dstm_listener_fn - takes a connection
 * @fd: its socket, which does not block; from here on the function's own
 * @data: what was given with it
 */
typedef void dstm_listener_fn(int fd, void *data);

/**
 * dstm_listener_new - listen
 * @l: to be ended with dstm_listener_free()
 * @base: the event loop
 * @addr: where
 * @len: length of @addr in bytes
 * @fn: called for each connection
 * @data: for @fn
 *
 * Where there is no descriptor left for a connection, it looks again a second later.
 *
 * Return: 0, or a negative errno.
 */
int dstm_listener_new(struct dstm_listener **l, struct event_base *base,
		      const struct sockaddr *addr, socklen_t len,
		      dstm_listener_fn *fn, void *data);

/**
 * dstm_listener_at - listen at a path, for programs of this host
 * @l: to be ended with dstm_listener_free(), which removes the socket
 * @base: the event loop
 * @path: where; a socket that a former process left there is replaced, nothing else is
 * @mode: who may connect, as with chmod()
 * @fn: called for each connection
 * @data: for @fn
 *
 * Return: 0; -EADDRINUSE if somebody listens there, or it is no socket; or another
 * negative errno.
 */
int dstm_listener_at(struct dstm_listener **l, struct event_base *base,
		     const char *path, mode_t mode, dstm_listener_fn *fn, void *data);

/**
 * dstm_listener_pause - let those who connect wait, or no longer
 * @l: the listener
 * @pause: whether they are to wait
 */
void dstm_listener_pause(struct dstm_listener *l, bool pause);

/**
 * dstm_listener_free - listen no more
 * @l: the listener, or NULL
 */
void dstm_listener_free(struct dstm_listener *l);

#endif
