/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_MTU_H
#define _DSTM_MTU_H

struct dstm_dev;

unsigned int dstm_mtu(const struct dstm_dev *dstm);
void dstm_mtu_follow(void);

int dstm_mtu_init(void);
void dstm_mtu_exit(void);

#endif
