/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/dstm.yaml */

#ifndef _UAPI_LINUX_DSTM_COUNTERS_H
#define _UAPI_LINUX_DSTM_COUNTERS_H

/* Initialisers of an array: the names of the attributes DSTM_A_STATS_*. */
#define DSTM_COUNTER_NAMES \
	[DSTM_A_STATS_RX_PACKETS] = "rx-packets", \
	[DSTM_A_STATS_RX_BYTES] = "rx-bytes", \
	[DSTM_A_STATS_TX_PACKETS] = "tx-packets", \
	[DSTM_A_STATS_TX_BYTES] = "tx-bytes", \
	[DSTM_A_STATS_RX_DOWN] = "rx-down", \
	[DSTM_A_STATS_RX_POLICY] = "rx-policy", \
	[DSTM_A_STATS_RX_TRUNCATED] = "rx-truncated", \
	[DSTM_A_STATS_RX_VERSION] = "rx-version", \
	[DSTM_A_STATS_RX_HEADER] = "rx-header", \
	[DSTM_A_STATS_RX_CHECKSUM] = "rx-checksum", \
	[DSTM_A_STATS_RX_MULTICAST] = "rx-multicast", \
	[DSTM_A_STATS_RX_LOOPBACK] = "rx-loopback", \
	[DSTM_A_STATS_RX_LINK_LOCAL] = "rx-link-local", \
	[DSTM_A_STATS_RX_ZERO_NET] = "rx-zero-net", \
	[DSTM_A_STATS_RX_CLASS_E] = "rx-class-e", \
	[DSTM_A_STATS_RX_SAME_ADDRESS] = "rx-same-address", \
	[DSTM_A_STATS_RX_NESTED] = "rx-nested", \
	[DSTM_A_STATS_RX_NO_PORTS] = "rx-no-ports", \
	[DSTM_A_STATS_RX_ICMP_ERROR] = "rx-icmp-error", \
	[DSTM_A_STATS_RX_ICMP_CHECKSUM] = "rx-icmp-checksum", \
	[DSTM_A_STATS_RX_FRAGMENT] = "rx-fragment", \
	[DSTM_A_STATS_RX_INNER_ADDRESS] = "rx-inner-address", \
	[DSTM_A_STATS_RX_INNER_PORT] = "rx-inner-port", \
	[DSTM_A_STATS_RX_OUTER_DESTINATION] = "rx-outer-destination", \
	[DSTM_A_STATS_RX_OUTER_SOURCE] = "rx-outer-source", \
	[DSTM_A_STATS_RX_ECN] = "rx-ecn", \
	[DSTM_A_STATS_RX_BACKLOG] = "rx-backlog", \
	[DSTM_A_STATS_TX_TRUNCATED] = "tx-truncated", \
	[DSTM_A_STATS_TX_VERSION] = "tx-version", \
	[DSTM_A_STATS_TX_HEADER] = "tx-header", \
	[DSTM_A_STATS_TX_CHECKSUM] = "tx-checksum", \
	[DSTM_A_STATS_TX_MULTICAST] = "tx-multicast", \
	[DSTM_A_STATS_TX_LOOPBACK] = "tx-loopback", \
	[DSTM_A_STATS_TX_LINK_LOCAL] = "tx-link-local", \
	[DSTM_A_STATS_TX_ZERO_NET] = "tx-zero-net", \
	[DSTM_A_STATS_TX_CLASS_E] = "tx-class-e", \
	[DSTM_A_STATS_TX_SAME_ADDRESS] = "tx-same-address", \
	[DSTM_A_STATS_TX_NESTED] = "tx-nested", \
	[DSTM_A_STATS_TX_NO_PORTS] = "tx-no-ports", \
	[DSTM_A_STATS_TX_ICMP_ERROR] = "tx-icmp-error", \
	[DSTM_A_STATS_TX_ICMP_CHECKSUM] = "tx-icmp-checksum", \
	[DSTM_A_STATS_TX_FRAGMENT] = "tx-fragment", \
	[DSTM_A_STATS_TX_NO_MAPPING] = "tx-no-mapping", \
	[DSTM_A_STATS_TX_NO_PORT_SET] = "tx-no-port-set", \
	[DSTM_A_STATS_TX_PROTOCOL] = "tx-protocol", \
	[DSTM_A_STATS_TX_HAIRPIN] = "tx-hairpin", \
	[DSTM_A_STATS_TX_TOO_BIG] = "tx-too-big", \
	[DSTM_A_STATS_TX_NO_ROUTE] = "tx-no-route", \
	[DSTM_A_STATS_TX_LOOP] = "tx-loop", \
	[DSTM_A_STATS_TX_ERROR] = "tx-error", \
	[DSTM_A_STATS_TX_BACKLOG] = "tx-backlog"

#endif /* _UAPI_LINUX_DSTM_COUNTERS_H */
