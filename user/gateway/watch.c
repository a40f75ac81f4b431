// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "proto/gateway.h"

#include "peer.h"
#include "watch.h"

/* How long to wait after news of a device, since they come in numbers. */
#define MEND_MS		100
/* And how long to wait before another try, in seconds. */
#define MEND_AGAIN	5
/* The longest and shortest time between looks for idle mappings, in seconds. */
#define PERIOD_MAX	60
#define PERIOD_MIN	1

/**
 * struct watch - what watches
 * @table: the way to the kernel that events come by
 * @links: a socket of NETLINK_ROUTE for news of devices
 * @on_event: when there are events
 * @on_link: when there is news of a device
 * @mend: makes up for it, a little later
 * @soon: whether it is about to
 * @anew: whether a device was made anew, and nobody was told yet
 * @period: looks for idle mappings
 * @expired: mappings that expired and nobody was told of yet
 * @count: how many
 */
struct watch {
	struct dstm_table table;
	struct dstm_nl *links;
	struct event *on_event;
	struct event *on_link;
	struct event *mend;
	bool soon;
	bool anew;
	struct event *period;
	struct dstm_mapping expired[DSTM_GATEWAY_BATCH];
	size_t count;
};

static void tell(struct gateway *gw)
{
	peers_expired(gw, gw->watch->expired, gw->watch->count);
	gw->watch->count = 0;
}

static int expired_add(uint32_t ifindex, const struct dstm_mapping *m,
		       const struct dstm_usage *usage, void *data)
{
	struct gateway *gw = data;

	(void)usage;
	if (host_device(&gw->host, ifindex) < 0)
		return 0;
	if (gw->watch->count == DSTM_GATEWAY_BATCH)
		tell(gw);
	gw->watch->expired[gw->watch->count++] = *m;
	return 0;
}

static int event_read(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct gateway *gw = data;
	int ret;

	ret = dstm_table_renewed(&gw->watch->table, nlh);
	if (ret > 0)
		gw->table.family = gw->watch->table.family;
	if (ret)
		return ret < 0 ? ret : 0;
	if (nlh->nlmsg_type != gw->watch->table.family ||
	    genl->cmd != DSTM_CMD_MAP_EXPIRE_NTF)
		return 0;
	return dstm_table_mappings(nlh, expired_add, gw);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct gateway *gw = arg;
	int ret;

	(void)fd;
	(void)what;
	ret = dstm_nl_events(gw->watch->table.nl, event_read, gw);
	tell(gw);
	if (ret == -ENOBUFS)
		peers_restarted(gw, "events were lost, they came too fast");
	else if (ret)
		dstm_log(DSTM_LOG_ERR, "events of the kernel: %s",
			 strerror(-ret));
}

static int link_read(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return 0;
}

static void on_link(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval later = { .tv_usec = MEND_MS * 1000 };
	struct gateway *gw = arg;

	(void)fd;
	(void)what;
	dstm_nl_events(gw->watch->links, link_read, NULL);
	/* Else news without an end would put it off without an end. */
	if (!gw->watch->soon)
		event_add(gw->watch->mend, &later);
	gw->watch->soon = true;
}

static void on_mend(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = { .tv_sec = MEND_AGAIN };
	struct gateway *gw = arg;
	struct watch *watch = gw->watch;
	bool anew;
	int ret;

	(void)fd;
	(void)what;
	watch->soon = false;
	ret = host_mend(&gw->host, &anew);
	watch->anew |= anew;
	if (ret)
		event_add(watch->mend, &again);
	if (ret || !watch->anew)
		return;
	watch->anew = false;
	dstm_log(DSTM_LOG_WARNING, "a device went away, and was made anew");
	peers_restarted(gw, "the device was made anew");
}

static void on_period(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	peers_idle(arg);
}

static int sockets_open(struct gateway *gw)
{
	struct watch *watch = gw->watch;
	char error[256];
	int ret;

	ret = dstm_table_open(&watch->table, error);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "%s", error);
		return ret;
	}
	ret = dstm_table_watch(&watch->table);
	if (!ret)
		ret = dstm_nl_open(&watch->links, NETLINK_ROUTE);
	if (!ret)
		ret = dstm_nl_join(watch->links, RTNLGRP_LINK);
	if (ret)
		dstm_log(DSTM_LOG_ERR, "events of the kernel: %s",
			 strerror(-ret));
	return ret;
}

int watch_start(struct gateway *gw)
{
	struct event_base *base = gw->daemon.base;
	struct watch *watch = calloc(1, sizeof(*watch));
	int ret;

	gw->watch = watch;
	if (!watch)
		return -ENOMEM;
	ret = sockets_open(gw);
	if (ret)
		return ret;
	watch->on_event = event_new(base, dstm_nl_fd(watch->table.nl),
				    EV_READ | EV_PERSIST, on_event, gw);
	watch->on_link = event_new(base, dstm_nl_fd(watch->links),
				   EV_READ | EV_PERSIST, on_link, gw);
	watch->mend = evtimer_new(base, on_mend, gw);
	watch->period = event_new(base, -1, EV_PERSIST, on_period, gw);
	if (!watch->on_event || !watch->on_link || !watch->mend ||
	    !watch->period)
		return -ENOMEM;
	event_add(watch->on_event, NULL);
	event_add(watch->on_link, NULL);
	watch_period(gw);
	return 0;
}

void watch_period(struct gateway *gw)
{
	struct timeval period = { .tv_sec = gw->config.idle / 4 };

	event_del(gw->watch->period);
	if (!gw->config.idle)
		return;
	if (period.tv_sec > PERIOD_MAX)
		period.tv_sec = PERIOD_MAX;
	if (period.tv_sec < PERIOD_MIN)
		period.tv_sec = PERIOD_MIN;
	event_add(gw->watch->period, &period);
}

static void event_end(struct event *event)
{
	if (event)
		event_free(event);
}

void watch_stop(struct gateway *gw)
{
	struct watch *watch = gw->watch;

	if (!watch)
		return;
	event_end(watch->on_event);
	event_end(watch->on_link);
	event_end(watch->mend);
	event_end(watch->period);
	dstm_table_close(&watch->table);
	dstm_nl_close(watch->links);
	free(watch);
	gw->watch = NULL;
}
