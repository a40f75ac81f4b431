// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "state.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE	40

/* RFC 6355: type 4, and a UUID. */
#define DUID_UUID	4
#define DUID_UUID_LEN	18

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t state_now(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

static void boot_id(char *text)
{
	FILE *file = fopen(BOOT_ID, "re");

	text[0] = '\0';
	if (!file)
		return;
	if (!fgets(text, BOOT_ID_SIZE, file))
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	fclose(file);
}

static void duid_new(struct state *state)
{
	state->duid[0] = 0;
	state->duid[1] = DUID_UUID;
	if (getrandom(state->duid + 2, DUID_UUID_LEN - 2, 0) !=
	    DUID_UUID_LEN - 2)
		dstm_log(DSTM_LOG_WARNING, "no random numbers for a DUID");
	state->duid_len = DUID_UUID_LEN;
}

static void duid_read(struct state *state, const json_t *json)
{
	const char *text = json_string_value(json);
	size_t i, len = text ? strlen(text) / 2 : 0;

	if (len < 3 || len > STATE_DUID)
		return;
	for (i = 0; i < len; i++) {
		unsigned int byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return;
		state->duid[i] = (uint8_t)byte;
	}
	state->duid_len = len;
}

static json_t *duid_write(const struct state *state)
{
	char text[2 * STATE_DUID + 1];
	size_t i;

	for (i = 0; i < state->duid_len; i++)
		snprintf(text + 2 * i, 3, "%02x", state->duid[i]);
	return json_string(text);
}

static json_t *addr_write(int family, const void *addr)
{
	char text[INET6_ADDRSTRLEN];

	return json_string(inet_ntop(family, addr, text, sizeof(text)));
}

static bool addr_read(const json_t *object, const char *key, int family,
		      void *addr)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && inet_pton(family, text, addr) == 1;
}

static uint64_t number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

/* Endless times are not written. */
static uint64_t time_read(const json_t *object, const char *key)
{
	return json_object_get(object, key) ? number(object, key) :
	       MACHINE_NEVER;
}

static void time_write(json_t *object, const char *key, uint64_t time)
{
	if (time != MACHINE_NEVER)
		json_object_set_new(object, key,
				    json_integer((json_int_t)time));
}

static void dns_read(struct machine_lease *lease, const json_t *array)
{
	const char *text;
	size_t i;

	for (i = 0; i < json_array_size(array) && i < MACHINE_DNS; i++) {
		text = json_string_value(json_array_get(array, i));
		if (text && inet_pton(AF_INET, text,
				      &lease->dns[lease->dns_count]) == 1)
			lease->dns_count++;
	}
}

static bool lease_read(struct machine_lease *lease, const json_t *json)
{
	lease->ports.psid = (uint16_t)number(json, "psid");
	lease->ports.len = (uint8_t)number(json, "psid-len");
	lease->ports.offset = (uint8_t)number(json, "psid-offset");
	lease->mtu = (uint16_t)number(json, "mtu");
	lease->t1 = time_read(json, "t1");
	lease->t2 = time_read(json, "t2");
	lease->expires = time_read(json, "expires");
	dns_read(lease, json_object_get(json, "dns"));
	addr_read(json, "tep-ipv4", AF_INET, &lease->tep_ipv4);
	return addr_read(json, "ipv4", AF_INET, &lease->ipv4) &&
	       addr_read(json, "server-id", AF_INET, &lease->server_id) &&
	       addr_read(json, "server", AF_INET6, &lease->server) &&
	       addr_read(json, "local", AF_INET6, &lease->local) &&
	       addr_read(json, "tep", AF_INET6, &lease->tep) &&
	       !dstm_portset_wrong(&lease->ports);
}

static json_t *lease_write(const struct machine_lease *lease)
{
	json_t *json, *dns = json_array();
	unsigned int i;

	for (i = 0; i < lease->dns_count; i++)
		json_array_append_new(dns, addr_write(AF_INET, &lease->dns[i]));
	json = json_pack("{so so so so so so si si si si so}",
			 "ipv4", addr_write(AF_INET, &lease->ipv4),
			 "server-id", addr_write(AF_INET, &lease->server_id),
			 "server", addr_write(AF_INET6, &lease->server),
			 "local", addr_write(AF_INET6, &lease->local),
			 "tep", addr_write(AF_INET6, &lease->tep),
			 "tep-ipv4", addr_write(AF_INET, &lease->tep_ipv4),
			 "psid", lease->ports.psid,
			 "psid-len", lease->ports.len,
			 "psid-offset", lease->ports.offset,
			 "mtu", lease->mtu, "dns", dns);
	time_write(json, "t1", lease->t1);
	time_write(json, "t2", lease->t2);
	time_write(json, "expires", lease->expires);
	return json;
}

/*
 * After a restart of the machine only the wall clock tells how much of a lease is
 * left; before it, that clock may have stepped and the other one has not. Where a
 * machine comes up in 1970, no more is left than when the file was written.
 */
static bool lease_rebase(struct machine_lease *lease, uint64_t end, uint64_t most)
{
	uint64_t wall = clock_ms(CLOCK_REALTIME), now = state_now();
	uint64_t left = end > wall ? end - wall : 0;

	if (left > most)
		left = most;
	if (lease->expires == MACHINE_NEVER)
		return true;
	if (!left || lease->t1 > lease->t2 || lease->t2 > lease->expires)
		return false;
	lease->t1 = now;
	lease->t2 = now + left - (left < lease->expires - lease->t2 ? left :
				  lease->expires - lease->t2);
	lease->expires = now + left;
	return true;
}

static void trace_read(struct state_trace *trace, const json_t *json)
{
	const char *device = json_string_value(json_object_get(json, "device"));

	if (!device || strlen(device) >= sizeof(trace->device))
		return;
	trace->up = !json_is_false(json_object_get(json, "up"));
	trace->waits = json_is_true(json_object_get(json, "waits"));
	strcpy(trace->device, device);
	trace->kind = number(json, "kind") == TUNNEL_IP6TNL ? TUNNEL_IP6TNL :
		      TUNNEL_DSTM;
	trace->mtu = (uint32_t)number(json, "mtu");
	trace->metric = (uint32_t)number(json, "metric");
	trace->ports = json_object_get(json, "last-port");
	trace->first = (uint16_t)number(json, "first-port");
	trace->last = (uint16_t)number(json, "last-port");
}

static json_t *trace_write(const struct state_trace *trace)
{
	json_t *json = json_pack("{sb sb ss si si sI}", "up", trace->up, "waits",
				 trace->waits, "device", trace->device, "kind",
				 trace->kind, "mtu", trace->mtu, "metric",
				 (json_int_t)trace->metric);

	if (trace->ports)
		json_object_update_new(json, json_pack("{si si}",
			"first-port", trace->first, "last-port", trace->last));
	return json;
}

static void state_read(struct state *state, const json_t *json)
{
	const char *boot = json_string_value(json_object_get(json, "boot"));
	const json_t *lease = json_object_get(json, "lease");
	char now_boot[BOOT_ID_SIZE];
	bool same;

	boot_id(now_boot);
	same = boot && !strcmp(boot, now_boot);
	duid_read(state, json_object_get(json, "duid"));
	addr_read(json, "former", AF_INET, &state->former);
	state->leased = lease && lease_read(&state->lease, lease);
	if (state->leased && !same)
		state->leased = lease_rebase(&state->lease,
					     number(json, "expires"),
					     time_read(json, "left"));
	if (state->leased && state->lease.expires <= state_now())
		state->leased = false;
	if (same)
		trace_read(&state->trace, json_object_get(json, "trace"));
}

void state_load(struct state *state, const char *path)
{
	json_error_t error;
	json_t *json;

	memset(state, 0, sizeof(*state));
	json = json_load_file(path, 0, &error);
	if (json)
		state_read(state, json);
	else if (!access(path, F_OK))
		dstm_log(DSTM_LOG_WARNING, "%s:%d:%d: %s; beginning anew", path,
			 error.line, error.column, error.text);
	json_decref(json);
	if (!state->duid_len)
		duid_new(state);
}

static json_t *state_write(const struct state *state)
{
	uint64_t left = state->lease.expires - state_now();
	char boot[BOOT_ID_SIZE];
	json_t *json;

	boot_id(boot);
	json = json_pack("{ss so so}", "boot", boot, "duid", duid_write(state),
			 "former", addr_write(AF_INET, &state->former));
	if (state->leased) {
		json_object_set_new(json, "lease", lease_write(&state->lease));
		if (state->lease.expires != MACHINE_NEVER) {
			time_write(json, "expires",
				   clock_ms(CLOCK_REALTIME) + left);
			time_write(json, "left", left);
		}
	}
	if (state->trace.up || state->trace.waits)
		json_object_set_new(json, "trace", trace_write(&state->trace));
	return json;
}

static int file_write(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		ret = errno ? -errno : -ENOSPC;
	else if (fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

int state_save(const struct state *state, const char *path)
{
	json_t *json = state_write(state);
	char *text = json_dumps(json, JSON_INDENT(2));
	char *other = NULL;
	int ret = -ENOMEM;

	json_decref(json);
	if (text && asprintf(&other, "%s.new", path) > 0) {
		ret = file_write(other, text);
		if (!ret && rename(other, path))
			ret = -errno;
		if (ret)
			unlink(other);
	}
	if (ret)
		dstm_log(DSTM_LOG_ERR, "state file %s: %s", path,
			 strerror(-ret));
	free(other);
	free(text);
	return ret;
}
