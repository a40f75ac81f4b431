// SPDX-License-Identifier: GPL-2.0
/* Who may connect to a gateway, and for how long without saying who he is. */
#include <arpa/inet.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "gateway/listen.h"
#include "gateway/peer.h"
#include "lib/log.h"
#include "lib/metrics.h"

/* The daemon's ten seconds are one here. */
int __real_event_add(struct event *ev, const struct timeval *timeout);
int __wrap_event_add(struct event *ev, const struct timeval *timeout);
int __real_bufferevent_set_timeouts(struct bufferevent *bev,
				    const struct timeval *in,
				    const struct timeval *out);
int __wrap_bufferevent_set_timeouts(struct bufferevent *bev,
				    const struct timeval *in,
				    const struct timeval *out);

static const struct timeval *shorter(const struct timeval *time)
{
	static struct timeval tenth;

	if (!time || !time->tv_sec)
		return time;
	tenth = (struct timeval){ time->tv_sec / 10,
				  time->tv_sec % 10 * 100000 };
	return &tenth;
}

int __wrap_event_add(struct event *ev, const struct timeval *timeout)
{
	return __real_event_add(ev, shorter(timeout));
}

int __wrap_bufferevent_set_timeouts(struct bufferevent *bev,
				    const struct timeval *in,
				    const struct timeval *out)
{
	(void)out;
	in = shorter(in);
	return __real_bufferevent_set_timeouts(bev, in, in);
}

static uint32_t uid;
static struct config_server server = {
	.name = (char[]){ "one" }, .uids = &uid, .uid_count = 1,
};
static bool told = true;
static struct gateway gw;
static char dir[] = "/tmp/dstm-listen.XXXXXX";
static char names[3][64];

static int set_up(void **state)
{
	char command[512];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	signal(SIGPIPE, SIG_IGN);
	dstm_log_most(DSTM_LOG_ERR);
	snprintf(names[0], sizeof(names[0]), "%s/sock", dir);
	snprintf(names[1], sizeof(names[1]), "%s/crt", dir);
	snprintf(names[2], sizeof(names[2]), "%s/key", dir);
	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
		 " -nodes -days 2 -subj /CN=gw -out %s -keyout %s 2>/dev/null",
		 names[1], names[2]);
	if (system(command))
		return -1;
	uid = getuid();
	LIST_INIT(&gw.peers);
	gw.told = &told;
	gw.config.name = names[0];
	gw.config.servers = &server;
	gw.config.server_count = 1;
	gw.daemon.base = event_base_new();
	gw.config.socket = names[0];
	gw.config.tls = (struct config_tls){
		.given = true, .address = IN6ADDR_LOOPBACK_INIT,
		.port = 20000 + (unsigned int)getpid() % 20000,
		.certificate = names[1], .authorities = names[1],
		.key = names[2],
	};
	return listen_start(&gw);
}

static int tear_down(void **state)
{
	(void)state;
	peers_close(&gw);
	listen_stop(&gw);
	event_base_free(gw.daemon.base);
	unlink(names[1]);
	unlink(names[2]);
	rmdir(dir);
	return 0;
}

static int connection(uint32_t port)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback,
		.sin6_port = htons((uint16_t)port),
	};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int stranger(void)
{
	return connection(gw.config.tls.port);
}

/* A connection of a server's. */
static int local(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(to.sun_path, gw.config.socket);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void run(int milliseconds)
{
	struct timeval time = {
		milliseconds / 1000, milliseconds % 1000 * 1000,
	};

	event_base_loopexit(gw.daemon.base, &time);
	event_base_dispatch(gw.daemon.base);
}

static bool closed(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

/* A byte now and then of a greeting that never ends gives no more time. */
static void slow(void **state)
{
	static const char greeting[48] = { 0x16, 3, 1, 2, 0, 1, 0, 1, -4, 3, 3 };
	int fd = stranger(), i;

	(void)state;
	for (i = 0; i < 40 && !closed(fd); i++) {
		send(fd, greeting + i, 1, 0);
		usleep(50000);
		event_base_loop(gw.daemon.base, EVLOOP_NONBLOCK);
	}
	assert_in_range(i, 10, 39);
	assert_int_equal(gw.figures.strangers, 1);
	close(fd);
}

/* However many strangers there are, the next one may show a certificate. */
static void crowd(void **state)
{
	int fd[65], i;

	(void)state;
	for (i = 0; i < 65; i++) {
		fd[i] = stranger();
		run(2);
	}
	run(10);
	assert_true(closed(fd[0]));
	for (i = 1; i < 65; i++)
		assert_false(closed(fd[i]));
	run(1100);
	for (i = 0; i < 65; i++) {
		assert_true(closed(fd[i]));
		close(fd[i]);
	}
}

/* Connections of a server's that say nothing are few: first the oldest goes, then all. */
static void silent(void **state)
{
	int fd[6], i;

	(void)state;
	for (i = 0; i < 6; i++) {
		fd[i] = local();
		run(10);
	}
	for (i = 0; i < 6; i++)
		assert_int_equal(closed(fd[i]), i < 2);
	run(500);
	assert_false(closed(fd[5]));
	run(600);
	for (i = 0; i < 6; i++) {
		assert_true(closed(fd[i]));
		close(fd[i]);
	}
}

/* Who has said hello may be silent, and does not count. */
static void greeted(void **state)
{
	static const char hello[] = "{\"jsonrpc\": \"2.0\", \"id\": 1, "
		"\"method\": \"hello\", \"params\": {\"protocol\": 1}}\n";
	int fd = local(), other[4], i;
	char answer[512];

	(void)state;
	assert_int_equal(send(fd, hello, strlen(hello), 0), strlen(hello));
	run(10);
	assert_true(recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0);
	for (i = 0; i < 4; i++)
		other[i] = local();
	run(10);
	assert_false(closed(other[0]));
	run(1100);
	for (i = 0; i < 4; i++) {
		assert_true(closed(other[i]));
		close(other[i]);
	}
	assert_false(closed(fd));
	peers_close(&gw);
	close(fd);
}

static void page(struct dstm_page *p, void *data)
{
	(void)data;
	dstm_metric_begin(p, "answer", "gauge", "The answer.");
	dstm_metric(p, 42, NULL);
}

static void asks(int fd, const char *request, const char *status,
		 const char *end)
{
	char text[512];
	ssize_t n;

	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	run(20);
	n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	assert_true(n > (ssize_t)strlen(end));
	text[n] = '\0';
	assert_memory_equal(text, status, strlen(status));
	assert_string_equal(text + n - strlen(end), end);
	assert_true(closed(fd));
	close(fd);
}

/* Who asks for metrics and then says nothing makes room for who does. */
static void metrics(void **state)
{
	uint32_t port = gw.config.tls.port + 1;
	struct dstm_metrics *m;
	int fd[17], i;

	(void)state;
	assert_int_equal(dstm_metrics_start(&m, gw.daemon.base, "::1",
					    (uint16_t)port, page, NULL), 0);
	for (i = 0; i < 17; i++)
		fd[i] = connection(port);
	run(20);
	assert_true(closed(fd[0]));
	assert_false(closed(fd[1]));
	asks(fd[16], "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
	     "HTTP/1.1 200 OK\r\n", "\r\n\r\n# HELP answer The answer.\n"
	     "# TYPE answer gauge\nanswer 42\n");
	asks(connection(port), "GET /metric HTTP/1.1\r\n\r\n",
	     "HTTP/1.1 404 ", "\r\n\r\n");
	asks(connection(port), "POST /metrics HTTP/1.1\r\n\r\n",
	     "HTTP/1.1 405 ", "\r\n\r\n");
	run(1100);
	assert_true(closed(fd[15]));
	dstm_metrics_stop(m);
	for (i = 0; i < 16; i++)
		close(fd[i]);
}

static unsigned int complaints;

static void on_complaint(int severity, const char *text)
{
	(void)severity;
	(void)text;
	complaints++;
}

/* Without a descriptor for it a connection waits, and the daemon does not spin. */
static void no_descriptor(void **state)
{
	int fd = local();
	struct rlimit limit, less;

	(void)state;
	event_set_log_callback(on_complaint);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	less = limit;
	less.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	run(50);
	assert_true(LIST_EMPTY(&gw.peers));
	assert_int_equal(complaints, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	event_set_log_callback(NULL);
	run(150);
	assert_false(LIST_EMPTY(&gw.peers));
	peers_close(&gw);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow),
		cmocka_unit_test(crowd),
		cmocka_unit_test(silent),
		cmocka_unit_test(greeted),
		cmocka_unit_test(metrics),
		cmocka_unit_test(no_descriptor),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
