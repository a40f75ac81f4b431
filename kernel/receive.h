/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_RECEIVE_H
#define _DSTM_RECEIVE_H

int dstm_receive_init(void);
void dstm_receive_exit(void);

#endif
