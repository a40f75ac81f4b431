/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM dstm

#if !defined(_DSTM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _DSTM_TRACE_H

#include <linux/ip.h>
#include <linux/tracepoint.h>

#include "counters.h"
#include "device.h"

/* A packet on its way through the tunnel; the mapping tells the other end. */
DECLARE_EVENT_CLASS(dstm_packet,
	TP_PROTO(const struct dstm_dev *dstm, const struct dstm_mapping *m,
		 const struct iphdr *iph, unsigned int len),
	TP_ARGS(dstm, m, iph, len),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(u8, source, 4)
		__array(u8, destination, 4)
		__field(u8, protocol)
		__field(unsigned int, len)
		__array(u8, remote, 16)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dstm->dev->name, IFNAMSIZ);
		memcpy(__entry->source, &iph->saddr, 4);
		memcpy(__entry->destination, &iph->daddr, 4);
		__entry->protocol = iph->protocol;
		__entry->len = len;
		memcpy(__entry->remote, &m->remote, 16);
	),
	TP_printk("dev=%s remote=%pI6c source=%pI4 destination=%pI4 protocol=%u len=%u",
		  __entry->dev, __entry->remote, __entry->source,
		  __entry->destination, __entry->protocol, __entry->len)
);

DEFINE_EVENT(dstm_packet, dstm_encap,
	TP_PROTO(const struct dstm_dev *dstm, const struct dstm_mapping *m,
		 const struct iphdr *iph, unsigned int len),
	TP_ARGS(dstm, m, iph, len)
);

DEFINE_EVENT(dstm_packet, dstm_decap,
	TP_PROTO(const struct dstm_dev *dstm, const struct dstm_mapping *m,
		 const struct iphdr *iph, unsigned int len),
	TP_ARGS(dstm, m, iph, len)
);

/* A packet that is taken at the device it came by; its way follows. */
TRACE_EVENT(dstm_shortcut,
	TP_PROTO(const struct dstm_dev *dstm, const struct sk_buff *skb),
	TP_ARGS(dstm, skb),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, from, IFNAMSIZ)
		__field(u16, protocol)
		__field(unsigned int, len)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dstm->dev->name, IFNAMSIZ);
		strscpy(__entry->from, skb->dev->name, IFNAMSIZ);
		__entry->protocol = ntohs(skb->protocol);
		__entry->len = skb->len;
	),
	TP_printk("dev=%s from=%s protocol=0x%04x len=%u", __entry->dev,
		  __entry->from, __entry->protocol, __entry->len)
);

/* A packet that is dropped, and the name of the counter that counts it. */
TRACE_EVENT(dstm_drop,
	TP_PROTO(const struct dstm_dev *dstm, const void *skb, unsigned int len,
		 int counter),
	TP_ARGS(dstm, skb, len, counter),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, reason, 24)
		__field(const void *, skbaddr)
		__field(unsigned int, len)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dstm->dev->name, IFNAMSIZ);
		strscpy(__entry->reason, dstm_counter_names[counter], 24);
		__entry->skbaddr = skb;
		__entry->len = len;
	),
	TP_printk("dev=%s reason=%s skbaddr=%p len=%u", __entry->dev,
		  __entry->reason, __entry->skbaddr, __entry->len)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
