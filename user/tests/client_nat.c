// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <nftables/libnftables.h>
#include <string.h>

#include "client/nat.h"

static char text[NAT_TEXT];

/* nft's own reader has nothing against it; nothing is sent to the kernel. */
static void assert_sound(const struct nat *nat)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	assert_int_equal(nat_text(nat, text, sizeof(text)), 0);
	nft_ctx_buffer_error(nft);
	nft_ctx_buffer_output(nft);
	nft_ctx_set_dry_run(nft, true);
	if (nft_run_cmd_from_buffer(nft, text)) {
		const char *why = nft_ctx_get_error_buffer(nft);

		/* It asks the kernel first, which not everybody may. */
		if (strstr(why, "syntax error") ||
		    (!strstr(why, "Operation not permitted") && !strstr(why, "netlink")))
			fail_msg("%s\n%s", why, text);
	}
	nft_ctx_free(nft);
}

static struct nat lease(uint16_t psid, uint8_t len, uint8_t offset)
{
	return (struct nat){
		.tunnel = "dstm0",
		.ipv4 = { htonl(0xc0000207) },
		.ports = { .psid = psid, .len = len, .offset = offset },
	};
}

static void only_waiting(void **state)
{
	struct nat nat = { .hold = "dstm-wait" };

	(void)state;
	assert_sound(&nat);
	assert_non_null(strstr(text, "oifname \"dstm-wait\" notrack"));
	assert_null(strstr(text, "snat"));
}

static void whole_address(void **state)
{
	struct nat nat = lease(0, 0, 0);

	(void)state;
	assert_sound(&nat);
	assert_non_null(strstr(text, "snat to 192.0.2.7\n"));
	assert_null(strstr(text, "icmp id"));
	assert_null(strstr(text, "notrack"));
}

static void one_range(void **state)
{
	struct nat nat = lease(5, 6, 0);

	(void)state;
	assert_sound(&nat);
	assert_non_null(strstr(text, "snat to 192.0.2.7:5120-6143\n"));
	assert_non_null(strstr(text, "icmp id { 5120-6143 }"));
	assert_null(strstr(text, "numgen"));
}

static void many_ranges(void **state)
{
	struct nat nat = lease(0x34, 8, 4);

	(void)state;
	assert_sound(&nat);
	assert_non_null(strstr(text, "snat to 192.0.2.7:4928-4943\n"));
	assert_non_null(strstr(text, "snat to 192.0.2.7:62272-62287\n"));
	assert_non_null(strstr(text, "numgen random mod 15"));
}

/* One port a range, and more ranges than are used. */
static void finest(void **state)
{
	struct nat nat = lease(1, 1, 15);

	(void)state;
	assert_sound(&nat);
	assert_non_null(strstr(text, "numgen random mod 256"));
}

static void no_room(void **state)
{
	struct nat nat = lease(1, 1, 15);
	size_t size;

	(void)state;
	for (size = 1; size < 10000; size += 1111)
		assert_int_equal(nat_text(&nat, text, size), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_waiting),
		cmocka_unit_test(whole_address),
		cmocka_unit_test(one_range),
		cmocka_unit_test(many_ranges),
		cmocka_unit_test(finest),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests_name("client_nat", tests, NULL, NULL);
}
