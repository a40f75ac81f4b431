// SPDX-License-Identifier: GPL-2.0
/* Random numbers that come again with the same seed, and the budget. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"

static uint64_t state;

/* splitmix64, by its published constants. */
uint64_t fuzz_random(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t fuzz_below(uint32_t bound)
{
	return (uint32_t)(fuzz_random() >> 32) % bound;
}

uint8_t fuzz_byte(uint8_t old)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff };

	switch (fuzz_below(4)) {
	case 0:
		return edges[fuzz_below(sizeof(edges))];
	case 1:
		return (uint8_t)(old + 1);
	case 2:
		return (uint8_t)(old ^ 1 << fuzz_below(8));
	default:
		return (uint8_t)fuzz_random();
	}
}

int fuzz_options(struct fuzz_budget *budget, int argc, char **argv,
		 const char *usage)
{
	int opt;

	*budget = (struct fuzz_budget) {
		.seed = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid(),
	};
	while ((opt = getopt(argc, argv, "s:n:t:a")) != -1) {
		switch (opt) {
		case 's':
			budget->seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			budget->messages = strtoull(optarg, NULL, 0);
			break;
		case 't':
			budget->seconds = (time_t)strtoul(optarg, NULL, 0);
			break;
		case 'a':
			budget->all = 1;
			break;
		default:
			fprintf(stderr, "usage: %s [-a] [-s SEED] [-n COUNT] [-t SECONDS] %s\n",
				argv[0], usage);
			exit(2);
		}
	}
	if (!budget->messages && !budget->seconds)
		budget->seconds = 10;
	budget->end = time(NULL) + budget->seconds;
	state = budget->seed;
	printf("# seed %" PRIu64 "\n", budget->seed);
	fflush(stdout);
	return optind;
}

int fuzz_is_over(const struct fuzz_budget *budget, uint64_t done)
{
	return (budget->messages && done >= budget->messages) ||
	       (budget->seconds && time(NULL) >= budget->end);
}
