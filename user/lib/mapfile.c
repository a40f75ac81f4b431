// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mapfile.h"

#define ERROR_SIZE	512

/* No mapping is shorter than {"ipv4":"1.1.1.1","remote":"::"} and a comma. */
#define SHORTEST	33

static void position(const struct dstm_mapfile *file, size_t at, size_t *line,
		     size_t *column)
{
	const char *p = file->text, *end = file->text + at, *next;

	*line = 1;
	while ((next = memchr(p, '\n', (size_t)(end - p)))) {
		++*line;
		p = next + 1;
	}
	*column = (size_t)(end - p) + 1;
}

size_t dstm_mapfile_line(const struct dstm_mapfile *file, size_t i)
{
	size_t line, column;

	position(file, file->at[i], &line, &column);
	return line;
}

__attribute__((format(printf, 4, 5)))
static int wrong(const struct dstm_mapfile *file, size_t at, char *error,
		 const char *format, ...)
{
	size_t line, column;
	va_list ap;
	int n;

	position(file, at < file->size ? at : file->size, &line, &column);
	n = snprintf(error, ERROR_SIZE, "%.200s:%zu:%zu: ", file->name, line,
		     column);
	va_start(ap, format);
	vsnprintf(error + n, ERROR_SIZE - (size_t)n, format, ap);
	va_end(ap);
	return -EINVAL;
}

static size_t skip_blank(const struct dstm_mapfile *file, size_t at)
{
	while (at < file->size && file->text[at] &&
	       strchr(" \t\r\n", file->text[at]))
		at++;
	return at;
}

/*
 * Where a key stands in the element from @at to @end: a string that a colon
 * follows. Keys written with escapes are not found, then it is the element.
 */
static size_t key_find(const struct dstm_mapfile *file, size_t at, size_t end,
		       const char *key)
{
	size_t len = strlen(key);
	size_t i, after;

	for (i = at; i + len + 2 <= end; i++) {
		if (file->text[i] != '"' || file->text[i + len + 1] != '"' ||
		    memcmp(file->text + i + 1, key, len))
			continue;
		after = skip_blank(file, i + len + 2);
		if (after < end && file->text[after] == ':')
			return i;
	}
	return at;
}

/* A string without escapes, or a number of digits; NULL for anything else. */
static const char *plain_value(const char *p, const char *end, char *value,
			       size_t size, bool *quoted)
{
	size_t n = 0;

	*quoted = p < end && *p == '"';
	if (*quoted)
		p++;
	for (; p < end && n < size - 1; p++) {
		unsigned char c = (unsigned char)*p;

		if (*quoted ? c == '"' : c < '0' || c > '9')
			break;
		if (c < 0x20 || c > 0x7e || c == '\\')
			return NULL;
		value[n++] = *p;
	}
	value[n] = '\0';
	if (p == end || n == size - 1)
		return NULL;
	if (*quoted)
		return p + 1;
	return n && (n == 1 || value[0] != '0') ? p : NULL;
}

static bool plain_word(struct dstm_mapping *m, const char *name,
		       const char *value, bool quoted, const char *dev)
{
	char reason[DSTM_MAPPING_ERROR];

	if (!strcmp(name, "dev"))
		return quoted && (!dev || !strcmp(dev, value));
	/* dstm_mapping_word() would take a number in quotes. */
	if (quoted && !strpbrk(value, ".:"))
		return false;
	return dstm_mapping_word(m, name, value, reason) == 1;
}

/*
 * The same as jansson, several times as fast, for an element that is as simple
 * as nearly all are. Whatever is unusual or wrong is left to jansson: 0 then,
 * else the element's end.
 */
static size_t plain_parse(const struct dstm_mapfile *file, size_t at,
			  const char *dev, struct dstm_mapping *m)
{
	const char *p = file->text + at, *end = file->text + file->size;
	char name[16], value[INET6_ADDRSTRLEN];
	bool quoted, dev_seen = false;

	memset(m, 0, sizeof(*m));
	do {
		p = file->text + skip_blank(file, (size_t)(p + 1 - file->text));
		p = plain_value(p, end, name, sizeof(name), &quoted);
		if (!p || !quoted)
			return 0;
		p = file->text + skip_blank(file, (size_t)(p - file->text));
		if (p == end || *p != ':')
			return 0;
		p = file->text + skip_blank(file, (size_t)(p + 1 - file->text));
		p = plain_value(p, end, value, sizeof(value), &quoted);
		if (!p || !plain_word(m, name, value, quoted, dev))
			return 0;
		if (!strcmp(name, "dev")) {
			if (dev_seen)
				return 0;
			dev_seen = true;
		}
		p = file->text + skip_blank(file, (size_t)(p - file->text));
	} while (p < end && *p == ',');

	if (p == end || *p != '}' ||
	    !dstm_mapping_has(m, DSTM_A_MAPPING_IPV4) ||
	    !dstm_mapping_has(m, DSTM_A_MAPPING_REMOTE))
		return 0;
	return (size_t)(p + 1 - file->text);
}

/*
 * Room for as many as there can be. A table that grows would be moved again and
 * again, while of one too large nothing is spent but addresses.
 */
static int room_make(struct dstm_mapfile *file, char *error)
{
	size_t room = file->size / SHORTEST + 1;

	file->mappings = malloc(room * sizeof(*file->mappings));
	file->at = malloc(room * sizeof(*file->at));
	if (file->mappings && file->at)
		return 0;
	snprintf(error, ERROR_SIZE, "%.200s: %s", file->name, strerror(ENOMEM));
	return -ENOMEM;
}

/* One element at @at; moves @at behind it. */
static int element_parse(struct dstm_mapfile *file, size_t *at,
			 const char *dev, char *error)
{
	char reason[DSTM_MAPPING_ERROR];
	struct dstm_mapping m;
	json_error_t json_error;
	const char *key;
	json_t *json;
	size_t end;
	int ret;

	if (*at >= file->size || file->text[*at] != '{')
		return wrong(file, *at, error,
			     "expected a mapping, which begins with {");

	end = plain_parse(file, *at, dev, &m);
	if (end)
		goto append;

	json = json_loadb(file->text + *at, file->size - *at,
			  JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES,
			  &json_error);
	end = *at + (size_t)json_error.position;
	if (!json)
		return wrong(file, end > *at ? end - 1 : end, error, "%s",
			     json_error.text);

	ret = dstm_mapping_from_json(json, dev, &m, &key, reason);
	if (ret)
		wrong(file, key ? key_find(file, *at, end, key) : *at, error,
		      "%s", reason);
	json_decref(json);
	if (ret)
		return ret;

append:
	file->mappings[file->count] = m;
	file->at[file->count++] = *at;
	*at = end;
	return 0;
}

int dstm_mapfile_parse(struct dstm_mapfile *file, const char *name, char *text,
		       size_t size, const char *dev, char *error)
{
	size_t at;
	int ret;

	memset(file, 0, sizeof(*file));
	file->name = name;
	file->text = text;
	file->size = size;
	ret = room_make(file, error);
	if (ret)
		return ret;

	at = skip_blank(file, 0);
	if (at >= size || text[at] != '[')
		return wrong(file, at, error,
			     "expected an array of mappings, which begins with [");
	at = skip_blank(file, at + 1);
	if (at < size && text[at] == ']')
		goto end;

	for (;;) {
		ret = element_parse(file, &at, dev, error);
		if (ret)
			return ret;
		at = skip_blank(file, at);
		if (at < size && text[at] == ']')
			break;
		if (at >= size || text[at] != ',')
			return wrong(file, at, error,
				     at < size ? "expected , or ]" :
				     "the file ends within the array");
		at = skip_blank(file, at + 1);
	}
end:
	at = skip_blank(file, at + 1);
	if (at < size)
		return wrong(file, at, error,
			     "expected the file's end after the array");
	return 0;
}

static int file_slurp(int fd, char **text, size_t *size)
{
	size_t room = 1 << 16;
	struct stat st;
	char *p = NULL;
	ssize_t n;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0)
		room = (size_t)st.st_size + 1;

	*text = NULL;
	*size = 0;
	do {
		if (!*text || *size == room) {
			room = *text ? 2 * room : room;
			p = realloc(*text, room);
			if (!p)
				return -ENOMEM;
			*text = p;
		}
		n = read(fd, *text + *size, room - *size);
		if (n < 0 && errno != EINTR)
			return -errno;
		*size += n > 0 ? (size_t)n : 0;
	} while (n);
	return 0;
}

int dstm_mapfile_read(struct dstm_mapfile *file, const char *path,
		      const char *dev, char *error)
{
	bool std = !strcmp(path, "-");
	char *text = NULL;
	size_t size = 0;
	int fd, ret;

	memset(file, 0, sizeof(*file));
	fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ret = fd < 0 ? -errno : file_slurp(fd, &text, &size);
	if (fd >= 0 && !std)
		close(fd);
	if (ret) {
		free(text);
		snprintf(error, ERROR_SIZE, "%.200s: %s", path, strerror(-ret));
		return ret;
	}
	return dstm_mapfile_parse(file, std ? "(stdin)" : path, text, size,
				  dev, error);
}

void dstm_mapfile_free(struct dstm_mapfile *file)
{
	free(file->mappings);
	free(file->at);
	free(file->text);
	memset(file, 0, sizeof(*file));
}
