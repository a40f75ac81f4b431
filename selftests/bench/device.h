/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_BENCH_DEVICE_H
#define _DSTM_BENCH_DEVICE_H

#include <linux/timekeeping.h>
#include <linux/types.h>

struct net_device;
struct bench_packet;

/* What came out of all bench devices of the machine, on one CPU. */
struct bench_arrivals {
	u64 right;
	u64 wrong;
	u64 last;		/* when, in ticks of bench_clock() */
};

/* User-mode Linux has a coarse clock; the processor's own is as good there. */
static inline u64 bench_clock(void)
{
#if defined(CONFIG_X86) || (defined(CONFIG_UML) && defined(__x86_64__))
	return __builtin_ia32_rdtsc();
#else
	return ktime_get_ns();
#endif
}

void bench_expect(const struct bench_packet *p, bool timed);
struct bench_arrivals bench_arrivals(void);
u64 bench_last_here(void);
bool bench_is_device(const struct net_device *dev);

int bench_device_init(void);
void bench_device_exit(void);

#endif
