// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "metrics.h"

/* A scrape is small, and whoever sends more is not Prometheus. */
#define REQUEST_MAX	4096
#define TIMEOUT		10

struct dstm_metrics {
	struct evhttp *http;
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

static void page_serve(struct evhttp_request *request, void *arg)
{
	struct dstm_page page = { .out = evbuffer_new() };
	struct dstm_metrics *metrics = arg;

	if (!page.out) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		return;
	}
	metrics->fn(&page, metrics->data);
	evhttp_add_header(evhttp_request_get_output_headers(request),
			  "Content-Type",
			  "text/plain; version=0.0.4; charset=utf-8");
	evhttp_send_reply(request, HTTP_OK, "OK", page.out);
	evbuffer_free(page.out);
}

/*
 * evhttp_bind_socket() looks an address up as if it were a name, and finds none of
 * IPv4 where the host has but the loopback's.
 */
static int listen_at(struct dstm_metrics *metrics, struct event_base *base,
		     const char *address, uint16_t port)
{
	struct sockaddr_storage addr = {0};
	struct evconnlistener *listener;
	int len = sizeof(addr);

	if (evutil_parse_sockaddr_port(address, (struct sockaddr *)&addr, &len))
		return -EINVAL;
	if (addr.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&addr)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&addr)->sin_port = htons(port);
	listener = evconnlistener_new_bind(base, NULL, NULL,
					   LEV_OPT_CLOSE_ON_FREE |
					   LEV_OPT_CLOSE_ON_EXEC |
					   LEV_OPT_REUSEABLE, -1,
					   (struct sockaddr *)&addr, len);
	if (!listener)
		return -errno;
	if (evhttp_bind_listener(metrics->http, listener))
		return 0;
	evconnlistener_free(listener);
	return -ENOMEM;
}

int dstm_metrics_start(struct dstm_metrics **result, struct event_base *base,
		       const char *address, uint16_t port, dstm_metrics_fn *fn,
		       void *data)
{
	struct dstm_metrics *metrics = calloc(1, sizeof(*metrics));
	int ret = -ENOMEM;

	if (!metrics)
		return -ENOMEM;
	metrics->fn = fn;
	metrics->data = data;
	metrics->http = evhttp_new(base);
	if (!metrics->http)
		goto failed;

	evhttp_set_allowed_methods(metrics->http, EVHTTP_REQ_GET);
	evhttp_set_max_headers_size(metrics->http, REQUEST_MAX);
	evhttp_set_max_body_size(metrics->http, REQUEST_MAX);
	evhttp_set_timeout(metrics->http, TIMEOUT);
	if (evhttp_set_cb(metrics->http, "/metrics", page_serve, metrics))
		goto failed;
	ret = listen_at(metrics, base, address, port);
	if (ret)
		goto failed;
	*result = metrics;
	return 0;

failed:
	dstm_metrics_stop(metrics);
	return ret;
}

void dstm_metrics_stop(struct dstm_metrics *metrics)
{
	if (!metrics)
		return;
	if (metrics->http)
		evhttp_free(metrics->http);
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
