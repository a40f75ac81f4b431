// SPDX-License-Identifier: GPL-2.0
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "firewall.h"

int firewall_read(json_t **rules, char *error, size_t size)
{
	FILE *nft = popen("nft -j list ruleset 2>&1", "re");
	json_error_t at;
	int status;

	*rules = NULL;
	if (!nft) {
		snprintf(error, size, "nft can not be started");
		return -1;
	}
	*rules = json_loadf(nft, 0, &at);
	status = pclose(nft);
	if (*rules && !status)
		return 0;
	json_decref(*rules);
	*rules = NULL;
	snprintf(error, size, status ? "`nft -j list ruleset` failed" :
				       "`nft -j list ruleset` gave no JSON");
	return -1;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_same(const json_t *a, const json_t *b, const char *key)
{
	return !strcmp(text_of(a, key), text_of(b, key));
}

/* The packets inside the tunnel are IPv4, those around them IPv6. */
static bool is_about(const json_t *object, const char *family)
{
	const char *has = text_of(object, "family");

	return !strcmp(has, family) || !strcmp(has, "inet");
}

/* Whether a value, a set of values or a "*" at the end of one is meant. */
static bool names(const json_t *value, const char *name)
{
	const json_t *item;
	const char *text;
	void *iter;
	size_t i;

	text = json_string_value(value);
	if (text)
		return !strcmp(text, name) ||
		       (*text && text[strlen(text) - 1] == '*' &&
			!strncmp(text, name, strlen(text) - 1));
	if (json_is_integer(value))
		return json_integer_value(value) == 4 && !strcmp(name, "ipencap");
	json_array_foreach(value, i, item)
		if (names(item, name))
			return true;
	for (iter = json_object_iter((json_t *)value); iter;
	     iter = json_object_iter_next((json_t *)value, iter))
		if (names(json_object_iter_value(iter), name))
			return true;
	return false;
}

/* Whether one of the rule's matches has the name on its right side. */
static bool rule_names(const json_t *rule, const char *name)
{
	const json_t *statement, *match;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, statement) {
		match = json_object_get(statement, "match");
		if (match && strcmp(text_of(match, "op"), "!=") &&
		    names(json_object_get(match, "right"), name))
			return true;
	}
	return false;
}

/* A match of the device, perhaps a counter, and then the end of the packet. */
static bool rule_drops(const json_t *rule)
{
	const json_t *statement;
	bool drops = false;
	int matches = 0;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, statement) {
		if (json_object_get(statement, "match"))
			matches++;
		if (json_object_get(statement, "drop") ||
		    json_object_get(statement, "reject"))
			drops = true;
	}
	return drops && matches == 1;
}

static bool table_names(const json_t *list, const json_t *chain,
			const char *name)
{
	const json_t *item, *rule;
	size_t i;

	json_array_foreach(list, i, item) {
		rule = json_object_get(item, "rule");
		if (rule && is_same(rule, chain, "family") &&
		    is_same(rule, chain, "table") && rule_names(rule, name))
			return true;
	}
	return false;
}

static void policy_finding(const json_t *chain, const char *what,
			   const char *rule, firewall_fn *fn, void *data)
{
	char text[256], fix[256];

	snprintf(text, sizeof(text),
		 "chain %s of table %s %s drops what no rule accepts, and no rule there names %s",
		 text_of(chain, "name"), text_of(chain, "family"),
		 text_of(chain, "table"), what);
	snprintf(fix, sizeof(fix), "nft add rule %s %s %s %s accept",
		 text_of(chain, "family"), text_of(chain, "table"),
		 text_of(chain, "name"), rule);
	fn(text, fix, data);
}

/* Through a gateway packets are forwarded; at a client they come in and go out. */
static bool is_on_the_way(const json_t *chain, const struct dstm_link *link)
{
	const char *hook = text_of(chain, "hook");

	if (link->role == DSTM_ROLE_GATEWAY)
		return !strcmp(hook, "forward");
	return !strcmp(hook, "output");
}

static void check_policy(const json_t *list, const json_t *chain,
			 const struct dstm_link *link, firewall_fn *fn,
			 void *data)
{
	bool client = link->role == DSTM_ROLE_CLIENT;
	char rule[64];

	if (strcmp(text_of(chain, "policy"), "drop"))
		return;
	if (is_about(chain, "ip") && is_on_the_way(chain, link) &&
	    !table_names(list, chain, link->name)) {
		snprintf(rule, sizeof(rule), "%s \"%s\"",
			 client ? "oifname" : "iifname", link->name);
		policy_finding(chain, link->name, rule, fn, data);
	}
	if (!link->netns && is_about(chain, "ip6") &&
	    !strcmp(text_of(chain, "hook"), "input") &&
	    !table_names(list, chain, "ipencap") &&
	    !table_names(list, chain, "ipip") && !table_names(list, chain, "4"))
		policy_finding(chain, "protocol 4, IPv4 in IPv6",
			       "meta l4proto 4", fn, data);
}

static void check_rule(const json_t *rule, const struct dstm_link *link,
		       firewall_fn *fn, void *data)
{
	long long handle = json_integer_value(json_object_get(rule, "handle"));
	char text[256], fix[256];

	if (!is_about(rule, "ip") || !rule_drops(rule) ||
	    !rule_names(rule, link->name))
		return;
	snprintf(text, sizeof(text),
		 "a rule in chain %s of table %s %s drops packets of %s",
		 text_of(rule, "chain"), text_of(rule, "family"),
		 text_of(rule, "table"), link->name);
	snprintf(fix, sizeof(fix), "nft delete rule %s %s %s handle %lld",
		 text_of(rule, "family"), text_of(rule, "table"),
		 text_of(rule, "chain"), handle);
	fn(text, fix, data);
}

void firewall_check(const json_t *rules, const struct dstm_link *link,
		    firewall_fn *fn, void *data)
{
	const json_t *list = json_object_get(rules, "nftables");
	const json_t *item, *chain, *rule;
	size_t i;

	json_array_foreach(list, i, item) {
		chain = json_object_get(item, "chain");
		rule = json_object_get(item, "rule");
		if (chain)
			check_policy(list, chain, link, fn, data);
		if (rule)
			check_rule(rule, link, fn, data);
	}
}
