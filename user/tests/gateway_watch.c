// SPDX-License-Identifier: GPL-2.0
/* When a gateway makes up for what happened to its devices. The kernel is a pipe. */
#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "gateway/watch.h"

static int news[2], mended, failing;

/* They are called by the linker's --wrap only. */
int __wrap_dstm_table_open(struct dstm_table *table, char *error);
int __wrap_dstm_table_watch(struct dstm_table *table);
int __wrap_dstm_nl_open(struct dstm_nl **nl, int bus);
void __wrap_dstm_nl_close(struct dstm_nl *nl);
int __wrap_dstm_nl_join(struct dstm_nl *nl, uint32_t group);
int __wrap_dstm_nl_fd(const struct dstm_nl *nl);
int __wrap_dstm_nl_events(struct dstm_nl *nl, dstm_nl_fn *fn, void *data);
int __wrap_host_mend(struct host *host, bool *anew);

int __wrap_dstm_table_open(struct dstm_table *table, char *error)
{
	(void)error;
	table->nl = NULL;
	return 0;
}

int __wrap_dstm_table_watch(struct dstm_table *table)
{
	(void)table;
	return 0;
}

int __wrap_dstm_nl_open(struct dstm_nl **nl, int bus)
{
	(void)bus;
	*nl = (struct dstm_nl *)news;
	return 0;
}

void __wrap_dstm_nl_close(struct dstm_nl *nl)
{
	(void)nl;
}

int __wrap_dstm_nl_join(struct dstm_nl *nl, uint32_t group)
{
	(void)nl;
	(void)group;
	return 0;
}

int __wrap_dstm_nl_fd(const struct dstm_nl *nl)
{
	return nl ? news[0] : -1;
}

int __wrap_dstm_nl_events(struct dstm_nl *nl, dstm_nl_fn *fn, void *data)
{
	char c;

	(void)nl;
	(void)fn;
	(void)data;
	return read(news[0], &c, 1) == 1 ? 0 : -1;
}

int __wrap_host_mend(struct host *host, bool *anew)
{
	(void)host;
	*anew = false;
	mended++;
	return failing;
}

static void run(struct event_base *base, int milliseconds)
{
	const struct timeval time = { .tv_usec = milliseconds * 1000 };

	event_base_loopexit(base, &time);
	event_base_dispatch(base);
}

/* So many pieces of news, 20 ms from each to the next. */
static void tell(struct event_base *base, int count)
{
	while (count--) {
		assert_int_equal(write(news[1], "", 1), 1);
		run(base, 20);
	}
}

/* News without a pause, or a try that failed, do not keep it from the next one. */
static void mend(void **state)
{
	struct gateway gw = { .daemon.base = event_base_new() };

	(void)state;
	assert_int_equal(pipe(news), 0);
	assert_int_equal(watch_start(&gw), 0);
	tell(gw.daemon.base, 25);
	assert_in_range(mended, 2, 6);
	run(gw.daemon.base, 200);

	failing = -ENODEV;
	mended = 0;
	tell(gw.daemon.base, 1);
	run(gw.daemon.base, 300);
	assert_int_equal(mended, 1);
	failing = 0;
	tell(gw.daemon.base, 1);
	run(gw.daemon.base, 300);
	assert_int_equal(mended, 2);

	watch_stop(&gw);
	event_base_free(gw.daemon.base);
	close(news[0]);
	close(news[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
