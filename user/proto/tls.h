/* SPDX-License-Identifier: GPL-2.0 */
/* TLS 1.3 with certificates of both sides, for libevent's streams. */
#ifndef DSTM_TLS_H
#define DSTM_TLS_H

#include <event2/bufferevent.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/* Room for an error, and for dstm_tls_peer(). */
#define DSTM_TLS_ERROR	512
#define DSTM_TLS_PEER	256

/**
 * struct dstm_tls_files - what one side shows, and whom it trusts
 * @certificate: PEM file of its certificate, with intermediate ones
 * @key: PEM file of its private key
 * @authorities: PEM file of those whose word on the other side counts
 */
struct dstm_tls_files {
	const char *certificate;
	const char *key;
	const char *authorities;
};

/**
 * dstm_tls_context - make a context of TLS 1.3 alone that asks for a certificate
 * @ctx: the context, to be freed with SSL_CTX_free()
 * @files: the files
 * @server: whether this side accepts connections
 * @error: DSTM_TLS_ERROR bytes for what is wrong, and with which file
 *
 * Return: 0, or -EINVAL with @error filled.
 */
int dstm_tls_context(SSL_CTX **ctx, const struct dstm_tls_files *files,
		     bool server, char *error);

/**
 * dstm_tls_accept - TLS on a connection that was accepted
 * @base: the event loop
 * @ctx: the context
 * @fd: the connection's socket, closed with the stream; also on failure
 *
 * Return: the stream, or NULL without memory.
 */
struct bufferevent *dstm_tls_accept(struct event_base *base, SSL_CTX *ctx,
				    int fd);

/**
 * dstm_tls_connect - TLS on a connection to be made
 * @base: the event loop
 * @ctx: the context
 * @name: the name or address that must be in the peer's certificate
 *
 * Return: the stream, to be given to bufferevent_socket_connect(), or NULL
 * without memory.
 */
struct bufferevent *dstm_tls_connect(struct event_base *base, SSL_CTX *ctx,
				     const char *name);

/**
 * dstm_tls_peer - who the peer is, once connected, for the log
 * @bev: the stream
 * @text: DSTM_TLS_PEER bytes for its common name
 */
void dstm_tls_peer(struct bufferevent *bev, char *text);

/**
 * dstm_tls_peer_is - whether the peer is the one that is meant
 * @bev: the stream, connected
 * @name: a DNS name of its certificate's subject alternative names, or its common
 *	name where it has none, or "sha256:" and the certificate's fingerprint in hex
 */
bool dstm_tls_peer_is(struct bufferevent *bev, const char *name);

/**
 * dstm_tls_why - why a connection failed
 * @bev: the stream
 * @text: DSTM_TLS_ERROR bytes for it; empty if TLS has nothing to say
 */
void dstm_tls_why(struct bufferevent *bev, char *text);

#endif
