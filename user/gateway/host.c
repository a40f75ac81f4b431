// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "host.h"
#include "routes.h"

#define FORWARDING	"/proc/sys/net/ipv4/ip_forward"

static int failed(const struct host *host, const char *what, const char *name,
		  int ret)
{
	const char *reason = dstm_nl_error(host->nl);

	dstm_log(DSTM_LOG_ERR, "%s%s%s: %s", what, name[0] ? " " : "", name,
		 reason[0] ? reason : strerror(-ret));
	return ret;
}

static int state_failed(const struct host *host, int ret)
{
	dstm_log(DSTM_LOG_ERR,
		 "%s: %s: can not note what is to be put back, so nothing is changed",
		 host->config->state, strerror(-ret));
	return ret;
}

static int forwarding_get(bool *on)
{
	FILE *file = fopen(FORWARDING, "re");
	int c;

	if (!file)
		return -errno;
	c = fgetc(file);
	fclose(file);
	*on = c == '1';
	return c == EOF ? -EIO : 0;
}

static int forwarding_set(bool on)
{
	FILE *file = fopen(FORWARDING, "we");
	int ret = 0;

	if (!file)
		return -errno;
	fputc(on ? '1' : '0', file);
	if (fclose(file))
		ret = -errno;
	return ret;
}

static int forwarding_apply(struct host *host)
{
	bool on = false;
	int ret;

	if (!host->config->forwarding)
		return 0;
	ret = forwarding_get(&on);
	if (!ret && !on) {
		host->state.forwarding = true;
		ret = state_write(&host->state, host->config->state);
		if (ret)
			return state_failed(host, ret);
		ret = forwarding_set(true);
	}
	if (ret)
		dstm_log(DSTM_LOG_ERR, FORWARDING ": %s", strerror(-ret));
	return ret;
}

/* The numbers of a shortcut's devices; they may be others than last time. */
static int shortcut_find(struct host *host, const struct config_device *device,
			 struct dstm_link *link)
{
	unsigned int i;

	for (i = 0; i < link->shortcuts; i++) {
		link->shortcut[i] = if_nametoindex(device->shortcut[i]);
		if (!link->shortcut[i]) {
			dstm_nl_error_set(host->nl,
					  "shortcut: there is no device %s",
					  device->shortcut[i]);
			return -ENODEV;
		}
	}
	return 0;
}

static int device_make(struct host *host, const struct config_device *device)
{
	struct dstm_link link = device->link;
	int ret;

	ret = shortcut_find(host, device, &link);
	if (ret)
		return ret;
	if (!state_made(&host->state, link.name)) {
		ret = state_add(&host->state, link.name);
		if (!ret)
			ret = state_write(&host->state, host->config->state);
		if (ret)
			return state_failed(host, ret);
	}
	link.up = true;
	link.have |= 1U << DSTM_LINK_UP;
	ret = dstm_link_add(host->nl, &link);
	if (ret == -EOPNOTSUPP && dstm_nl_error(host->nl)[0])
		dstm_nl_error_set(host->nl,
				  "the kernel has no such kind of device: load the module with `modprobe dstm`");
	return ret;
}

/* What is asked for and is not so. */
static uint32_t differences(const struct dstm_link *want,
			    const struct dstm_link *have)
{
	uint32_t bits = 0;

	if (memcmp(&want->local, &have->local, sizeof(want->local)))
		bits |= 1U << IFLA_DSTM_LOCAL;
	if (want->mtu != have->mtu)
		bits |= 1U << DSTM_LINK_MTU;
	if (want->hoplimit != have->hoplimit)
		bits |= 1U << IFLA_DSTM_HOPLIMIT;
	if (want->encap_limit != have->encap_limit)
		bits |= 1U << IFLA_DSTM_ENCAP_LIMIT;
	if (want->hairpin != have->hairpin)
		bits |= 1U << IFLA_DSTM_HAIRPIN;
	if (want->icmp_errors != have->icmp_errors)
		bits |= 1U << IFLA_DSTM_ICMP_ERRORS;
	if (want->shortcuts != have->shortcuts ||
	    memcmp(want->shortcut, have->shortcut, sizeof(want->shortcut)))
		bits |= 1U << IFLA_DSTM_SHORTCUT;
	return bits & want->have;
}

static int device_adjust(struct host *host, const struct config_device *device,
			 const struct dstm_link *have)
{
	struct dstm_link link = device->link;
	int ret;

	if (have->role != DSTM_ROLE_GATEWAY) {
		dstm_nl_error_set(host->nl,
				  "it is there, in another role: delete it, or name another one");
		return -EEXIST;
	}
	ret = shortcut_find(host, device, &link);
	if (ret)
		return ret;
	link.have = differences(&link, have);
	link.ifindex = have->ifindex;
	if (!have->up) {
		link.up = true;
		link.have |= 1U << DSTM_LINK_UP;
	}
	return link.have ? dstm_link_set(host->nl, &link) : 0;
}

static int device_apply(struct host *host, const struct config_device *device,
			uint32_t *ifindex)
{
	const char *name = device->link.name;
	struct dstm_link have = { .ifindex = *ifindex };
	int ret;

	ret = dstm_link_get(host->nl, name, &have);
	if (!ret) {
		ret = device_adjust(host, device, &have);
	} else if (ret == -ENODEV) {
		ret = device_make(host, device);
		if (!ret)
			ret = dstm_link_get(host->nl, name, &have);
	}
	*ifindex = have.ifindex;
	if (!ret && device->ipv4.s_addr)
		ret = routes_address(host->nl, *ifindex, device->ipv4);
	return ret ? failed(host, "device", name, ret) : 0;
}

static bool is_configured(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->device_count; i++)
		if (!strcmp(config->devices[i].link.name, name))
			return true;
	return false;
}

/* Devices that were made and are not wanted any more; all, without @config. */
static void devices_drop(struct host *host, const struct config *config)
{
	size_t i = 0;

	while (i < host->state.count) {
		const char *name = host->state.made[i];
		int ret;

		if (config && is_configured(config, name)) {
			i++;
			continue;
		}
		ret = dstm_link_del(host->nl, name);
		if (ret && ret != -ENODEV)
			failed(host, "device", name, ret);
		state_del(&host->state, i);
	}
}

int host_open(struct host *host, const struct config *config)
{
	int ret;

	memset(host, 0, sizeof(*host));
	host->config = config;
	ret = dstm_nl_open(&host->nl, NETLINK_ROUTE);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "no netlink socket: %s", strerror(-ret));
		return ret;
	}
	state_read(&host->state, config->state);
	return 0;
}

static int routes_apply(struct host *host)
{
	int ret = routes_set(host->nl, host->config, host->ifindex);

	return ret ? failed(host, "routes of the pools", "", ret) : 0;
}

/* It may be gone, or never have been there, which is as good. */
static void address_drop(struct host *host, const char *name,
			 struct in_addr ipv4)
{
	struct dstm_link have;

	if (!dstm_link_get(host->nl, name, &have))
		routes_address_del(host->nl, have.ifindex, ipv4);
}

void host_leave(struct host *host, const struct config *former,
		const struct config *next)
{
	size_t i, k;

	for (i = 0; i < former->device_count; i++) {
		const struct config_device *old = &former->devices[i];

		for (k = 0; k < next->device_count; k++) {
			const struct config_device *new = &next->devices[k];

			if (old->ipv4.s_addr &&
			    old->ipv4.s_addr != new->ipv4.s_addr &&
			    !strcmp(old->link.name, new->link.name))
				address_drop(host, old->link.name, old->ipv4);
		}
	}
}

int host_apply(struct host *host, const struct config *config)
{
	uint32_t *ifindex = calloc(config->device_count, sizeof(*ifindex));
	size_t i;
	int ret;

	if (!ifindex)
		return -ENOMEM;
	free(host->ifindex);
	host->ifindex = ifindex;
	host->config = config;

	devices_drop(host, config);
	/* Each configuration has a file of its own. */
	ret = state_write(&host->state, config->state);
	if (ret)
		return state_failed(host, ret);
	for (i = 0; i < config->device_count; i++) {
		ret = device_apply(host, &config->devices[i], &ifindex[i]);
		if (ret)
			return ret;
	}
	ret = routes_apply(host);
	return ret ? ret : forwarding_apply(host);
}

int host_mend(struct host *host, bool *anew)
{
	size_t i;

	*anew = false;
	for (i = 0; i < host->config->device_count; i++) {
		const struct config_device *device = &host->config->devices[i];
		struct dstm_link have;
		int ret;

		ret = dstm_link_get(host->nl, device->link.name, &have);
		if (!ret && have.ifindex == host->ifindex[i])
			continue;
		*anew = true;
		ret = device_apply(host, device, &host->ifindex[i]);
		if (ret)
			return ret;
	}
	return routes_apply(host);
}

void host_restore(struct host *host)
{
	int ret;

	if (!host->nl)
		return;
	ret = routes_set(host->nl, NULL, NULL);
	if (ret)
		failed(host, "routes of the pools", "", ret);
	devices_drop(host, NULL);
	if (host->state.forwarding) {
		ret = forwarding_set(false);
		if (ret)
			dstm_log(DSTM_LOG_ERR, FORWARDING ": %s",
				 strerror(-ret));
	}
	host->state.forwarding = false;
	ret = state_write(&host->state, host->config->state);
	if (ret)
		dstm_log(DSTM_LOG_ERR, "%s: %s", host->config->state,
			 strerror(-ret));
}

void host_close(struct host *host)
{
	dstm_nl_close(host->nl);
	state_free(&host->state);
	free(host->ifindex);
	memset(host, 0, sizeof(*host));
}

int host_device(const struct host *host, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < host->config->device_count; i++)
		if (host->ifindex[i] == ifindex)
			return (int)i;
	return -1;
}
