// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <time.h>

#include "turn.h"

/* Timers shorter than that, milliseconds, so that none is set for years. */
#define DUE_MAX	3600000

static void on_commit(evutil_socket_t fd, short what, void *data)
{
	struct turn *turn = data;

	(void)fd;
	(void)what;
	turn_begin(turn);
	engine_commit(turn->engine);
	turn_end(turn);
}

static void on_due(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	turn_begin(data);
	turn_end(data);
}

int turn_init(struct turn *turn, struct event_base *base,
	      struct engine *engine)
{
	turn->base = base;
	turn->engine = engine;
	turn->commit = evtimer_new(base, on_commit, turn);
	turn->due = evtimer_new(base, on_due, turn);
	return turn->commit && turn->due ? 0 : -ENOMEM;
}

void turn_destroy(struct turn *turn)
{
	if (turn->commit)
		event_free(turn->commit);
	if (turn->due)
		event_free(turn->due);
	memset(turn, 0, sizeof(*turn));
}

void turn_begin(struct turn *turn)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	turn->engine->now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	clock_gettime(CLOCK_REALTIME, &ts);
	turn->engine->wall = ts.tv_sec;
}

void turn_end(struct turn *turn)
{
	static const struct timeval at_once;
	struct engine *engine = turn->engine;
	int64_t next = engine_run(engine);
	struct timeval wait;

	if (engine_dirty(engine))
		evtimer_add(turn->commit, &at_once);
	else if (engine->failing && engine->retry < next)
		next = engine->retry;
	next -= engine->now;
	if (next > DUE_MAX)
		next = DUE_MAX;
	if (next < 1)
		next = 1;
	wait = (struct timeval){ next / 1000, next % 1000 * 1000 };
	evtimer_add(turn->due, &wait);
}
