// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "gateway.h"
#include "lib/portset.h"

json_t *dstm_gateway_mappings(const struct dstm_mapping *m, size_t n)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		if (json_array_append_new(array, dstm_mapping_json(&m[i], NULL))) {
			json_decref(array);
			return NULL;
		}
	}
	return json_pack("{s:o}", "mappings", array);
}

json_t *dstm_gateway_sync(const char *step, const struct dstm_mapping *m,
			  size_t n)
{
	json_t *params = m ? dstm_gateway_mappings(m, n) : json_object();

	if (json_object_set_new(params, "step", json_string(step))) {
		json_decref(params);
		return NULL;
	}
	return params;
}

/* The kernel would say so too, but only when it has done what came before. */
static const char *ports_wrong(const struct dstm_mapping *m)
{
	const struct dstm_portset set = {
		m->psid, m->psid_len, m->psid_offset,
	};

	if (m->psid_len && !dstm_mapping_has(m, DSTM_A_MAPPING_PSID))
		return "psid-len without psid";
	if (!dstm_mapping_has(m, DSTM_A_MAPPING_PSID_LEN) &&
	    dstm_mapping_has(m, DSTM_A_MAPPING_PSID))
		return "psid without psid-len";
	if (!dstm_mapping_has(m, DSTM_A_MAPPING_PSID_LEN) &&
	    dstm_mapping_has(m, DSTM_A_MAPPING_PSID_OFFSET))
		return "psid-offset without psid-len";
	return dstm_portset_wrong(&set);
}

/* NULL, or what is wrong with it. */
static const char *mapping_read(json_t *json, struct dstm_mapping *m,
				char *error)
{
	const char *key;

	if (dstm_mapping_from_json(json, NULL, m, &key, error))
		return error;
	return ports_wrong(m);
}

int dstm_gateway_mappings_read(json_t *params, struct dstm_mapping *m,
			       size_t *n, char *error)
{
	json_t *array = json_object_get(params, "mappings");
	char text[DSTM_MAPPING_ERROR];
	const char *wrong;
	size_t i;

	*n = json_array_size(array);
	if (!json_is_array(array) || *n > DSTM_GATEWAY_BATCH) {
		snprintf(error, DSTM_MAPPING_ERROR,
			 "mappings: expected an array of at most %d mappings",
			 DSTM_GATEWAY_BATCH);
		return -EINVAL;
	}
	for (i = 0; i < *n; i++) {
		wrong = mapping_read(json_array_get(array, i), &m[i], text);
		if (!wrong)
			continue;
		snprintf(error, DSTM_MAPPING_ERROR, "mappings[%zu]: %.200s", i,
			 wrong);
		return -EINVAL;
	}
	return 0;
}
