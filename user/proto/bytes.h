/* SPDX-License-Identifier: GPL-2.0 */
/* Bytes read and written in network order, never beyond their end. */
#ifndef DSTM_BYTES_H
#define DSTM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t bytes_u16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

static inline uint32_t bytes_u32(const uint8_t *data)
{
	return (uint32_t)bytes_u16(data) << 16 | bytes_u16(data + 2);
}

/**
 * struct bytes - a place to write to
 * @data: its beginning
 * @size: room in bytes
 * @len: bytes written
 * @full: something did not fit; it was left out, and so is all that follows
 */
struct bytes {
	uint8_t *data;
	size_t size;
	size_t len;
	bool full;
};

static inline void bytes_put(struct bytes *b, const void *data, size_t len)
{
	if (b->full || len > b->size - b->len) {
		b->full = true;
		return;
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline void bytes_put_u8(struct bytes *b, uint8_t value)
{
	bytes_put(b, &value, 1);
}

static inline void bytes_put_u16(struct bytes *b, uint16_t value)
{
	uint8_t data[] = { (uint8_t)(value >> 8), (uint8_t)value };

	bytes_put(b, data, sizeof(data));
}

static inline void bytes_put_u32(struct bytes *b, uint32_t value)
{
	bytes_put_u16(b, (uint16_t)(value >> 16));
	bytes_put_u16(b, (uint16_t)value);
}

#endif
