// SPDX-License-Identifier: GPL-2.0
/* A listener: its socket, its pause, and what it does when no descriptor is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../lib/listener.h"

struct world {
	struct event_base *base;
	struct dstm_listener *listener;
	struct sockaddr_un addr;
	char folder[32];
	int taken;
};

static void on_connection(int fd, void *data)
{
	struct world *w = data;

	w->taken++;
	close(fd);
}

static int world_begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	strcpy(w->folder, "/tmp/listener-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->addr.sun_family = AF_UNIX;
	snprintf(w->addr.sun_path, sizeof(w->addr.sun_path), "%s/socket",
		 w->folder);
	w->base = event_base_new();
	assert_non_null(w->base);
	assert_int_equal(dstm_listener_at(&w->listener, w->base, w->addr.sun_path,
					  0620, on_connection, w), 0);
	*state = w;
	return 0;
}

static int world_end(void **state)
{
	struct world *w = *state;

	dstm_listener_free(w->listener);
	event_base_free(w->base);
	/* The socket has gone with the listener. */
	assert_int_equal(rmdir(w->folder), 0);
	free(w);
	return 0;
}

static int knock(const struct world *w)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&w->addr,
				 sizeof(w->addr)), 0);
	return fd;
}

static int second(struct world *w, const char *path)
{
	struct dstm_listener *l = NULL;
	int ret = dstm_listener_at(&l, w->base, path, 0600, on_connection, w);

	dstm_listener_free(l);
	return ret;
}

static void listener_has_its_mode(void **state)
{
	struct world *w = *state;
	struct stat st;

	assert_int_equal(stat(w->addr.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0620);
}

static void listener_is_not_replaced(void **state)
{
	struct world *w = *state;

	assert_int_equal(second(w, w->addr.sun_path), -EADDRINUSE);
	close(knock(w));
}

/* As of a process that was killed. */
static void leave_socket(const struct world *w, const char *path)
{
	struct sockaddr_un addr = w->addr;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(addr.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void listener_replaces_what_was_left(void **state)
{
	struct world *w = *state;
	char path[64];

	snprintf(path, sizeof(path), "%s/left", w->folder);
	leave_socket(w, path);
	assert_int_equal(second(w, path), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void listener_spares_files(void **state)
{
	struct world *w = *state;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/file", w->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(second(w, path), -EADDRINUSE);
	assert_int_equal(unlink(path), 0);
}

static void run_for(struct world *w, time_t seconds)
{
	const struct timeval time = { .tv_sec = seconds, .tv_usec = 100000 };

	event_base_loopexit(w->base, &time);
	event_base_dispatch(w->base);
}

static void listener_pauses(void **state)
{
	struct world *w = *state;
	int fd;

	dstm_listener_pause(w->listener, true);
	fd = knock(w);
	run_for(w, 0);
	assert_int_equal(w->taken, 0);
	dstm_listener_pause(w->listener, false);
	run_for(w, 0);
	assert_int_equal(w->taken, 1);
	close(fd);
}

/* From here on no descriptor is to be had, until the limit is @before again. */
static void descriptors_end(struct rlimit *before)
{
	struct rlimit none;
	int lowest = dup(0);

	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	none = *before;
	none.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void listener_rests(void **state)
{
	struct world *w = *state;
	struct rlimit before;
	clock_t begin = clock();
	int fd = knock(w);

	descriptors_end(&before);
	run_for(w, 0);
	/* A resumption does not end the rest. */
	dstm_listener_pause(w->listener, true);
	dstm_listener_pause(w->listener, false);
	run_for(w, 0);
	assert_int_equal(w->taken, 0);
	/* It has not asked all the time. */
	assert_true(clock() - begin < CLOCKS_PER_SEC / 10);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	run_for(w, 1);
	assert_int_equal(w->taken, 1);
	close(fd);
}

static void listener_stays_paused(void **state)
{
	struct world *w = *state;
	struct rlimit before;
	int fd = knock(w);

	descriptors_end(&before);
	run_for(w, 0);
	dstm_listener_pause(w->listener, true);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	run_for(w, 1);
	assert_int_equal(w->taken, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(listener_has_its_mode, world_begin,
						world_end),
		cmocka_unit_test_setup_teardown(listener_is_not_replaced,
						world_begin, world_end),
		cmocka_unit_test_setup_teardown(listener_replaces_what_was_left,
						world_begin, world_end),
		cmocka_unit_test_setup_teardown(listener_spares_files, world_begin,
						world_end),
		cmocka_unit_test_setup_teardown(listener_pauses, world_begin,
						world_end),
		cmocka_unit_test_setup_teardown(listener_rests, world_begin,
						world_end),
		cmocka_unit_test_setup_teardown(listener_stays_paused,
						world_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
