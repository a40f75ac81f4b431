// SPDX-License-Identifier: GPL-2.0
/* A device's MTU follows that of the underlay, until it is set by hand. */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>

#include "device.h"
#include "mtu.h"
#include "transmit.h"

static bool has_routable_address(struct inet6_dev *idev)
{
	const struct inet6_ifaddr *ifa;
	bool has = false;

	read_lock_bh(&idev->lock);
	list_for_each_entry(ifa, &idev->addr_list, if_list)
		has |= !(ipv6_addr_type(&ifa->addr) & IPV6_ADDR_LINKLOCAL);
	read_unlock_bh(&idev->lock);
	return has;
}

/*
 * The greatest of the devices that tunnels may leave by: those that have addresses,
 * and those without one that packets do leave by.
 */
static unsigned int underlay_mtu(struct net *underlay)
{
	unsigned int mtu = dstm_tep_mtu(underlay);
	struct inet6_dev *idev;
	struct net_device *dev;

	for_each_netdev(underlay, dev) {
		idev = __in6_dev_get(dev);
		if (dev->flags & IFF_UP && !(dev->flags & IFF_LOOPBACK) &&
		    !dstm_is_device(dev) && idev &&
		    has_routable_address(idev))
			mtu = max_t(unsigned int, mtu,
				    READ_ONCE(idev->cnf.mtu6));
	}
	return mtu ?: ETH_DATA_LEN;
}

/*
 * A gateway that fragments outside takes in whole what its neighbours can send
 * it; each packet is then held against the path to its own client.
 */
static unsigned int device_mtu(const struct dstm_dev *dstm, unsigned int mtu)
{
	if (dstm->role == DSTM_ROLE_CLIENT || dstm->frag == DSTM_FRAG_INNER)
		mtu -= dstm_overhead(dstm);
	return clamp(mtu, dstm->dev->min_mtu, dstm->dev->max_mtu);
}

/**
 * dstm_mtu - the MTU that a device should have
 * @dstm: the device; the caller holds rtnl
 *
 * Return: the MTU in bytes.
 */
unsigned int dstm_mtu(const struct dstm_dev *dstm)
{
	return device_mtu(dstm, underlay_mtu(dstm->underlay));
}

/* Of many devices of one underlay, it is looked at for the first. */
static void follow(struct work_struct *work)
{
	struct net *underlay = NULL;
	struct dstm_dev *dstm;
	unsigned int mtu = 0;

	rtnl_lock();
	list_for_each_entry(dstm, &dstm_devices, list) {
		if (dstm->mtu_by_hand)
			continue;
		if (underlay != dstm->underlay) {
			underlay = dstm->underlay;
			mtu = underlay_mtu(underlay);
		}
		dev_set_mtu(dstm->dev, device_mtu(dstm, mtu));
		dstm->mtu_by_hand = false;
	}
	rtnl_unlock();
}

static DECLARE_DELAYED_WORK(follow_work, follow);

/** dstm_mtu_follow - look at the underlay again, soon, however often it changes */
void dstm_mtu_follow(void)
{
	schedule_delayed_work(&follow_work, HZ / 20);
}

static int on_device(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(data);

	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGEMTU:
		if (!dstm_is_device(dev) && dstm_tep_any(dev_net(dev)))
			dstm_mtu_follow();
	}
	return NOTIFY_DONE;
}

static int on_address(struct notifier_block *nb, unsigned long event,
		      void *data)
{
	const struct inet6_ifaddr *ifa = data;

	if (dstm_tep_any(dev_net(ifa->idev->dev)))
		dstm_mtu_follow();
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = { .notifier_call = on_device };
static struct notifier_block address_notifier = { .notifier_call = on_address };

/**
 * dstm_mtu_init - begin to watch devices and addresses
 *
 * Return: 0 or a negative error.
 */
int dstm_mtu_init(void)
{
	int err = register_netdevice_notifier(&device_notifier);

	if (err)
		return err;
	err = register_inet6addr_notifier(&address_notifier);
	if (err)
		unregister_netdevice_notifier(&device_notifier);
	return err;
}

/** dstm_mtu_exit - watch no more */
void dstm_mtu_exit(void)
{
	unregister_inet6addr_notifier(&address_notifier);
	unregister_netdevice_notifier(&device_notifier);
	cancel_delayed_work_sync(&follow_work);
}
