/* SPDX-License-Identifier: GPL-2.0 */
/* Figures for Prometheus: GET /metrics, in its text format 0.0.4. */
#ifndef DSTM_METRICS_H
#define DSTM_METRICS_H

#include <event2/event.h>
#include <stdint.h>

#define DSTM_HISTOGRAM_BUCKETS	12

/* An HTTP server. */
struct dstm_metrics;

/* The page that is being written. */
struct dstm_page;

/**
 * struct dstm_histogram - how long something took
 * @bucket: how many took at most 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000
 *	milliseconds, each in the first bucket that fits; the last takes the rest
 * @sum: of all, in seconds
 */
struct dstm_histogram {
	uint64_t bucket[DSTM_HISTOGRAM_BUCKETS];
	double sum;
};

/**
 * dstm_metrics_fn - writes the page
 * @page: for the functions below
 * @data: what was given with it
 */
typedef void dstm_metrics_fn(struct dstm_page *page, void *data);

/**
 * dstm_metrics_start - serve the page
 * @metrics: to be stopped with dstm_metrics_stop()
 * @base: the event loop
 * @address: where to listen, an address such as "127.0.0.1" or "::1"
 * @port: the port, host byte order
 * @fn: called for every request
 * @data: for @fn
 *
 * Return: 0, or a negative errno.
 */
int dstm_metrics_start(struct dstm_metrics **metrics, struct event_base *base,
		       const char *address, uint16_t port, dstm_metrics_fn *fn,
		       void *data);

/**
 * dstm_metrics_stop - end it
 * @metrics: what was started, or NULL
 */
void dstm_metrics_stop(struct dstm_metrics *metrics);

/**
 * dstm_metric_begin - begin a metric; its samples follow
 * @page: the page
 * @name: its name, ending in "_total" if it is a counter
 * @type: "counter", "gauge" or "histogram"
 * @help: what it tells, in a line
 */
void dstm_metric_begin(struct dstm_page *page, const char *name,
		       const char *type, const char *help);

/**
 * dstm_metric - one sample of the metric
 * @page: the page
 * @value: the value
 * @...: pairs of label and value, both const char *, and NULL
 */
__attribute__((sentinel))
void dstm_metric(struct dstm_page *page, double value, ...);

/**
 * dstm_metric_histogram - all samples of a histogram
 * @page: the page
 * @h: the histogram
 * @...: pairs of label and value, both const char *, and NULL
 */
__attribute__((sentinel))
void dstm_metric_histogram(struct dstm_page *page,
			   const struct dstm_histogram *h, ...);

/**
 * dstm_histogram_add - count one more
 * @h: the histogram
 * @seconds: how long it took
 */
void dstm_histogram_add(struct dstm_histogram *h, double seconds);

#endif
