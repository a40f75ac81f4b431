/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON written as it comes, so that a million mappings need no memory. Not
 * pretty is one element of the outermost array a line.
 */
#ifndef DSTM_JSONW_H
#define DSTM_JSONW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct dstm_jsonw - where the writing stands
 * @file: where it goes; not closed by this code
 * @pretty: indented, one member a line
 * @depth: how many objects and arrays are open
 * @filled: whether the innermost one already has an element
 *
 * Begin with @file and @pretty set and the rest zero. A @key is NULL for the
 * elements of an array and for what is outermost.
 */
struct dstm_jsonw {
	FILE *file;
	bool pretty;
	unsigned int depth;
	bool filled;
};

void dstm_jsonw_open(struct dstm_jsonw *w, const char *key, char bracket);
void dstm_jsonw_close(struct dstm_jsonw *w, char bracket);
void dstm_jsonw_string(struct dstm_jsonw *w, const char *key, const char *text);
void dstm_jsonw_uint(struct dstm_jsonw *w, const char *key, uint64_t value);
void dstm_jsonw_int(struct dstm_jsonw *w, const char *key, int64_t value);
void dstm_jsonw_bool(struct dstm_jsonw *w, const char *key, bool value);

#endif
