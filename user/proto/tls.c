// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tls.h"

static int wrong(char *error, const char *what, const char *file)
{
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_reason_error_string(code);

	if (ERR_SYSTEM_ERROR(code))
		reason = strerror(ERR_GET_REASON(code));
	snprintf(error, DSTM_TLS_ERROR, "%s%s%.200s: %.200s", what,
		 file[0] ? " " : "", file, reason ? reason : "refused");
	ERR_clear_error();
	return -EINVAL;
}

static int files_load(SSL_CTX *ctx, const struct dstm_tls_files *files,
		      char *error)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, files->certificate) != 1)
		return wrong(error, "certificate", files->certificate);
	if (SSL_CTX_use_PrivateKey_file(ctx, files->key, SSL_FILETYPE_PEM) != 1)
		return wrong(error, "private key", files->key);
	if (SSL_CTX_load_verify_locations(ctx, files->authorities, NULL) != 1)
		return wrong(error, "authorities", files->authorities);
	return 0;
}

int dstm_tls_context(SSL_CTX **result, const struct dstm_tls_files *files,
		     bool server, char *error)
{
	SSL_CTX *ctx;
	int ret;

	ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (!ctx)
		return wrong(error, "TLS", "");
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
			   SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	/* A ticket would let a peer in whose certificate has ended since. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);

	ret = files_load(ctx, files, error);
	if (ret) {
		SSL_CTX_free(ctx);
		return ret;
	}
	*result = ctx;
	return 0;
}

static struct bufferevent *stream(struct event_base *base, SSL *ssl, int fd,
				  enum bufferevent_ssl_state state)
{
	struct bufferevent *bev;

	bev = bufferevent_openssl_socket_new(base, fd, ssl, state,
					     BEV_OPT_CLOSE_ON_FREE |
					     BEV_OPT_DEFER_CALLBACKS);
	if (!bev) {
		SSL_free(ssl);
		return NULL;
	}
	/* Without close_notify the line is incomplete, which is seen anyway. */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

struct bufferevent *dstm_tls_accept(struct event_base *base, SSL_CTX *ctx,
				    int fd)
{
	SSL *ssl = SSL_new(ctx);
	struct bufferevent *bev = NULL;

	if (ssl)
		bev = stream(base, ssl, fd, BUFFEREVENT_SSL_ACCEPTING);
	if (!bev)
		close(fd);
	return bev;
}

/* An address must be in the certificate as one, RFC 9110 section 4.3.5. */
static int expect(SSL *ssl, const char *name)
{
	unsigned char addr[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, addr) == 1 ||
	    inet_pton(AF_INET6, name, addr) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) && SSL_set_tlsext_host_name(ssl, name);
}

struct bufferevent *dstm_tls_connect(struct event_base *base, SSL_CTX *ctx,
				     const char *name)
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl)
		return NULL;
	if (!expect(ssl, name)) {
		SSL_free(ssl);
		return NULL;
	}
	return stream(base, ssl, -1, BUFFEREVENT_SSL_CONNECTING);
}

static X509 *certificate(struct bufferevent *bev)
{
	return SSL_get0_peer_certificate(bufferevent_openssl_get_ssl(bev));
}

void dstm_tls_peer(struct bufferevent *bev, char *text)
{
	X509 *cert = certificate(bev);

	snprintf(text, DSTM_TLS_PEER, "unknown");
	if (cert)
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
					  NID_commonName, text, DSTM_TLS_PEER);
}

static bool fingerprint_is(X509 *cert, const char *hex)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE + 1];
	unsigned int len = 0, i;

	if (!X509_digest(cert, EVP_sha256(), hash, &len))
		return false;
	for (i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	return len && !strcasecmp(text, hex);
}

bool dstm_tls_peer_is(struct bufferevent *bev, const char *name)
{
	X509 *cert = certificate(bev);

	if (!cert)
		return false;
	if (!strncmp(name, "sha256:", 7))
		return fingerprint_is(cert, name + 7);
	return X509_check_host(cert, name, 0, X509_CHECK_FLAG_NO_WILDCARDS,
			       NULL) == 1;
}

void dstm_tls_why(struct bufferevent *bev, char *text)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	unsigned long code = bufferevent_get_openssl_error(bev);
	long verify = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	text[0] = '\0';
	if (verify != X509_V_OK)
		snprintf(text, DSTM_TLS_ERROR, "the peer's certificate: %s",
			 X509_verify_cert_error_string(verify));
	else if (reason)
		snprintf(text, DSTM_TLS_ERROR, "TLS: %s", reason);
}
