// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "config.h"

/* No configuration is as long as this. */
#define FILE_MAX	(16 * 1024 * 1024)

struct file {
	const char *name;
	const char *text;
	size_t size;
	char *error;
	bool failed;
};

/*
 * A value, and how to get to it: by @key in the object, or by @index in the array
 * @parent. A key that is asked for is taken out of the object @value, so that what
 * remains in it at the end is unknown.
 */
struct dstm_config {
	struct file *file;
	struct dstm_config *parent;
	const char *key;
	size_t index;
	json_t *value;
};

/*
 * Positions. The parser keeps none, so the text, which is known to be sound by
 * then, is read once more along the path.
 */

static size_t skip_blank(const struct file *f, size_t at)
{
	while (at < f->size && f->text[at] && strchr(" \t\r\n", f->text[at]))
		at++;
	return at;
}

static size_t skip_string(const struct file *f, size_t at)
{
	for (at++; at < f->size && f->text[at] != '"'; at++)
		if (f->text[at] == '\\')
			at++;
	return at + 1;
}

static size_t skip_value(const struct file *f, size_t at)
{
	size_t depth = 0;

	for (; at < f->size; at++) {
		char c = f->text[at];

		if (c == '"') {
			at = skip_string(f, at) - 1;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (!depth)
				return at;
			depth--;
		} else if (c == ',' && !depth) {
			return at;
		}
	}
	return f->size;
}

static bool key_is(const struct file *f, size_t begin, size_t end,
		   const char *key)
{
	size_t len = strlen(key);

	return end - begin == len + 2 && end <= f->size &&
	       !memcmp(f->text + begin + 1, key, len);
}

/*
 * The member @key, or the element @index, of the value at @at; its value's
 * position goes to @value. A key that is written with escapes is not found: then
 * it is the object.
 */
static size_t step(const struct file *f, size_t at, const char *key,
		   size_t index, size_t *value)
{
	size_t outer = at, i, begin, end;

	at++;
	for (i = 0; at < f->size; i++, at++) {
		begin = at = skip_blank(f, at);
		if (key) {
			end = skip_string(f, at);
			at = skip_blank(f, skip_blank(f, end) + 1);
		}
		*value = at;
		if (key ? key_is(f, begin, end, key) : i == index)
			return begin;
		at = skip_value(f, at);
		if (at < f->size && f->text[at] != ',')
			break;
	}
	*value = outer;
	return outer;
}

/* Where @c begins: @value its value, returned its key. */
static size_t locate(const struct dstm_config *c, size_t *value)
{
	size_t at;

	if (!c->parent) {
		*value = skip_blank(c->file, 0);
		return *value;
	}
	locate(c->parent, &at);
	return step(c->file, at, c->key, c->index, value);
}

static void line_column(const struct file *f, size_t at, size_t *line,
			size_t *column)
{
	const char *p = f->text, *end = f->text + (at < f->size ? at : f->size);
	const char *next;

	*line = 1;
	while ((next = memchr(p, '\n', (size_t)(end - p)))) {
		++*line;
		p = next + 1;
	}
	*column = (size_t)(end - p) + 1;
}

static size_t path_text(const struct dstm_config *c, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	if (!c->parent)
		return 0;
	n = path_text(c->parent, text, size);
	if (n >= size)
		return n;
	if (!c->key)
		return n + (size_t)snprintf(text + n, size - n, "[%zu]",
					    c->index);
	return n + (size_t)snprintf(text + n, size - n, "%s%s", n ? "." : "",
				    c->key);
}

__attribute__((format(printf, 2, 0)))
static void refuse(struct dstm_config *c, const char *format, va_list ap)
{
	struct file *f = c->file;
	size_t value, line, column;
	char path[160], what[256];

	if (f->failed)
		return;
	f->failed = true;
	line_column(f, locate(c, &value), &line, &column);
	path_text(c, path, sizeof(path));
	vsnprintf(what, sizeof(what), format, ap);
	snprintf(f->error, DSTM_CONFIG_ERROR, "%s:%zu:%zu: %s%s%s", f->name,
		 line, column, path, path[0] ? ": " : "", what);
}

void dstm_config_refuse(struct dstm_config *c, const char *key,
			const char *format, ...)
{
	struct dstm_config child = {
		.file = c->file, .parent = c, .key = key,
	};
	va_list ap;

	va_start(ap, format);
	refuse(key ? &child : c, format, ap);
	va_end(ap);
}

bool dstm_config_ok(const struct dstm_config *c)
{
	return !c->file->failed;
}

/*
 * The value that a getter wants. What it gets is the child, whose reference is to
 * be dropped with drop(); or @c itself, without a key.
 */
static bool take(struct dstm_config *c, const char *key,
		 struct dstm_config *child)
{
	if (c->file->failed)
		return false;
	if (!key) {
		*child = *c;
		json_incref(child->value);
		return true;
	}
	*child = (struct dstm_config){
		.file = c->file, .parent = c, .key = key,
		.value = json_incref(json_object_get(c->value, key)),
	};
	if (!child->value)
		return false;
	json_object_del(c->value, key);
	return true;
}

/* Ends a getter: without success, the value was not what was @expected. */
__attribute__((format(printf, 3, 4)))
static bool drop(struct dstm_config *child, bool success, const char *expected,
		 ...)
{
	va_list ap;

	if (!success) {
		va_start(ap, expected);
		refuse(child, expected, ap);
		va_end(ap);
	}
	json_decref(child->value);
	return success;
}

void dstm_config_need(struct dstm_config *c, const char *key)
{
	if (!c->file->failed && !json_object_get(c->value, key))
		dstm_config_refuse(c, NULL, "the key \"%s\" is missing", key);
}

bool dstm_config_has(const struct dstm_config *c, const char *key)
{
	return json_object_get(c->value, key);
}

size_t dstm_config_count(const struct dstm_config *c, const char *key)
{
	return json_array_size(key ? json_object_get(c->value, key) : c->value);
}

bool dstm_config_string(struct dstm_config *c, const char *key, char **value)
{
	struct dstm_config child;
	char *copy = NULL;

	if (!take(c, key, &child))
		return false;
	if (json_string_length(child.value))
		copy = strdup(json_string_value(child.value));
	if (copy) {
		free(*value);
		*value = copy;
	}
	return drop(&child, copy, "expected a string that is not empty");
}

bool dstm_config_address(struct dstm_config *c, const char *key, char **value)
{
	uint8_t addr[sizeof(struct in6_addr)];
	char *text = NULL;

	if (!dstm_config_string(c, key, &text))
		return false;
	if (inet_pton(AF_INET6, text, addr) != 1 &&
	    inet_pton(AF_INET, text, addr) != 1) {
		dstm_config_refuse(c, key, "expected an IPv6 or IPv4 address");
		free(text);
		return false;
	}
	free(*value);
	*value = text;
	return true;
}

bool dstm_config_bool(struct dstm_config *c, const char *key, bool *value)
{
	struct dstm_config child;

	if (!take(c, key, &child))
		return false;
	if (json_is_boolean(child.value))
		*value = json_is_true(child.value);
	return drop(&child, json_is_boolean(child.value),
		    "expected true or false");
}

static bool integer(struct dstm_config *c, const char *key, json_int_t min,
		    json_int_t max, json_int_t *value)
{
	struct dstm_config child;
	bool fits;

	if (!take(c, key, &child))
		return false;
	*value = json_integer_value(child.value);
	fits = json_is_integer(child.value) && *value >= min && *value <= max;
	return drop(&child, fits, "expected a number from %lld to %lld",
		    (long long)min, (long long)max);
}

bool dstm_config_uint(struct dstm_config *c, const char *key, uint32_t min,
		      uint32_t max, uint32_t *value)
{
	json_int_t number;

	if (!integer(c, key, min, max, &number))
		return false;
	*value = (uint32_t)number;
	return true;
}

bool dstm_config_int(struct dstm_config *c, const char *key, int32_t min,
		     int32_t max, int32_t *value)
{
	json_int_t number;

	if (!integer(c, key, min, max, &number))
		return false;
	*value = (int32_t)number;
	return true;
}

static uint32_t unit_seconds(char unit)
{
	switch (unit) {
	case 's': return 1;
	case 'm': return 60;
	case 'h': return 3600;
	case 'd': return 86400;
	case 'w': return 7 * 86400;
	}
	return 0;
}

/* "1h30m", in seconds; -1 if it is none. */
static int64_t duration_parse(const char *text)
{
	int64_t sum = 0;

	if (!*text)
		return -1;
	while (*text) {
		int64_t number = 0;
		int digits;

		for (digits = 0; *text >= '0' && *text <= '9'; digits++) {
			if (digits == 10)
				return -1;
			number = number * 10 + (*text++ - '0');
		}
		if (!digits || !unit_seconds(*text))
			return -1;
		sum += number * unit_seconds(*text++);
		if (sum > UINT32_MAX)
			return -1;
	}
	return sum;
}

bool dstm_config_duration(struct dstm_config *c, const char *key, uint32_t min,
			  uint32_t max, uint32_t *seconds)
{
	struct dstm_config child;
	int64_t value = -1;
	bool fits;

	if (!take(c, key, &child))
		return false;
	if (json_is_integer(child.value))
		value = json_integer_value(child.value);
	else if (json_is_string(child.value))
		value = duration_parse(json_string_value(child.value));
	fits = value >= min && value <= max;
	if (fits)
		*seconds = (uint32_t)value;
	return drop(&child, fits,
		    "expected a time from %u to %u seconds, as a number of seconds or such as \"90s\", \"10m\", \"1h30m\", \"7d\"",
		    min, max);
}

bool dstm_config_choice(struct dstm_config *c, const char *key,
			const char *const *names, int *value)
{
	struct dstm_config child;
	char list[200] = "";
	size_t n = 0;
	bool found = false;
	int i;

	if (!take(c, key, &child))
		return false;
	for (i = 0; names[i]; i++) {
		if (n < sizeof(list))
			n += (size_t)snprintf(list + n, sizeof(list) - n,
					      "%s\"%s\"", i ? ", " : "",
					      names[i]);
		if (json_is_string(child.value) &&
		    !strcmp(names[i], json_string_value(child.value))) {
			*value = i;
			found = true;
		}
	}
	return drop(&child, found, "expected one of %s", list);
}

/* The text of a string without a NUL in it, else one that is nothing. */
static const char *text_of(const struct dstm_config *c)
{
	const char *text = json_string_value(c->value);

	return text && strlen(text) == json_string_length(c->value) ? text : "";
}

bool dstm_config_ipv4(struct dstm_config *c, const char *key,
		      struct in_addr *addr)
{
	struct dstm_config child;
	struct in_addr read;
	bool fits;

	if (!take(c, key, &child))
		return false;
	fits = inet_pton(AF_INET, text_of(&child), &read) == 1;
	if (fits)
		*addr = read;
	return drop(&child, fits,
		    "expected an IPv4 address such as \"192.0.2.1\"");
}

bool dstm_config_ipv6(struct dstm_config *c, const char *key,
		      struct in6_addr *addr)
{
	struct dstm_config child;
	struct in6_addr read;
	bool fits;

	if (!take(c, key, &child))
		return false;
	fits = inet_pton(AF_INET6, text_of(&child), &read) == 1;
	if (fits)
		*addr = read;
	return drop(&child, fits,
		    "expected an IPv6 address such as \"2001:db8::1\"");
}

bool dstm_config_tunnel_end(struct dstm_config *c, const char *key,
			    struct in6_addr *addr)
{
	struct in6_addr read;

	if (!dstm_config_ipv6(c, key, &read))
		return false;
	if (IN6_IS_ADDR_UNSPECIFIED(&read) || IN6_IS_ADDR_LOOPBACK(&read) ||
	    IN6_IS_ADDR_MULTICAST(&read) || IN6_IS_ADDR_LINKLOCAL(&read) ||
	    IN6_IS_ADDR_V4MAPPED(&read)) {
		dstm_config_refuse(c, key,
				   "expected an IPv6 address that is reached from elsewhere, by unicast");
		return false;
	}
	*addr = read;
	return true;
}

/* Whether an address of @size bytes has no bit beyond @len. */
static bool is_prefix(const void *addr, size_t size, uint8_t len)
{
	const uint8_t *byte = addr;
	size_t i;

	for (i = len; i < size * 8; i++)
		if (byte[i / 8] >> (7 - i % 8) & 1)
			return false;
	return true;
}

bool dstm_config_ipv4_prefix(struct dstm_config *c, const char *key,
			     struct in_addr *addr, uint8_t *len)
{
	struct dstm_config child;
	struct in_addr read;
	uint8_t read_len;
	bool fits;

	if (!take(c, key, &child))
		return false;
	fits = !dstm_ipv4_prefix_parse(text_of(&child), &read, &read_len) &&
	       is_prefix(&read, sizeof(read), read_len);
	if (fits) {
		*addr = read;
		*len = read_len;
	}
	return drop(&child, fits,
		    "expected an IPv4 prefix such as \"192.0.2.0/24\", with no bit set beyond its length");
}

bool dstm_config_ipv6_prefix(struct dstm_config *c, const char *key,
			     struct in6_addr *addr, uint8_t *len)
{
	struct dstm_config child;
	struct in6_addr read;
	uint8_t read_len;
	bool fits;

	if (!take(c, key, &child))
		return false;
	fits = !dstm_ipv6_prefix_parse(text_of(&child), &read, &read_len) &&
	       is_prefix(&read, sizeof(read), read_len);
	if (fits) {
		*addr = read;
		*len = read_len;
	}
	return drop(&child, fits,
		    "expected an IPv6 prefix such as \"2001:db8::/32\", with no bit set beyond its length");
}

/* What @fn did not ask for is unknown. */
static void visit(struct dstm_config *c, dstm_config_fn *fn, void *data)
{
	const char *unknown;

	fn(c, data);
	if (c->file->failed || !json_is_object(c->value))
		return;
	unknown = json_object_iter_key(json_object_iter(c->value));
	if (unknown)
		dstm_config_refuse(c, unknown,
				   "there is no such key here; see the manual page");
}

bool dstm_config_object(struct dstm_config *c, const char *key,
			dstm_config_fn *fn, void *data)
{
	struct dstm_config child;

	if (!take(c, key, &child))
		return false;
	if (!json_is_object(child.value))
		return drop(&child, false, "expected an object");
	visit(&child, fn, data);
	json_decref(child.value);
	return !c->file->failed;
}

bool dstm_config_array(struct dstm_config *c, const char *key,
		       dstm_config_fn *fn, void *data)
{
	struct dstm_config child;
	size_t i;

	if (!take(c, key, &child))
		return false;
	if (!json_is_array(child.value))
		return drop(&child, false, "expected an array");
	for (i = 0; i < json_array_size(child.value) && !c->file->failed; i++) {
		struct dstm_config element = {
			.file = c->file, .parent = &child, .index = i,
			.value = json_array_get(child.value, i),
		};

		visit(&element, fn, data);
	}
	json_decref(child.value);
	return !c->file->failed;
}

int dstm_config_parse(const char *name, const char *text, size_t size,
		      dstm_config_fn *fn, void *data, char *error)
{
	struct file file = {
		.name = name, .text = text, .size = size, .error = error,
	};
	struct dstm_config root = { .file = &file };
	json_error_t wrong;

	root.value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &wrong);
	if (!root.value) {
		snprintf(error, DSTM_CONFIG_ERROR, "%s:%d:%d: %s", name,
			 wrong.line > 0 ? wrong.line : 1,
			 wrong.column > 0 ? wrong.column : 1, wrong.text);
		return -EINVAL;
	}
	if (json_is_object(root.value))
		visit(&root, fn, data);
	else
		dstm_config_refuse(&root, NULL, "expected an object");
	json_decref(root.value);
	return file.failed ? -EINVAL : 0;
}

/* The whole of a file, on the heap. */
static int slurp(const char *path, char **text, size_t *size)
{
	FILE *file = fopen(path, "re");
	int ret = 0;
	size_t n;

	*text = NULL;
	*size = 0;
	if (!file)
		return -errno;
	do {
		char *more = realloc(*text, *size + 65536);

		if (!more) {
			ret = -ENOMEM;
			break;
		}
		*text = more;
		n = fread(more + *size, 1, 65536, file);
		*size += n;
		if (ferror(file))
			ret = errno ? -errno : -EIO;
		if (*size > FILE_MAX)
			ret = -EFBIG;
	} while (n && !ret);
	fclose(file);
	return ret;
}

int dstm_config_read(const char *path, dstm_config_fn *fn, void *data,
		     char *error)
{
	size_t size;
	char *text;
	int ret;

	ret = slurp(path, &text, &size);
	if (ret)
		snprintf(error, DSTM_CONFIG_ERROR, "%s: %s", path,
			 strerror(-ret));
	else
		ret = dstm_config_parse(path, text, size, fn, data, error);
	free(text);
	return ret;
}
