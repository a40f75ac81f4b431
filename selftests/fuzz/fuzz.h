/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* How long to go on, and with which random numbers; -s, -n, -t and -a set it. */
struct fuzz_budget {
	uint64_t seed;
	uint64_t messages;	/* 0: as many as there is time for */
	time_t seconds;		/* 0: as long as it takes */
	time_t end;
	int all;		/* first all there is, whatever time it takes */
};

/* The options; returns the index of the first argument behind them. */
int fuzz_options(struct fuzz_budget *budget, int argc, char **argv,
		 const char *usage);
int fuzz_is_over(const struct fuzz_budget *budget, uint64_t done);

uint64_t fuzz_random(void);
/* Less than bound, which is not 0. */
uint32_t fuzz_below(uint32_t bound);
/* Bytes at which programs trip: the ends of ranges, single bits, any. */
uint8_t fuzz_byte(uint8_t old);

#endif
