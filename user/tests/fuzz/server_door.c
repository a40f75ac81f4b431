// SPDX-License-Identifier: GPL-2.0
/*
 * The front door and all behind it: the input is packets, each with a byte before it
 * that says whether the gateway works first, and two that are its length.
 */
#include <event2/event.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/config.h"
#include "lib/log.h"
#include "server/dhcp4o6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
	"{\"gateways\": [{\"name\": \"g\", \"socket\": \"/s\"}],"
	"\"listen\": {\"relays\": [\"2001:db8::/32\"], \"rate\": 4294967295,"
	"  \"rate-source\": 4294967295},"
	"\"pools\": [{\"name\": \"p\", \"prefixes\": [\"192.0.2.0/29\"],"
	"  \"gateways\": [\"g\"], \"tep\": {\"ipv6\": \"2001:db8::1\", \"ipv4\": \"192.0.2.1\"}}],"
	"\"classes\": [{\"name\": \"shared\", \"pools\": [\"p\"], \"psid-len\": 4,"
	"  \"lifetime\": 600, \"match\": {\"prefix\": [\"2001:db8:1::/48\"]}},"
	"  {\"name\": \"all\", \"pools\": [\"p\"], \"tunnel-source\": \"any\"}]}";

static struct order orders[64];
static unsigned int ordered;

static bool order(void *data, unsigned int gateway, const struct order *o)
{
	(void)data;
	(void)gateway;
	if (ordered == 64)
		return false;
	orders[ordered++] = *o;
	return true;
}

static void work(struct engine *engine)
{
	unsigned int i, n = ordered;
	struct order doing[64];

	memcpy(doing, orders, sizeof(doing));
	ordered = 0;
	for (i = 0; i < n; i++)
		engine_confirm(engine, 0, &doing[i].slot, doing[i].number,
			       i % 5 != 4);
	engine_commit(engine);
}

static void packets(struct dhcp4o6 *door, struct engine *engine,
		    const uint8_t *data, size_t size)
{
	struct sockaddr_in6 from = { .sin6_family = AF_INET6 };
	struct in6_addr to = { { { 0x20, 1, 0x0d, 0xb8 } } };

	from.sin6_addr = to;
	from.sin6_addr.s6_addr[5] = 1;
	while (size >= 3) {
		size_t len = (size_t)data[1] << 8 | data[2];

		if (data[0] & 1)
			work(engine);
		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		dhcp4o6_packet(door, &from, &to, 0, data, len);
		data += len;
		size -= len;
	}
	work(engine);
}

/* What does not remember anything is made once. */
static struct dhcp4o6 *make_door(struct engine *engine, struct config *config)
{
	static const uint8_t duid[STORE_DUID];
	static struct turn turn;
	struct dhcp4o6 *door;

	dstm_log_most(DSTM_LOG_ERR - 1);
	if (turn_init(&turn, event_base_new(), engine))
		abort();
	door = dhcp4o6_new(&turn, duid);
	dhcp4o6_configure(door, config);
	return door;
}

/*
 * To open a store takes far longer than all the rest: there is one, in memory, which
 * is emptied by a second connection to it.
 */
static struct store *empty_store(const struct store_time *time)
{
	static const char path[] = "file:door?mode=memory&cache=shared";
	static struct store *store;
	static sqlite3 *db;
	char error[STORE_ERROR];

	if (!store && (sqlite3_config(SQLITE_CONFIG_URI, 1) ||
		       store_open(&store, path, time, error) ||
		       sqlite3_open(path, &db)))
		abort();
	if (sqlite3_exec(db, "DELETE FROM leases; DELETE FROM history", NULL,
			 NULL, NULL))
		abort();
	return store;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct store_time time = { "boot", 1000, 1700000000 };
	static struct engine engine;
	static struct config config;
	static struct dhcp4o6 *door;
	char error[DSTM_CONFIG_ERROR];

	if (!door)
		door = make_door(&engine, &config);
	ordered = 0;
	if (config_parse(&config, text, strlen(text), error))
		abort();
	engine = (struct engine){ .policy = config.policy,
				  .store = empty_store(&time), .order = order,
				  .now = time.now, .wall = time.wall };
	config.policy = NULL;
	if (engine_init(&engine))
		abort();
	packets(door, &engine, data, size);
	engine_destroy(&engine);
	config_free(&config);
	return 0;
}
