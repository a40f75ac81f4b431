// SPDX-License-Identifier: GPL-2.0
/*
 * A load generator inside the kernel, for measuring what a packet's way through
 * the IP stack costs. It is told what to do by module parameters; writing a
 * device's name to "run" does it.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/vmalloc.h>
#include <net/net_namespace.h>

#include "device.h"
#include "packet.h"
#include "ring.h"

#define MAX_THREADS	8

/* Whose turn it is: numbers of clients, used round and round. */
#define SEQUENCE	1048576
static u32 *sequence;

/* Time of a packet through the stack, by how many ticks of bench_clock() it took. */
#define LATENCY_STEP	8
#define LATENCY_SLOTS	4096
static u32 latency[LATENCY_SLOTS];
static struct debugfs_u32_array latency_array = {
	.array = latency,
	.n_elements = LATENCY_SLOTS,
};

static struct bench_packet packet = { .size = 64, .sets = 1, .share = 1, .hops = 1 };
module_param_named(size, packet.size, uint, 0644);
MODULE_PARM_DESC(size, "bytes of the IPv4 packet");
module_param_named(sets, packet.sets, uint, 0644);
MODULE_PARM_DESC(sets, "port sets of an IPv4 address, a power of two");
module_param_named(share, packet.share, uint, 0644);
MODULE_PARM_DESC(share, "clients that have one IPv6 address together");
module_param_named(hops, packet.hops, uint, 0644);
MODULE_PARM_DESC(hops, "routers on the way");
module_param_named(tunnel_in, packet.tunnel_in, bool, 0644);
MODULE_PARM_DESC(tunnel_in, "send in a tunnel, from the clients");
module_param_named(tunnel_out, packet.tunnel_out, bool, 0644);
MODULE_PARM_DESC(tunnel_out, "it must arrive in a tunnel");

static unsigned int packets = 1000000;
module_param(packets, uint, 0644);
MODULE_PARM_DESC(packets, "how many, each thread");
static unsigned int batch = 8;
module_param(batch, uint, 0644);
MODULE_PARM_DESC(batch, "handed over at once, as a driver's gro_normal_batch");
static unsigned int threads = 1;
module_param(threads, uint, 0644);
MODULE_PARM_DESC(threads, "each on a CPU of its own, and with its own part of the sequence");
static bool timed;
module_param(timed, bool, 0644);
MODULE_PARM_DESC(timed, "one by one, with a histogram of how long each took");

static ulong sent, received, wrong, nanoseconds, ticks;
module_param(sent, ulong, 0444);
module_param(received, ulong, 0444);
module_param(wrong, ulong, 0444);
module_param(nanoseconds, ulong, 0444);
module_param(ticks, ulong, 0444);

struct sender {
	struct completion done;
	struct bench_ring *ring;
	unsigned int first;		/* in the sequence */
	unsigned long sent;
	u64 begin;			/* of the last list */
};

static void note_latency(u64 begin)
{
	u64 took = bench_last_here() - begin;

	latency[min_t(u64, div_u64(took, LATENCY_STEP), LATENCY_SLOTS - 1)]++;
}

static unsigned int send_batch(struct sender *s, unsigned int n)
{
	struct sk_buff *skb;
	LIST_HEAD(list);
	unsigned int i;

	for (i = 0; i < n; i++) {
		skb = bench_make(s->ring, &packet,
				 sequence[(s->first + s->sent + i) % SEQUENCE]);
		if (!skb)
			break;
		list_add_tail(&skb->list, &list);
	}
	s->begin = timed ? bench_clock() : 0;
	netif_receive_skb_list(&list);
	return i;
}

/* As much as a driver does in a poll; what it sets off runs after it. */
static bool send_poll(struct sender *s)
{
	unsigned int budget = timed ? 1 : NAPI_POLL_WEIGHT;
	unsigned int n, wanted;

	local_bh_disable();
	do {
		wanted = min3((unsigned long)budget, (unsigned long)batch,
			      packets - s->sent);
		n = send_batch(s, wanted);
		s->sent += n;
		budget -= n;
	} while (budget && n == wanted && s->sent < packets);
	local_bh_enable();
	if (timed)
		note_latency(s->begin);
	return n == wanted;
}

static int sender_main(void *data)
{
	struct sender *s = data;

	while (s->sent < packets && send_poll(s))
		cond_resched();
	complete(&s->done);
	return 0;
}

/* What is on its way through queues arrives soon or not at all. */
static void await_arrivals(void)
{
	struct bench_arrivals a;
	u64 before;

	do {
		a = bench_arrivals();
		before = a.right + a.wrong;
		if (before >= sent)
			break;
		schedule_timeout_uninterruptible(HZ / 20 + 1);
		a = bench_arrivals();
	} while (a.right + a.wrong != before);
	received = a.right;
	wrong = a.wrong;
}

static int run_on(struct net_device *dev)
{
	struct task_struct *tasks[MAX_THREADS];
	struct sender senders[MAX_THREADS] = {};
	unsigned int i, n;
	u64 begin;

	memset(latency, 0, sizeof(latency));
	bench_expect(&packet, timed);
	sent = 0;
	for (n = 0; n < threads; n++) {
		senders[n].ring = bench_ring_create(dev);
		if (!senders[n].ring)
			break;
		senders[n].first = SEQUENCE / threads * n;
		init_completion(&senders[n].done);
		tasks[n] = kthread_create_on_cpu(sender_main, &senders[n], n,
						 "dstm_bench/%u");
		if (IS_ERR(tasks[n])) {
			bench_ring_free(senders[n].ring);
			break;
		}
	}
	begin = ktime_get_ns();
	ticks = bench_clock();
	for (i = 0; i < n; i++)
		wake_up_process(tasks[i]);
	for (i = 0; i < n; i++) {
		wait_for_completion(&senders[i].done);
		sent += senders[i].sent;
	}
	nanoseconds = ktime_get_ns() - begin;
	ticks = bench_clock() - ticks;
	await_arrivals();
	for (i = 0; i < n; i++)
		bench_ring_free(senders[i].ring);
	return n == threads ? 0 : -ENOMEM;
}

static int run_set(const char *name, const struct kernel_param *kp)
{
	char buf[IFNAMSIZ];
	struct net_device *dev;
	int err;

	if (!packet.sets || !packet.share || packet.size < 32 ||
	    packet.size > BENCH_MAX_SIZE || !batch ||
	    !threads || threads > min(MAX_THREADS, num_online_cpus()))
		return -EINVAL;
	strscpy(buf, name, sizeof(buf));
	dev = dev_get_by_name(current->nsproxy->net_ns, strim(buf));
	if (!dev)
		return -ENODEV;
	err = bench_is_device(dev) && netif_running(dev) ? run_on(dev) : -EINVAL;
	dev_put(dev);
	return err;
}

static const struct kernel_param_ops run_ops = { .set = run_set };
module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "the device, of kind bench, that the packets come in by");

static ssize_t sequence_write(struct file *file, const char __user *buf,
			      size_t len, loff_t *pos)
{
	return simple_write_to_buffer(sequence, SEQUENCE * sizeof(u32), pos,
				      buf, len);
}

static const struct file_operations sequence_ops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = sequence_write,
	.llseek = default_llseek,
};

static struct dentry *folder;

static int __init bench_init(void)
{
	int err;

	sequence = vzalloc(SEQUENCE * sizeof(u32));
	if (!sequence)
		return -ENOMEM;
	err = bench_device_init();
	if (err) {
		vfree(sequence);
		return err;
	}
	folder = debugfs_create_dir("dstm_bench", NULL);
	debugfs_create_file("sequence", 0200, folder, NULL, &sequence_ops);
	debugfs_create_u32_array("latency", 0444, folder, &latency_array);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(folder);
	bench_device_exit();
	vfree(sequence);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("load generator of dstm's benchmarks");
MODULE_LICENSE("GPL");
