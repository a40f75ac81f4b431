/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine in the event loop. Whoever uses it does so between turn_begin() and
 * turn_end(): the one tells it the time, the other sees to what is due, and that
 * all that changed in one round of the loop is written down in one commit.
 */
#ifndef DSTM_TURN_H
#define DSTM_TURN_H

#include <event2/event.h>

#include "engine.h"

/**
 * struct turn - the engine in the event loop
 * @base: the event loop
 * @engine: the engine
 * @commit: writes down what changed, when the round is over
 * @due: wakes the engine when something is due
 */
struct turn {
	struct event_base *base;
	struct engine *engine;
	struct event *commit;
	struct event *due;
};

/**
 * turn_init - put an engine into an event loop
 * @turn: the result, to be ended with turn_destroy()
 * @base: the event loop
 * @engine: the engine, which need not have begun
 *
 * Return: 0, or -ENOMEM.
 */
int turn_init(struct turn *turn, struct event_base *base,
	      struct engine *engine);

/**
 * turn_destroy - end it
 * @turn: what was begun, or all zero
 */
void turn_destroy(struct turn *turn);

/**
 * turn_begin - the engine is going to be used
 * @turn: the engine in the event loop
 */
void turn_begin(struct turn *turn);

/**
 * turn_end - the engine was used
 * @turn: the engine in the event loop
 */
void turn_end(struct turn *turn);

#endif
