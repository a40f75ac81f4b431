// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/config.h"
#include "lib/config.h"

static struct config config;
static char error[DSTM_CONFIG_ERROR];

static int parse(const char *text)
{
	char path[] = "/tmp/dstm-config-XXXXXX";
	int fd = mkstemp(path), ret;
	FILE *file = fdopen(fd, "w");

	fputs(text, file);
	fclose(file);
	ret = config_read(&config, path, error);
	unlink(path);
	return ret;
}

static void assert_refused(const char *text, const char *where)
{
	assert_true(parse(text) < 0);
	if (!strstr(error, where))
		fail_msg("\"%s\" does not name \"%s\"", error, where);
	config_free(&config);
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("{}"), 0);
	assert_true(config.on_demand);
	assert_int_equal(config.servers_count, 0);
	assert_string_equal(config.device, "dstm0");
	assert_int_equal(config.kind, TUNNEL_AUTO);
	assert_true(config.port_sets);
	assert_int_equal(config.idle, 300);
	assert_null(config.hook);
	config_free(&config);
}

static void everything(void **state)
{
	(void)state;
	assert_int_equal(parse("{ \"mode\": \"always\", \"servers\": "
		"[ \"2001:db8::1\", \"2001:db8::2\" ], \"tep\": "
		"\"2001:db8::3\", \"local\": \"2001:db8::4\", \"interface\": "
		"\"eth0\", \"device\": \"t0\", \"kind\": \"ip6tnl\", "
		"\"metric\": 5, \"mtu\": 1400, \"port-sets\": false, \"idle\": "
		"\"1h\", \"patience\": 7, \"retry\": \"1m\", \"hook\": "
		"\"/bin/true\", \"state-file\": \"/a\", \"control-socket\": "
		"\"/b\", \"log\": \"error\" }"), 0);
	assert_false(config.on_demand);
	assert_int_equal(config.servers_count, 2);
	assert_int_equal(config.servers[1].s6_addr[15], 2);
	assert_int_equal(config.local.s6_addr[15], 4);
	assert_string_equal(config.interface, "eth0");
	assert_int_equal(config.kind, TUNNEL_IP6TNL);
	assert_int_equal(config.mtu, 1400);
	assert_int_equal(config.idle, 3600);
	assert_int_equal(config.retry, 60);
	assert_string_equal(config.control, "/b");
	assert_int_equal(config.log, DSTM_LOG_ERR);
	config_free(&config);
}

static void refused(void **state)
{
	(void)state;
	assert_refused("", "1:");
	assert_refused("[]", ":1:1:");
	assert_refused("{\n  \"mode\": \"never\"\n}", ":2:");
	assert_refused("{ \"colour\": 1 }", "colour");
	assert_refused("{ \"servers\": \"2001:db8::1\" }", "servers");
	assert_refused("{ \"servers\": [ \"fe80::1\" ] }", "servers");
	assert_refused("{ \"servers\": [ \"ff02::1:2\" ] }", "servers");
	assert_refused("{ \"tep\": \"192.0.2.1\" }", "tep");
	assert_refused("{ \"local\": \"::\" }", "local");
	assert_refused("{ \"device\": \"a-name-of-sixteen\" }", "device");
	assert_refused("{ \"device\": \"a\\\"; drop\" }", "device");
	assert_refused("{ \"device\": \"../../x\" }", "device");
	assert_refused("{ \"metric\": -1 }", "metric");
	assert_refused("{ \"mtu\": 1000 }", "mtu");
	assert_refused("{ \"port-sets\": 1 }", "port-sets");
	assert_refused("{ \"patience\": 0 }", "patience");
	assert_refused("{ \"hook\": \"script\" }", "hook");
	assert_refused("{ \"log\": \"loud\" }", "log");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(everything),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("client_config", tests, NULL, NULL);
}
