// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/log.h"

#include "state.h"

static void read_name(struct dstm_config *c, void *data)
{
	char *name = NULL;

	if (!dstm_config_string(c, NULL, &name))
		return;
	if (strlen(name) >= IF_NAMESIZE || state_add(data, name))
		dstm_config_refuse(c, NULL, "expected the name of a device");
	free(name);
}

static void read_state(struct dstm_config *c, void *data)
{
	struct state *state = data;

	dstm_config_bool(c, "forwarding", &state->forwarding);
	dstm_config_array(c, "devices", read_name, state);
}

void state_read(struct state *state, const char *path)
{
	char error[DSTM_CONFIG_ERROR];

	memset(state, 0, sizeof(*state));
	if (access(path, F_OK) ||
	    !dstm_config_read(path, read_state, state, error))
		return;
	dstm_log(DSTM_LOG_WARNING,
		 "%s: what was changed before this start is not known, and will not be put back",
		 error);
	state_free(state);
}

static int file_write(json_t *json, const char *path)
{
	char temporary[4096];
	int ret = 0;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >=
	    (int)sizeof(temporary))
		return -ENAMETOOLONG;
	errno = 0;
	if (json_dump_file(json, temporary, JSON_COMPACT) ||
	    rename(temporary, path))
		ret = errno ? -errno : -EIO;
	return ret;
}

int state_write(const struct state *state, const char *path)
{
	json_t *devices = json_array();
	json_t *json;
	size_t i;
	int ret;

	if (!state->forwarding && !state->count) {
		json_decref(devices);
		return unlink(path) && errno != ENOENT ? -errno : 0;
	}
	for (i = 0; i < state->count; i++)
		json_array_append_new(devices, json_string(state->made[i]));
	json = json_pack("{s:b, s:o}", "forwarding", state->forwarding,
			 "devices", devices);
	if (!json)
		return -ENOMEM;
	ret = file_write(json, path);
	json_decref(json);
	return ret;
}

bool state_made(const struct state *state, const char *name)
{
	size_t i;

	for (i = 0; i < state->count; i++)
		if (!strcmp(state->made[i], name))
			return true;
	return false;
}

int state_add(struct state *state, const char *name)
{
	char (*more)[IF_NAMESIZE];

	more = realloc(state->made, (state->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	state->made = more;
	snprintf(more[state->count++], IF_NAMESIZE, "%s", name);
	return 0;
}

void state_del(struct state *state, size_t i)
{
	memmove(state->made + i, state->made + i + 1,
		(--state->count - i) * sizeof(*state->made));
}

void state_free(struct state *state)
{
	free(state->made);
	memset(state, 0, sizeof(*state));
}
