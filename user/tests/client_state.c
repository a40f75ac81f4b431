// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/state.h"

static char folder[64];
static char path[96];

static int fresh(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/dstm-state-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/state.json", folder);
	return 0;
}

static int gone(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void fill(struct state *s, uint64_t now)
{
	memset(s, 0, sizeof(*s));
	memset(s->duid, 0xab, 18);
	s->duid_len = 18;
	s->former.s_addr = htonl(0xc0000207);
	s->leased = true;
	s->lease.ipv4.s_addr = htonl(0xc0000207);
	s->lease.server_id.s_addr = htonl(0x0a000001);
	inet_pton(AF_INET6, "2001:db8::53", &s->lease.server);
	inet_pton(AF_INET6, "2001:db8:1::7", &s->lease.local);
	inet_pton(AF_INET6, "2001:db8::1", &s->lease.tep);
	s->lease.ports = (struct dstm_portset){ .psid = 5, .len = 6 };
	s->lease.mtu = 1460;
	s->lease.dns[0].s_addr = htonl(0xc6336402);
	s->lease.dns_count = 1;
	s->lease.t1 = now + 1000;
	s->lease.t2 = now + 2000;
	s->lease.expires = now + 60000;
	s->trace.up = true;
	strcpy(s->trace.device, "dstm0");
	s->trace.kind = TUNNEL_IP6TNL;
	s->trace.mtu = 1460;
	s->trace.metric = 4000000000;
	s->trace.ports = true;
	s->trace.first = 32768;
	s->trace.last = 60999;
}

static void round_trip(void **state)
{
	struct state s, back;

	(void)state;
	fill(&s, state_now());
	assert_int_equal(state_save(&s, path), 0);
	state_load(&back, path);
	assert_memory_equal(&s, &back, sizeof(s));
}

static void endless(void **state)
{
	struct state s, back;

	(void)state;
	fill(&s, state_now());
	s.lease.t1 = s.lease.t2 = s.lease.expires = MACHINE_NEVER;
	assert_int_equal(state_save(&s, path), 0);
	state_load(&back, path);
	assert_memory_equal(&s, &back, sizeof(s));
}

static void anew(void **state)
{
	struct state s, other;

	(void)state;
	state_load(&s, path);
	assert_int_equal(s.duid_len, 18);
	assert_int_equal(s.duid[1], 4);
	assert_false(s.leased);
	assert_false(s.trace.up);
	state_load(&other, path);
	assert_memory_not_equal(s.duid, other.duid, 18);
}

static void over(void **state)
{
	struct state s, back;

	(void)state;
	fill(&s, state_now());
	s.lease.expires = state_now();
	assert_int_equal(state_save(&s, path), 0);
	state_load(&back, path);
	assert_false(back.leased);
	assert_int_equal(back.former.s_addr, s.former.s_addr);
	assert_true(back.trace.up);
}

/* As if the machine had been restarted since: only the wall clock counts. */
/* Change the first character that follows @what in the file. */
static void file_change(const char *what, char with)
{
	char text[4096];
	size_t len;
	FILE *file;
	char *at;

	file = fopen(path, "r");
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	at = strstr(text, what);
	assert_non_null(at);
	at[strlen(what)] = with;
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static void other_boot(void **state)
{
	struct state s, back;

	(void)state;
	fill(&s, state_now());
	assert_int_equal(state_save(&s, path), 0);
	file_change("\"boot\": \"", 'x');
	state_load(&back, path);
	assert_true(back.leased);
	assert_false(back.trace.up);
	assert_true(back.lease.expires <= s.lease.expires + 1000);
	assert_true(back.lease.expires + 5000 > s.lease.expires);
	assert_true(back.lease.t1 <= back.lease.t2 &&
		    back.lease.t2 <= back.lease.expires);
}

/* The end of the lease as the wall clock had it is centuries away: that clock is wrong. */
static void other_boot_and_clock(void **state)
{
	struct state s, back;

	(void)state;
	fill(&s, state_now());
	assert_int_equal(state_save(&s, path), 0);
	file_change("\"boot\": \"", 'x');
	file_change("},\n  \"expires\": ", '9');
	state_load(&back, path);
	assert_true(back.leased);
	assert_true(back.lease.expires <= s.lease.expires + 1000);
}

/* None of these is a reason not to start. */
static void damaged(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "null", "{\"duid\": 5}",
		"{\"duid\": \"xyz\"}", "{\"duid\": \"00zz0102\"}",
		"{\"lease\": {\"ipv4\": \"192.0.2.7\"}, \"former\": \"x\"}",
		"{\"trace\": {\"device\": \"a-name-that-is-much-too-long\"}}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *file = fopen(path, "w");
		struct state s;

		fputs(texts[i], file);
		fclose(file);
		state_load(&s, path);
		assert_int_equal(s.duid_len, 18);
		assert_false(s.leased);
		assert_false(s.trace.up);
	}
}

static void nowhere(void **state)
{
	struct state s;

	(void)state;
	fill(&s, state_now());
	assert_true(state_save(&s, "/nowhere/at/all") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip, fresh, gone),
		cmocka_unit_test_setup_teardown(endless, fresh, gone),
		cmocka_unit_test_setup_teardown(anew, fresh, gone),
		cmocka_unit_test_setup_teardown(over, fresh, gone),
		cmocka_unit_test_setup_teardown(other_boot, fresh, gone),
		cmocka_unit_test_setup_teardown(other_boot_and_clock, fresh, gone),
		cmocka_unit_test_setup_teardown(damaged, fresh, gone),
		cmocka_unit_test_setup_teardown(nowhere, fresh, gone),
	};

	return cmocka_run_group_tests_name("client_state", tests, NULL, NULL);
}
