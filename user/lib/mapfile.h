/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file of mappings: a JSON array of mapping objects. Read element by
 * element, so that a million of them need 48 bytes each and no tree.
 */
#ifndef DSTM_MAPFILE_H
#define DSTM_MAPFILE_H

#include <stddef.h>

#include "mapping.h"

/**
 * struct dstm_mapfile - what a file holds
 * @mappings: the mappings, in the file's order
 * @count: how many
 *
 * The rest is this code's own.
 */
struct dstm_mapfile {
	struct dstm_mapping *mappings;
	size_t count;

	const char *name;
	char *text;
	size_t size;
	size_t *at;
};

/**
 * dstm_mapfile_read - read a file whole, or refuse it whole
 * @file: to be freed with dstm_mapfile_free(), also after an error
 * @path: its path, or "-" for the standard input; must outlive @file
 * @dev: the device that mappings must be of if they name one, or NULL
 * @error: 512 bytes for what is wrong, and in which line and column
 *
 * Return: 0, or a negative errno with @error filled.
 */
int dstm_mapfile_read(struct dstm_mapfile *file, const char *path,
		      const char *dev, char *error);

/**
 * dstm_mapfile_parse - as dstm_mapfile_read(), of what is in memory
 * @file: to be freed with dstm_mapfile_free(), also after an error
 * @name: what to call it in errors; must outlive @file
 * @text: its text, on the heap; belongs to @file from here on
 * @size: its length in bytes
 * @dev: the device that mappings must be of if they name one, or NULL
 * @error: 512 bytes for what is wrong, and in which line and column
 *
 * Return: 0, or a negative errno with @error filled.
 */
int dstm_mapfile_parse(struct dstm_mapfile *file, const char *name, char *text,
		       size_t size, const char *dev, char *error);

/**
 * dstm_mapfile_line - in which line of the file a mapping begins
 * @file: the file
 * @i: the mapping's index
 *
 * Return: the line, from 1.
 */
size_t dstm_mapfile_line(const struct dstm_mapfile *file, size_t i);

/**
 * dstm_mapfile_free - free what the file took
 * @file: the file
 */
void dstm_mapfile_free(struct dstm_mapfile *file);

#endif
