// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/in6.h>

#include "proto/dhcpv6.h"
#include "source.h"

static bool in_prefix(const struct in6_addr *addr, const struct in6_addr *prefix,
		      unsigned int len)
{
	unsigned int bytes = len / 8;
	uint8_t mask = (uint8_t)(0xff << (8 - len % 8));

	if (memcmp(addr, prefix, bytes) != 0)
		return false;
	return !(len % 8) || ((addr->s6_addr[bytes] ^
			       prefix->s6_addr[bytes]) & mask) == 0;
}

/* Connects, so that the kernel chooses the route, and from @local if it is given. */
static int try(const struct in6_addr *local, const struct in6_addr *toward,
	       struct in6_addr *got, uint32_t *mtu)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = *local,
	};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* A temporary address would end the mapping when it ends. */
	int prefer = IPV6_PREFER_SRC_PUBLIC, value, ret = 0;
	socklen_t len = sizeof(addr);

	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, &prefer,
		   sizeof(prefer));
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		goto fail;
	addr.sin6_addr = *toward;
	addr.sin6_port = htons(DHCPV6_SERVER_PORT);
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		goto fail;
	*got = addr.sin6_addr;
	len = sizeof(value);
	if (getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &value, &len))
		goto fail;
	*mtu = (uint32_t)value;
	goto close;
fail:
	ret = -errno;
close:
	close(fd);
	return ret;
}

typedef bool address_fn(const struct sockaddr_in6 *addr, void *data);

/* Show @fn the host's IPv6 addresses until it takes one. */
static int own_address(address_fn *fn, void *data)
{
	struct ifaddrs *all, *i;
	int ret = -EADDRNOTAVAIL;

	if (getifaddrs(&all))
		return -errno;
	for (i = all; i && ret; i = i->ifa_next) {
		struct sockaddr_in6 addr;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET6)
			continue;
		memcpy(&addr, i->ifa_addr, sizeof(addr));
		if (fn(&addr, data))
			ret = 0;
	}
	freeifaddrs(all);
	return ret;
}

struct from_prefix {
	const struct source_wish *wish;
	struct in6_addr *local;
	uint32_t *mtu;
};

static bool from_prefix(const struct sockaddr_in6 *addr, void *data)
{
	const struct from_prefix *from = data;
	const struct source_wish *wish = from->wish;

	return in_prefix(&addr->sin6_addr, &wish->prefix, wish->prefix_len) &&
	       !try(&addr->sin6_addr, &wish->toward, from->local, from->mtu);
}

int source_pick(const struct source_wish *wish, struct in6_addr *local,
		uint32_t *mtu)
{
	struct from_prefix from = { wish, local, mtu };
	int ret = try(&wish->local, &wish->toward, local, mtu);

	if (ret)
		return ret;
	if (IN6_IS_ADDR_UNSPECIFIED(&wish->local) && wish->prefix_len &&
	    !in_prefix(local, &wish->prefix, wish->prefix_len))
		ret = own_address(from_prefix, &from);
	/* A tunnel does not begin at an address that is known on one link only. */
	if (!ret && (IN6_IS_ADDR_LINKLOCAL(local) || IN6_IS_ADDR_LOOPBACK(local)))
		ret = -EADDRNOTAVAIL;
	return ret;
}

struct of_link {
	uint32_t ifindex;
	struct in6_addr *local;
};

static bool is_link_local(const struct sockaddr_in6 *addr, void *data)
{
	const struct of_link *of = data;

	if (!IN6_IS_ADDR_LINKLOCAL(&addr->sin6_addr) ||
	    addr->sin6_scope_id != of->ifindex)
		return false;
	*of->local = addr->sin6_addr;
	return true;
}

int source_link_local(uint32_t ifindex, struct in6_addr *local)
{
	struct of_link of = { ifindex, local };

	return own_address(is_link_local, &of);
}
