// SPDX-License-Identifier: GPL-2.0
/*
 * Sends frames that have been mutated from those on standard input, a line each:
 * in hexadecimal. First every byte behind the Ethernet header, up to HEADERS (with
 * -a: to the end of each frame), takes each of a set of values in turn; then random
 * ones change, several at once.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"

/* IPv6, an option header, IPv4 with options, and what ICMP embeds. */
#define HEADERS		(40 + 8 + 60 + 8 + 28)
#define ETHERNET	14
#define FRAME_MAX	9014
#define BATCH		64

struct frame {
	size_t len;
	uint8_t data[FRAME_MAX];
};

static struct frame *frames;
static uint32_t n_frames;
static uint64_t sent;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static size_t parse_hex(const char *line, uint8_t *data)
{
	size_t len = 0;

	while (len < FRAME_MAX && sscanf(line + 2 * len, "%2hhx", data + len) == 1)
		len++;
	return len;
}

static void read_frames(void)
{
	static char line[2 * FRAME_MAX + 2];
	struct frame *grown;

	while (fgets(line, sizeof(line), stdin)) {
		grown = reallocarray(frames, n_frames + 1, sizeof(*frames));
		if (!grown)
			die("frames");
		frames = grown;
		frames[n_frames].len = parse_hex(line, frames[n_frames].data);
		if (frames[n_frames].len > ETHERNET)
			n_frames++;
	}
	if (!n_frames) {
		fprintf(stderr, "no frames on standard input\n");
		exit(1);
	}
}

static int open_device(const char *device)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(device),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || !sll.sll_ifindex ||
	    bind(fd, (struct sockaddr *)&sll, sizeof(sll)))
		die(device);
	return fd;
}

/* Frames go in batches: system calls are slow in User-mode Linux. */
static struct frame batch[BATCH];
static unsigned int n_batch;

static void flush(int fd)
{
	struct mmsghdr headers[BATCH];
	struct iovec iov[BATCH];
	unsigned int first = 0;
	int done;

	memset(headers, 0, sizeof(headers));
	for (unsigned int i = 0; i < n_batch; i++) {
		iov[i] = (struct iovec) { batch[i].data, batch[i].len };
		headers[i].msg_hdr.msg_iov = &iov[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	while (first < n_batch) {
		done = sendmmsg(fd, headers + first, n_batch - first, 0);
		if (done < 0 && errno != ENOBUFS)
			die("send");
		/* The one that there was no room for is lost. */
		first += done > 0 ? (unsigned int)done : 1;
	}
	sent += n_batch;
	n_batch = 0;
}

static void send_frame(int fd, const uint8_t *data, size_t len)
{
	memcpy(batch[n_batch].data, data, len);
	batch[n_batch++].len = len;
	if (n_batch == BATCH)
		flush(fd);
}

static size_t headers(const struct frame *f, const struct fuzz_budget *budget)
{
	if (budget->all || f->len < ETHERNET + HEADERS)
		return f->len;
	return ETHERNET + HEADERS;
}

/*
 * Every offset: all single bits, the ends of the range, and cut off there. False
 * when time was over before.
 */
static bool every_offset(int fd, const struct fuzz_budget *budget, struct frame *f)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff };

	for (size_t at = ETHERNET; at < headers(f, budget); at++) {
		uint8_t old = f->data[at];

		for (int bit = 0; bit < 8; bit++) {
			f->data[at] = (uint8_t)(old ^ 1 << bit);
			send_frame(fd, f->data, f->len);
		}
		for (size_t i = 0; i < sizeof(edges); i++) {
			f->data[at] = edges[i];
			send_frame(fd, f->data, f->len);
		}
		f->data[at] = old;
		send_frame(fd, f->data, at);
		if (!budget->all && fuzz_is_over(budget, sent))
			return false;
	}
	return true;
}

static void at_random(int fd, const struct fuzz_budget *budget)
{
	const struct frame *f = &frames[fuzz_below(n_frames)];
	uint8_t data[FRAME_MAX];
	size_t len = f->len, at;
	uint32_t times = 1 + fuzz_below(6);

	memcpy(data, f->data, len);
	while (times--) {
		at = ETHERNET + fuzz_below((uint32_t)(headers(f, budget) - ETHERNET));
		data[at] = fuzz_byte(data[at]);
	}
	if (!fuzz_below(8))
		len = ETHERNET + fuzz_below((uint32_t)(len - ETHERNET));
	send_frame(fd, data, len);
}

int main(int argc, char **argv)
{
	struct fuzz_budget budget;
	int first = fuzz_options(&budget, argc, argv, "DEVICE < FRAMES");
	uint32_t whole = 0;
	int fd;

	if (first + 1 != argc) {
		fprintf(stderr, "%s: which device?\n", argv[0]);
		return 2;
	}
	fd = open_device(argv[first]);
	read_frames();
	while (whole < n_frames && every_offset(fd, &budget, &frames[whole]))
		whole++;
	flush(fd);
	printf("# %" PRIu64 " frames after all offsets of %" PRIu32 " of %" PRIu32 " frames\n",
	       sent, whole, n_frames);
	while (!fuzz_is_over(&budget, sent))
		at_random(fd, &budget);
	flush(fd);
	printf("# %" PRIu64 " frames\n", sent);
	free(frames);
	return 0;
}
