// SPDX-License-Identifier: GPL-2.0
/* Dual Stack Transition Mechanism: IPv4 over IPv6 by a mapping table. */
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

#include "device.h"
#include "mapping.h"
#include "mtu.h"
#include "netlink.h"
#include "receive.h"
#include "shortcut.h"

static int __init dstm_init(void)
{
	int err;

	err = dstm_mapping_init();
	if (err)
		return err;
	err = register_pernet_device(&dstm_net_ops);
	if (err)
		goto mapping;
	err = dstm_receive_init();
	if (err)
		goto pernet;
	err = dstm_mtu_init();
	if (err)
		goto receive;
	err = dstm_shortcut_init();
	if (err)
		goto mtu;
	err = rtnl_link_register(&dstm_link_ops);
	if (err)
		goto shortcut;
	err = genl_register_family(&dstm_nl_family);
	if (err)
		goto link;
	return 0;

link:
	rtnl_link_unregister(&dstm_link_ops);
shortcut:
	dstm_shortcut_exit();
mtu:
	dstm_mtu_exit();
receive:
	dstm_receive_exit();
pernet:
	unregister_pernet_device(&dstm_net_ops);
mapping:
	dstm_mapping_exit();
	return err;
}

static void __exit dstm_exit(void)
{
	genl_unregister_family(&dstm_nl_family);
	rtnl_link_unregister(&dstm_link_ops);
	dstm_shortcut_exit();
	dstm_mtu_exit();
	dstm_receive_exit();
	unregister_pernet_device(&dstm_net_ops);
	dstm_mapping_exit();
}

module_init(dstm_init);
module_exit(dstm_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Dual Stack Transition Mechanism: IPv4 over IPv6 by a mapping table");
MODULE_ALIAS_RTNL_LINK("dstm");
MODULE_ALIAS_GENL_FAMILY(DSTM_FAMILY_NAME);
