// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "gateway.h"

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

int dstm_gateway_mappings_read(json_t *params, struct dstm_mapping *m,
			       size_t *n, char *error)
{
	json_t *array = json_object_get(params, "mappings");
	char reason[DSTM_MAPPING_ERROR];
	const char *key;
	size_t i;

	*n = json_array_size(array);
	if (!json_is_array(array) || *n > DSTM_GATEWAY_BATCH) {
		snprintf(error, DSTM_MAPPING_ERROR,
			 "mappings: expected an array of at most %d mappings",
			 DSTM_GATEWAY_BATCH);
		return -EINVAL;
	}
	for (i = 0; i < *n; i++) {
		if (!dstm_mapping_from_json(json_array_get(array, i), NULL,
					    &m[i], &key, reason))
			continue;
		snprintf(error, DSTM_MAPPING_ERROR, "mappings[%zu]: %.200s", i,
			 reason);
		return -EINVAL;
	}
	return 0;
}
