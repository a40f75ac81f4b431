/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A configuration file: JSON, read whole or refused whole. Every error is
 * "file:line:column: key.path: what was expected".
 *
 * The reader of a program is a flat list of getters. It puts the defaults into its
 * structure before; a getter of a key that is not in the file leaves the value as
 * it is. After the first error no getter does anything. A key that no getter asked
 * for is refused at the end of its object.
 *
 *	static void read_pool(struct dstm_config *c, void *data)
 *	{
 *		struct pool *pool = pool_new(data);
 *
 *		dstm_config_need(c, "name");
 *		dstm_config_string(c, "name", &pool->name);
 *		dstm_config_duration(c, "rest", 0, 86400, &pool->rest);
 *	}
 *
 *	dstm_config_array(c, "pools", read_pool, config);
 */
#ifndef DSTM_CONFIG_H
#define DSTM_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for an error. */
#define DSTM_CONFIG_ERROR	512

/* One value of the file, while it is read. */
struct dstm_config;

/**
 * dstm_config_fn - reads one object, or one element of an array
 * @c: the object or element
 * @data: what was given with it
 */
typedef void dstm_config_fn(struct dstm_config *c, void *data);

/**
 * dstm_config_read - read a file
 * @path: its path
 * @fn: called for its outermost object
 * @data: for @fn
 * @error: DSTM_CONFIG_ERROR bytes for what is wrong
 *
 * What @fn put into its structure before an error is the caller's to free.
 *
 * Return: 0, or a negative errno with @error filled.
 */
int dstm_config_read(const char *path, dstm_config_fn *fn, void *data,
		     char *error);

/**
 * dstm_config_parse - as dstm_config_read(), of what is in memory
 * @name: what to call it in errors
 * @text: its text
 * @size: its length in bytes
 * @fn: called for its outermost object
 * @data: for @fn
 * @error: DSTM_CONFIG_ERROR bytes for what is wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int dstm_config_parse(const char *name, const char *text, size_t size,
		      dstm_config_fn *fn, void *data, char *error);

/**
 * dstm_config_ok - whether there was no error so far
 * @c: any value of the file
 */
bool dstm_config_ok(const struct dstm_config *c);

/**
 * dstm_config_need - refuse the file if a key is missing
 * @c: an object
 * @key: the key
 */
void dstm_config_need(struct dstm_config *c, const char *key);

/**
 * dstm_config_has - whether a key is there
 * @c: an object
 * @key: the key
 */
bool dstm_config_has(const struct dstm_config *c, const char *key);

/**
 * dstm_config_refuse - refuse the file for a reason of the program's own
 * @c: an object or an element
 * @key: the key at fault, or NULL for @c itself
 * @format: what was expected, as of printf(3)
 */
__attribute__((format(printf, 3, 4)))
void dstm_config_refuse(struct dstm_config *c, const char *key,
			const char *format, ...);

/*
 * The getters. @key is a key of the object @c, or NULL for @c itself, as it is
 * used for the elements of an array. They return whether there was such a value
 * and it was sound; only then it is stored.
 */

/* Not empty. On the heap and the caller's; what stood in @value is freed. */
bool dstm_config_string(struct dstm_config *c, const char *key, char **value);
/* The text of an IPv6 or IPv4 address, otherwise the same. */
bool dstm_config_address(struct dstm_config *c, const char *key, char **value);
bool dstm_config_bool(struct dstm_config *c, const char *key, bool *value);
/* From @min to @max, both included. */
bool dstm_config_uint(struct dstm_config *c, const char *key, uint32_t min,
		      uint32_t max, uint32_t *value);
bool dstm_config_int(struct dstm_config *c, const char *key, int32_t min,
		     int32_t max, int32_t *value);
/* Seconds: a number, or a text such as "90s", "10m", "1h30m", "7d", "2w". */
bool dstm_config_duration(struct dstm_config *c, const char *key, uint32_t min,
			  uint32_t max, uint32_t *seconds);
/* The index of a string in @names, which NULL ends. */
bool dstm_config_choice(struct dstm_config *c, const char *key,
			const char *const *names, int *value);
/* Network byte order. */
bool dstm_config_ipv4(struct dstm_config *c, const char *key,
		      struct in_addr *addr);
bool dstm_config_ipv6(struct dstm_config *c, const char *key,
		      struct in6_addr *addr);
/* One that a tunnel can end at: the kernel takes no others. */
bool dstm_config_tunnel_end(struct dstm_config *c, const char *key,
			    struct in6_addr *addr);
/* No bit may be set beyond the prefix. An address alone is a whole one. */
bool dstm_config_ipv4_prefix(struct dstm_config *c, const char *key,
			     struct in_addr *addr, uint8_t *len);
bool dstm_config_ipv6_prefix(struct dstm_config *c, const char *key,
			     struct in6_addr *addr, uint8_t *len);
/* An object, read by @fn. */
bool dstm_config_object(struct dstm_config *c, const char *key,
			dstm_config_fn *fn, void *data);
/* An array; @fn is called for each of its elements. */
bool dstm_config_array(struct dstm_config *c, const char *key,
		       dstm_config_fn *fn, void *data);
/* The number of elements of an array; 0 if there is none. */
size_t dstm_config_count(const struct dstm_config *c, const char *key);

#endif
