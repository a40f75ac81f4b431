/* SPDX-License-Identifier: GPL-2.0 */
/* What is on the page for Prometheus. */
#ifndef GATEWAY_FIGURES_H
#define GATEWAY_FIGURES_H

#include "lib/metrics.h"

/* A dstm_metrics_fn; @data is the struct gateway. */
void figures_write(struct dstm_page *page, void *data);

#endif
