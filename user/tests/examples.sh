#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# examples.sh FOLDER DAEMON...: the example of each daemon's configuration, the schema
# and the daemon itself agree, and its manual page names every key of the schema.
# The certificates that an example names are made here.

cd "$(dirname "$0")/../.." || exit 1
out=$1
shift
. user/tests/tap.sh

valid()
{
	/usr/bin/python3 - "$1" "$2" <<-END
	import json, sys
	import jsonschema
	schema, example = (json.load(open(name)) for name in sys.argv[1:])
	jsonschema.Draft202012Validator.check_schema(schema)
	jsonschema.validate(example, schema)
	END
}

keys()
{
	/usr/bin/python3 - "$1" <<-END
	import json, sys
	def walk(node):
	    if isinstance(node, dict):
	        properties = node.get("properties")
	        for key in properties if isinstance(properties, dict) else ():
	            print(key)
	        for value in node.values():
	            walk(value)
	    elif isinstance(node, list):
	        for value in node:
	            walk(value)
	walk(json.load(open(sys.argv[1])))
	END
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=gw \
	-keyout "$work/gateway.key" -out "$work/gateway.crt" 2> /dev/null
cp "$work/gateway.crt" "$work/ca.crt"

for daemon; do
	schema=Documentation/schema/$daemon.json
	example=user/$daemon/$daemon.json
	page=Documentation/man/dstm-$daemon.json.5

	valid "$schema" "$example"
	result $? "$example fits $schema"
	sed "s|/etc/dstm/|$work/|" "$example" > "$work/$daemon.json"
	"$out/dstm-$daemon" --check -c "$work/$daemon.json"
	result $? "dstm-$daemon takes $example"
	missing=
	for key in $(keys "$schema" | sort -u); do
		grep -qw -e "$key" "$page" || missing="$missing $key"
	done
	[ -z "$missing" ] || echo "# not in $page:$missing"
	[ -z "$missing" ]
	result $? "$page names the keys of $schema"
done
tap_done
