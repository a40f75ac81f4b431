// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"

#define BACKLOG		128

struct dstm_listener {
	struct evconnlistener *listener;
	struct event *again;
	bool paused;
	dstm_listener_fn *fn;
	void *data;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *addr, int len, void *arg)
{
	struct dstm_listener *l = arg;

	(void)listener;
	(void)addr;
	(void)len;
	l->fn(fd, l->data);
}

/* The connection still waits, so without a rest this would be called at once again. */
static void on_error(struct evconnlistener *listener, void *arg)
{
	static const struct timeval rest = { .tv_sec = 1 };
	static struct dstm_log_limit limit;
	struct dstm_listener *l = arg;

	dstm_log_limited(&limit, DSTM_LOG_WARNING,
			 "can not take a connection: %s", strerror(errno));
	if (!event_add(l->again, &rest))
		evconnlistener_disable(listener);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct dstm_listener *l = arg;

	(void)fd;
	(void)what;
	if (!l->paused)
		evconnlistener_enable(l->listener);
}

void dstm_listener_pause(struct dstm_listener *l, bool pause)
{
	l->paused = pause;
	if (pause || evtimer_pending(l->again, NULL))
		evconnlistener_disable(l->listener);
	else
		evconnlistener_enable(l->listener);
}

int dstm_listener_new(struct dstm_listener **result, struct event_base *base,
		      const struct sockaddr *addr, socklen_t len,
		      dstm_listener_fn *fn, void *data)
{
	struct dstm_listener *l = calloc(1, sizeof(*l));
	int ret = -ENOMEM;

	if (!l)
		return ret;
	l->fn = fn;
	l->data = data;
	l->again = evtimer_new(base, on_again, l);
	if (!l->again)
		goto failed;
	l->listener = evconnlistener_new_bind(base, on_accept, l,
					      LEV_OPT_CLOSE_ON_FREE |
					      LEV_OPT_CLOSE_ON_EXEC |
					      LEV_OPT_REUSEABLE, BACKLOG, addr,
					      (int)len);
	if (!l->listener) {
		ret = errno ? -errno : -EIO;
		goto failed;
	}
	evconnlistener_set_error_cb(l->listener, on_error);
	*result = l;
	return 0;

failed:
	dstm_listener_free(l);
	return ret;
}

/* A socket that nobody listens on any more; a program that is busy still does. */
static void remove_left(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd;

	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
	    errno == ECONNREFUSED)
		unlink(addr->sun_path);
	close(fd);
}

int dstm_listener_at(struct dstm_listener **l, struct event_base *base,
		     const char *path, mode_t mode, dstm_listener_fn *fn, void *data)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	mode_t mask;
	int ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	remove_left(&addr);
	mask = umask(~mode & 0777);
	ret = dstm_listener_new(l, base, (struct sockaddr *)&addr, sizeof(addr), fn, data);
	umask(mask);
	if (!ret)
		strcpy((*l)->path, path);
	return ret;
}

void dstm_listener_free(struct dstm_listener *l)
{
	if (!l)
		return;
	/* While it is ours: closed, it would be another's to replace. */
	if (l->path[0])
		unlink(l->path);
	if (l->listener)
		evconnlistener_free(l->listener);
	if (l->again)
		event_free(l->again);
	free(l);
}
