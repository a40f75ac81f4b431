/* SPDX-License-Identifier: GPL-2.0 */
/* The frame of a daemon: event loop, signals, service manager, privileges. */
#ifndef DSTM_DAEMON_H
#define DSTM_DAEMON_H

#include <stdbool.h>
#include <event2/event.h>

/**
 * struct dstm_daemon - a daemon
 * @base: the event loop, there from dstm_daemon_init() on
 * @reload: called at SIGHUP, to read the configuration again or keep the old one
 * @stop: called at SIGTERM and SIGINT; dstm_daemon_quit() is to follow, now or
 *	later. A second such signal quits at once.
 * @data: for both
 *
 * The rest is this code's own.
 */
struct dstm_daemon {
	struct event_base *base;
	void (*reload)(void *data);
	void (*stop)(void *data);
	void *data;

	struct event *signals[3];
	struct event *watchdog;
	bool stopping;
};

/**
 * dstm_daemon_init - make the event loop, and take the signals
 * @d: the daemon, with @reload, @stop and @data set
 *
 * SIGPIPE is ignored. On failure it says why in the log.
 *
 * Return: 0, or a negative errno.
 */
int dstm_daemon_init(struct dstm_daemon *d);

/**
 * dstm_daemon_run - say READY=1, and handle events until dstm_daemon_quit()
 * @d: the daemon
 */
void dstm_daemon_run(struct dstm_daemon *d);

/**
 * dstm_daemon_quit - end dstm_daemon_run()
 * @d: the daemon
 */
void dstm_daemon_quit(struct dstm_daemon *d);

/**
 * dstm_daemon_free - free what dstm_daemon_init() took
 * @d: the daemon, also if dstm_daemon_init() failed
 */
void dstm_daemon_free(struct dstm_daemon *d);

/**
 * dstm_daemon_drop - give up every capability but one, for good
 * @capability: CAP_*, or -1 for none; kept if it is there
 *
 * Nor can a program that is executed later gain any. Says why in the log if it
 * fails.
 *
 * Return: 0, or a negative errno.
 */
int dstm_daemon_drop(int capability);

#endif
