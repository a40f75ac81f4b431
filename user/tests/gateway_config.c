// SPDX-License-Identifier: GPL-2.0
/* gateway.json: what is refused, and in which words. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "gateway/config.h"
#include "lib/config.h"

#define DEVICE	"\"devices\": [{\"name\": \"dstm0\", \"local\": \"2001:db8::1\"}]"
#define UNICAST	"expected an IPv4 address that is reached from elsewhere, by unicast"
#define SERVER	"\"servers\": [{\"name\": \"one\", \"uids\": [7]}]"

static int parse(const char *text, struct config *config, char *error)
{
	char path[] = "/tmp/dstm-config.XXXXXX";
	int fd = mkstemp(path);
	int ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	ret = config_read(path, config, error);
	unlink(path);
	if (ret)
		memmove(error, error + strlen(path) + 1,
			strlen(error) - strlen(path));
	return ret;
}

static const struct {
	const char *text;
	const char *error;
} wrongs[] = {
	{ "{}", "1:1: the key \"name\" is missing" },
	{ "{\"name\": \"g\"}", "1:1: the key \"devices\" is missing" },
	{ "{\"name\": \"g\", \"devices\": []}",
	  "1:15: devices: expected at least one device" },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"a/b\", \"local\": \"::1\"}]}",
	  "1:28: devices[0].name: expected the name of a network device, 1 to 15 characters" },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\"}]}",
	  "1:27: devices[0]: the key \"local\" is missing" },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\", \"local\": \"2001:db8::1\",\n\"shortcut\": [\"eth0\", \"eth0\"]}]}",
	  "2:22: devices[0].shortcut[1]: it is named twice" },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\", \"local\": \"2001:db8::1\",\n\"mtu\": 1239}]}",
	  "2:1: devices[0].mtu: expected a number from 1240 to 65487" },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\", \"local\": \"2001:db8::1\",\n\"mtu\": 65488}]}",
	  "2:1: devices[0].mtu: expected a number from 1240 to 65487" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"servers\": [{\"name\": \"one\"}]}",
	  "2:13: servers[0]: expected \"users\", \"uids\" or \"certificates\", or nobody can be this server" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"servers\": [{\"name\": \"one\", \"certificates\": [\"sha256:12\"]}]}",
	  "2:46: servers[0].certificates[0]: expected \"sha256:\" and 64 hexadecimal digits" },
	{ "{\"name\": \"g\", " DEVICE ", " SERVER ",\n\"pools\": [{\"prefix\": \"192.0.2.0/24\", \"server\": \"two\"}]}",
	  "2:38: pools[0].server: expected the name of one of \"servers\"" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"pools\": [{\"prefix\": \"192.0.2.0/24\", \"dev\": \"dstm1\"}]}",
	  "2:38: pools[0].dev: expected the name of one of \"devices\"" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"pools\": [{\"prefix\": \"192.0.2.0/24\"}, {\"prefix\": \"192.0.2.128/25\"}]}",
	  "2:40: pools[1].prefix: it overlaps with pools[0]" },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\",\n\"local\": \"fe80::1\"}]}",
	  "2:1: devices[0].local: expected an IPv6 address that is reached from elsewhere, by unicast" },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\", \"local\": \"2001:db8::1\"},\n{\"name\": \"e\", \"local\": \"2001:db8::1\"}]}",
	  "2:15: devices[1].local: it is the one of devices[0] already" },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\", \"local\": \"2001:db8::1\",\n\"ipv4\": \"0.0.0.0\"}]}",
	  "2:1: devices[0].ipv4: " UNICAST },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\", \"local\": \"2001:db8::1\",\n\"ipv4\": \"127.0.0.1\"}]}",
	  "2:1: devices[0].ipv4: " UNICAST },
	{ "{\"name\": \"g\", \"devices\": [{\"name\": \"d\", \"local\": \"2001:db8::1\",\n\"ipv4\": \"224.0.0.1\"}]}",
	  "2:1: devices[0].ipv4: " UNICAST },
	{ "{\"name\": \"g\", " DEVICE ",\n\"servers\": [{\"name\": \"one\", \"certificates\": [\"a\"]}, {\"name\": \"two\", \"certificates\": [\"b\", \"A\"]}]}",
	  "2:53: servers[1]: certificate \"A\" is of servers[0] already" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"servers\": [{\"name\": \"one\", \"uids\": [7]}, {\"name\": \"two\", \"uids\": [8, 7]}]}",
	  "2:43: servers[1]: uid 7 is of servers[0] already" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"tls\": {\"certificate\": \"x\"}}",
	  "2:1: tls: the key \"key\" is missing" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"tls\": {\"certificate\": \"/none/x\", \"key\": \"/none/y\", \"authorities\": \"/none/z\"}}",
	  "2:1: tls: certificate /none/x: No such file or directory" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"metrics\": {\"port\": 0}}",
	  "2:13: metrics.port: expected a number from 1 to 65535" },
	{ "{\"name\": \"g\", " DEVICE ",\n\"metrics\": {\"address\": \"localhost\"}}",
	  "2:13: metrics.address: expected an IPv6 or IPv4 address" },
};

static void wrong(void **state)
{
	char error[DSTM_CONFIG_ERROR];
	struct config config;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		assert_int_not_equal(parse(wrongs[i].text, &config, error), 0);
		assert_string_equal(error, wrongs[i].error);
	}
}

static const struct config_pool *pool_of(const struct config *config,
					 const char *text)
{
	struct in_addr addr;

	assert_int_equal(inet_pton(AF_INET, text, &addr), 1);
	return config_pool_of(config, addr);
}

static void pools(void **state)
{
	char error[DSTM_CONFIG_ERROR];
	struct config config;

	(void)state;
	assert_int_equal(parse("{\"name\": \"g\", \"pools\": [{\"prefix\": "
		"\"192.0.2.0/25\", \"server\": \"one\"}, {\"prefix\": "
		"\"192.0.2.128/32\"}], " DEVICE ", " SERVER "}", &config,
		error), 0);
	assert_int_equal(pool_of(&config, "192.0.2.127")->server, 0);
	assert_int_equal(pool_of(&config, "192.0.2.128")->server, -1);
	assert_null(pool_of(&config, "192.0.2.129"));
	assert_null(pool_of(&config, "192.0.1.255"));
	assert_string_equal(config.socket, "/run/dstm/gateway.sock");
	assert_int_equal(config.idle, 600);
	assert_true(config.forwarding);
	config_free(&config);
}

static void mtu(void **state)
{
	char error[DSTM_CONFIG_ERROR];
	struct config config;

	(void)state;
	assert_int_equal(parse("{\"name\": \"g\", \"devices\": ["
		"{\"name\": \"d\", \"local\": \"2001:db8::1\", \"mtu\": 1240}, "
		"{\"name\": \"e\", \"local\": \"2001:db8::2\", \"mtu\": 65487}]}",
		&config, error), 0);
	assert_int_equal(config.devices[0].link.mtu, 1240);
	assert_int_equal(config.devices[1].link.mtu, 65487);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong),
		cmocka_unit_test(pools),
		cmocka_unit_test(mtu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
