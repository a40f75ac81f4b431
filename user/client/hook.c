// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "hook.h"
#include "lib/log.h"

#define PATIENCE_MS	10000
#define VARIABLES	12
#define ROOM		256

struct environment {
	char text[VARIABLES][ROOM];
	char *list[VARIABLES + 1];
	size_t count;
};

__attribute__((format(printf, 2, 3)))
static void set(struct environment *env, const char *format, ...)
{
	char *text = env->text[env->count];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, ROOM, format, ap);
	va_end(ap);
	env->list[env->count++] = text;
}

static const char *ipv4(struct in_addr addr, char *text)
{
	return inet_ntop(AF_INET, &addr, text, INET_ADDRSTRLEN);
}

static const char *ipv6(const struct in6_addr *addr, char *text)
{
	return inet_ntop(AF_INET6, addr, text, INET6_ADDRSTRLEN);
}

static void fill(struct environment *env, const struct hook *hook)
{
	const struct machine_lease *lease = hook->lease;
	char text[INET6_ADDRSTRLEN], dns[ROOM / 2] = "";
	unsigned int i;

	for (i = 0; i < lease->dns_count; i++) {
		if (i)
			strcat(dns, " ");
		strcat(dns, ipv4(lease->dns[i], text));
	}
	set(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	set(env, "DSTM_EVENT=%s", hook->event);
	set(env, "DSTM_DEVICE=%s", hook->device);
	set(env, "DSTM_MTU=%u", hook->mtu);
	set(env, "DSTM_IPV4=%s", ipv4(lease->ipv4, text));
	if (lease->ports.len) {
		set(env, "DSTM_PSID=%u", lease->ports.psid);
		set(env, "DSTM_PSID_LEN=%u", lease->ports.len);
		set(env, "DSTM_PSID_OFFSET=%u", lease->ports.offset);
	}
	set(env, "DSTM_LOCAL=%s", ipv6(&lease->local, text));
	set(env, "DSTM_TEP=%s", ipv6(&lease->tep, text));
	set(env, "DSTM_TEP_IPV4=%s", ipv4(lease->tep_ipv4, text));
	set(env, "DSTM_DNS=%s", dns);
}

/* Its end, or -ETIMEDOUT when it had to be killed. */
static int wait_for(pid_t pid, int *status)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int waited;

	for (waited = 0; waited < PATIENCE_MS; waited += 10) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return 0;
		nanosleep(&pause, NULL);
	}
	kill(-pid, SIGKILL);
	waitpid(pid, status, 0);
	return -ETIMEDOUT;
}

/* In a group of its own, to be killed with all that it has started; SIGPIPE as usual. */
static int start(pid_t *pid, const char *path, char **environment)
{
	char *const argv[] = { (char *)path, NULL };
	posix_spawnattr_t attr;
	sigset_t set;
	int ret;

	ret = posix_spawnattr_init(&attr);
	if (ret)
		return ret;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF |
				 POSIX_SPAWN_SETPGROUP);
	ret = posix_spawn(pid, path, NULL, &attr, argv, environment);
	posix_spawnattr_destroy(&attr);
	return ret;
}

void hook_run(const struct hook *hook)
{
	struct environment env = {0};
	int ret, status;
	pid_t pid;

	if (!hook->path)
		return;
	fill(&env, hook);
	ret = start(&pid, hook->path, env.list);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "hook %s: %s", hook->path,
			 strerror(ret));
		return;
	}
	if (wait_for(pid, &status))
		dstm_log(DSTM_LOG_ERR, "hook %s: killed after %d seconds",
			 hook->path, PATIENCE_MS / 1000);
	else if (status)
		dstm_log(DSTM_LOG_WARNING, "hook %s: %s %d at \"%s\"",
			 hook->path, WIFEXITED(status) ? "exit status" :
			 "signal", WIFEXITED(status) ? WEXITSTATUS(status) :
			 WTERMSIG(status), hook->event);
}
