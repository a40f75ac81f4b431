// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/capability.h>

#include "daemon.h"
#include "log.h"
#include "notify.h"

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct dstm_daemon *d = arg;

	(void)what;
	if (number == SIGHUP) {
		dstm_notify_reloading();
		d->reload(d->data);
		dstm_notify("READY=1");
		return;
	}
	if (d->stopping) {
		dstm_daemon_quit(d);
		return;
	}
	d->stopping = true;
	dstm_notify("STOPPING=1");
	d->stop(d->data);
}

static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	dstm_notify("WATCHDOG=1");
}

static int watchdog_start(struct dstm_daemon *d)
{
	uint64_t half = dstm_notify_watchdog() / 2;
	struct timeval every = {
		.tv_sec = (time_t)(half / 1000000),
		.tv_usec = (suseconds_t)(half % 1000000),
	};

	if (!half)
		return 0;
	d->watchdog = event_new(d->base, -1, EV_PERSIST, on_watchdog, d);
	return d->watchdog ? event_add(d->watchdog, &every) : -1;
}

int dstm_daemon_init(struct dstm_daemon *d)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };
	size_t i;

	d->stopping = false;
	d->watchdog = NULL;
	memset(d->signals, 0, sizeof(d->signals));
	signal(SIGPIPE, SIG_IGN);

	d->base = event_base_new();
	if (!d->base || watchdog_start(d))
		goto failed;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		d->signals[i] = evsignal_new(d->base, numbers[i], on_signal, d);
		if (!d->signals[i] || event_add(d->signals[i], NULL))
			goto failed;
	}
	return 0;

failed:
	dstm_log(DSTM_LOG_ERR, "no event loop: %s", strerror(ENOMEM));
	return -ENOMEM;
}

void dstm_daemon_run(struct dstm_daemon *d)
{
	dstm_notify("READY=1");
	event_base_dispatch(d->base);
}

void dstm_daemon_quit(struct dstm_daemon *d)
{
	event_base_loopbreak(d->base);
}

void dstm_daemon_free(struct dstm_daemon *d)
{
	size_t i;

	for (i = 0; i < sizeof(d->signals) / sizeof(d->signals[0]); i++)
		if (d->signals[i])
			event_free(d->signals[i]);
	if (d->watchdog)
		event_free(d->watchdog);
	if (d->base)
		event_base_free(d->base);
	memset(d->signals, 0, sizeof(d->signals));
	d->watchdog = NULL;
	d->base = NULL;
}

/* The bounding set can be cut only while CAP_SETPCAP is there. */
static void bounding_set(int keep)
{
	int i;

	for (i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (i != keep)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

int dstm_daemon_drop(int capability)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct have[2], keep[2] = {{0}};
	uint32_t bit = 0;
	int word = 0, ret;

	if (capability >= 0) {
		word = capability / 32;
		bit = 1U << capability % 32;
	}

	bounding_set(capability);
	if (syscall(SYS_capget, &head, have))
		goto failed;
	keep[word].permitted = have[word].permitted & bit;
	keep[word].effective = keep[word].permitted;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, keep) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		goto failed;
	return 0;

failed:
	ret = -errno;
	dstm_log(DSTM_LOG_ERR, "can not give up privileges: %s", strerror(-ret));
	return ret;
}
