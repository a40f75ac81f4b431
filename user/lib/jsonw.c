// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>

#include "jsonw.h"

static void indent(const struct dstm_jsonw *w)
{
	fprintf(w->file, "\n%*s", (int)(4 * w->depth), "");
}

static void text_put(FILE *file, const char *text)
{
	putc_unlocked('"', file);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			fprintf(file, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else
			putc_unlocked(c, file);
	}
	putc_unlocked('"', file);
}

static void begin(struct dstm_jsonw *w, const char *key)
{
	if (w->depth && w->filled)
		putc_unlocked(',', w->file);
	if (w->depth && w->pretty)
		indent(w);
	else if (w->depth == 1 && !key)
		putc_unlocked('\n', w->file);
	w->filled = true;

	if (key) {
		text_put(w->file, key);
		fputs(w->pretty ? ": " : ":", w->file);
	}
}

void dstm_jsonw_open(struct dstm_jsonw *w, const char *key, char bracket)
{
	begin(w, key);
	putc_unlocked(bracket, w->file);
	w->depth++;
	w->filled = false;
}

void dstm_jsonw_close(struct dstm_jsonw *w, char bracket)
{
	w->depth--;
	if (w->filled && w->pretty)
		indent(w);
	else if (w->filled && !w->depth && bracket == ']')
		putc_unlocked('\n', w->file);
	putc_unlocked(bracket, w->file);
	if (!w->depth)
		putc_unlocked('\n', w->file);
	w->filled = w->depth > 0;
}

void dstm_jsonw_string(struct dstm_jsonw *w, const char *key, const char *text)
{
	begin(w, key);
	text_put(w->file, text);
}

void dstm_jsonw_uint(struct dstm_jsonw *w, const char *key, uint64_t value)
{
	begin(w, key);
	fprintf(w->file, "%" PRIu64, value);
}

void dstm_jsonw_int(struct dstm_jsonw *w, const char *key, int64_t value)
{
	begin(w, key);
	fprintf(w->file, "%" PRId64, value);
}

void dstm_jsonw_bool(struct dstm_jsonw *w, const char *key, bool value)
{
	begin(w, key);
	fputs(value ? "true" : "false", w->file);
}
