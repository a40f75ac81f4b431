#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# examples.sh FOLDER DAEMON...: the examples of each daemon's configuration, the schema
# and the daemon itself agree; the one of them has every key of the schema, the other is
# that of the manual page, which names every key.
# The certificates that they name are made here.

cd "$(dirname "$0")/../.." || exit 1
out=$1
shift
. user/tests/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

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

# takes DAEMON FILE: where the user of dstm-server may not have been made, with another.
takes()
{
	sed "s/\"dstm-server\"/\"$(id -un)\"/; s|/etc/dstm/|$work/|" "$2" > "$work/$1.json"
	"$out/dstm-$1" --check -c "$work/$1.json"
}

# all_keys FILE: the keys in it, at any depth.
all_keys()
{
	/usr/bin/python3 - "$1" <<-END
	import json, sys
	def walk(node):
	    if isinstance(node, dict):
	        for key in node:
	            print(key)
	    for value in node.values() if isinstance(node, dict) else node:
	        if isinstance(value, (dict, list)):
	            walk(value)
	walk(json.load(open(sys.argv[1])))
	END
}

# is_in_page FILE PAGE: the page's example is that file.
is_in_page()
{
	sed -n '/^{$/,/^}$/p' "$2" | diff "$1" -
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

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=gw \
	-keyout "$work/gateway.key" -out "$work/gateway.crt" 2> /dev/null
cp "$work/gateway.crt" "$work/ca.crt"

for daemon; do
	schema=Documentation/schema/$daemon.json
	example=user/$daemon/$daemon.json
	page=Documentation/man/dstm-$daemon.json.5

	full=user/$daemon/$daemon-full.json
	for file in "$example" "$full"; do
		valid "$schema" "$file"
		result $? "$file fits $schema"
		takes "$daemon" "$file"
		result $? "dstm-$daemon takes $file"
	done
	is_in_page "$example" "$page"
	result $? "$example is the example of $page"
	missing=$(keys "$schema" | sort -u | grep -vxF "$(all_keys "$full")" | tr '\n' ' ')
	[ -z "$missing" ] || echo "# not in $full: $missing"
	[ -z "$missing" ]
	result $? "$full has the keys of $schema"
	missing=
	for key in $(keys "$schema" | sort -u); do
		grep -qw -e "$key" "$page" || missing="$missing $key"
	done
	[ -z "$missing" ] || echo "# not in $page:$missing"
	[ -z "$missing" ]
	result $? "$page names the keys of $schema"
done
tap_done
