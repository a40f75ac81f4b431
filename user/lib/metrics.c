// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener.h"
#include "metrics.h"

/* A scrape is small, and whoever sends more is not Prometheus. */
#define REQUEST_MAX	4096
/* So many connections there are at most, and none is silent for so many seconds. */
#define SCRAPES		16
#define TIMEOUT		10

/* A connection. It is closed once it has its answer. */
struct scrape {
	struct dstm_metrics *metrics;
	TAILQ_ENTRY(scrape) link;
	struct bufferevent *bev;
};

struct dstm_metrics {
	struct event_base *base;
	struct dstm_listener *listener;
	TAILQ_HEAD(, scrape) scrapes;	/* the oldest first */
	unsigned int count;
	dstm_metrics_fn *fn;
	void *data;
};

struct dstm_page {
	struct evbuffer *out;
	const char *name;
};

static const double bounds[DSTM_HISTOGRAM_BUCKETS - 1] = {
	0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,
};

static void scrape_end(struct scrape *scrape)
{
	TAILQ_REMOVE(&scrape->metrics->scrapes, scrape, link);
	scrape->metrics->count--;
	bufferevent_free(scrape->bev);
	free(scrape);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	scrape_end(arg);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	(void)bev;
	scrape_end(arg);
}

static const char *status_of(const char *line)
{
	static const char wanted[] = "GET /metrics";
	size_t len = strlen(wanted);

	if (strncmp(line, "GET ", 4))
		return "405 Method Not Allowed";
	if (strncmp(line, wanted, len) || !strchr(" ?", line[len]))
		return "404 Not Found";
	return "200 OK";
}

static void answer(struct scrape *scrape, const char *line)
{
	struct evbuffer *out = bufferevent_get_output(scrape->bev);
	struct dstm_metrics *metrics = scrape->metrics;
	struct dstm_page page = { .out = evbuffer_new() };
	const char *status = status_of(line);

	if (!page.out) {
		scrape_end(scrape);
		return;
	}
	if (status[0] == '2')
		metrics->fn(&page, metrics->data);
	evbuffer_add_printf(out,
			    "HTTP/1.1 %s\r\n"
			    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
			    "Content-Length: %zu\r\n"
			    "Connection: close\r\n\r\n",
			    status, evbuffer_get_length(page.out));
	evbuffer_add_buffer(out, page.out);
	evbuffer_free(page.out);
	bufferevent_disable(scrape->bev, EV_READ);
	bufferevent_setcb(scrape->bev, NULL, on_written, on_event, scrape);
}

/* What is asked for is in the first line, and the rest does not matter. */
static void on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct scrape *scrape = arg;
	char *line;

	if (evbuffer_search(in, "\r\n\r\n", 4, NULL).pos < 0) {
		if (evbuffer_get_length(in) >= REQUEST_MAX)
			scrape_end(scrape);
		return;
	}
	line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF);
	if (line)
		answer(scrape, line);
	else
		scrape_end(scrape);
	free(line);
}

static void on_accept(int fd, void *data)
{
	static const struct timeval timeout = { .tv_sec = TIMEOUT };
	struct dstm_metrics *metrics = data;
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	if (scrape)
		scrape->bev = bufferevent_socket_new(metrics->base, fd,
						     BEV_OPT_CLOSE_ON_FREE);
	if (!scrape || !scrape->bev) {
		free(scrape);
		close(fd);
		return;
	}
	scrape->metrics = metrics;
	TAILQ_INSERT_TAIL(&metrics->scrapes, scrape, link);
	bufferevent_setcb(scrape->bev, on_read, NULL, on_event, scrape);
	bufferevent_set_timeouts(scrape->bev, &timeout, &timeout);
	bufferevent_setwatermark(scrape->bev, EV_READ, 0, REQUEST_MAX);
	bufferevent_enable(scrape->bev, EV_READ | EV_WRITE);
	if (++metrics->count > SCRAPES)
		scrape_end(TAILQ_FIRST(&metrics->scrapes));
}

int dstm_metrics_start(struct dstm_metrics **result, struct event_base *base,
		       const char *address, uint16_t port, dstm_metrics_fn *fn,
		       void *data)
{
	struct dstm_metrics *metrics = calloc(1, sizeof(*metrics));
	struct sockaddr_storage addr = {0};
	int len = sizeof(addr);
	int ret;

	if (!metrics)
		return -ENOMEM;
	metrics->base = base;
	metrics->fn = fn;
	metrics->data = data;
	TAILQ_INIT(&metrics->scrapes);
	ret = evutil_parse_sockaddr_port(address, (struct sockaddr *)&addr,
					 &len) ? -EINVAL : 0;
	if (addr.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&addr)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&addr)->sin_port = htons(port);
	if (!ret)
		ret = dstm_listener_new(&metrics->listener, base,
					(struct sockaddr *)&addr,
					(socklen_t)len, on_accept, metrics);
	if (ret)
		dstm_metrics_stop(metrics);
	else
		*result = metrics;
	return ret;
}

void dstm_metrics_stop(struct dstm_metrics *metrics)
{
	if (!metrics)
		return;
	while (!TAILQ_EMPTY(&metrics->scrapes))
		scrape_end(TAILQ_FIRST(&metrics->scrapes));
	dstm_listener_free(metrics->listener);
	free(metrics);
}

void dstm_metric_begin(struct dstm_page *page, const char *name,
		       const char *type, const char *help)
{
	page->name = name;
	evbuffer_add_printf(page->out, "# HELP %s %s\n# TYPE %s %s\n", name,
			    help, name, type);
}

static void label_put(struct evbuffer *out, const char *label,
		      const char *value, bool first)
{
	evbuffer_add_printf(out, "%s%s=\"", first ? "{" : ",", label);
	for (; *value; value++) {
		if (*value == '\n')
			evbuffer_add(out, "\\n", 2);
		else if (*value == '"' || *value == '\\')
			evbuffer_add_printf(out, "\\%c", *value);
		else
			evbuffer_add(out, value, 1);
	}
	evbuffer_add(out, "\"", 1);
}

static void sample_put(struct dstm_page *page, const char *suffix,
		       const char *le, double value, va_list labels)
{
	const char *label, *text;
	bool first = true;

	evbuffer_add_printf(page->out, "%s%s", page->name, suffix);
	while ((label = va_arg(labels, const char *))) {
		text = va_arg(labels, const char *);
		label_put(page->out, label, text, first);
		first = false;
	}
	if (le) {
		label_put(page->out, "le", le, first);
		first = false;
	}
	evbuffer_add_printf(page->out, "%s %.17g\n", first ? "" : "}", value);
}

void dstm_metric(struct dstm_page *page, double value, ...)
{
	va_list labels;

	va_start(labels, value);
	sample_put(page, "", NULL, value, labels);
	va_end(labels);
}

void dstm_metric_histogram(struct dstm_page *page,
			   const struct dstm_histogram *h, ...)
{
	uint64_t count = 0;
	va_list labels;
	char le[16];
	int i;

	for (i = 0; i < DSTM_HISTOGRAM_BUCKETS; i++) {
		count += h->bucket[i];
		if (i == DSTM_HISTOGRAM_BUCKETS - 1)
			snprintf(le, sizeof(le), "+Inf");
		else
			snprintf(le, sizeof(le), "%g", bounds[i]);
		va_start(labels, h);
		sample_put(page, "_bucket", le, (double)count, labels);
		va_end(labels);
	}
	va_start(labels, h);
	sample_put(page, "_sum", NULL, h->sum, labels);
	va_end(labels);
	va_start(labels, h);
	sample_put(page, "_count", NULL, (double)count, labels);
	va_end(labels);
}

void dstm_histogram_add(struct dstm_histogram *h, double seconds)
{
	int i = 0;

	while (i < DSTM_HISTOGRAM_BUCKETS - 1 && seconds > bounds[i])
		i++;
	h->bucket[i]++;
	h->sum += seconds;
}
