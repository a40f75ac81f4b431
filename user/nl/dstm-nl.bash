# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# bash completion for dstm-nl(8)

_dstm_nl_devices()
{
	dstm-nl link show 2>/dev/null | cut -d ' ' -f 1
}

_dstm_nl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local family='' sub='' words='' i

	# The command begins after the options.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-b|--batch)
			((i++)) ;;
		-*)	;;
		*)	if [ -z "$family" ]; then
				family=${COMP_WORDS[i]}
			elif [ -z "$sub" ]; then
				sub=${COMP_WORDS[i]}
			fi ;;
		esac
	done

	case $prev in
	-b|--batch)	mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	dev)		case $family in
			link)	words=$(ls /sys/class/net) ;;
			*)	words=$(_dstm_nl_devices) ;;
			esac ;;
	role)		words='gateway client' ;;
	hairpin|icmp-errors|shortcut)
			words='on off' ;;
	on)		[ "${COMP_WORDS[COMP_CWORD - 2]}" != shortcut ] || words=dev ;;
	hoplimit)	words='inherit 64' ;;
	tclass)		words='inherit' ;;
	dscp|frag)	words='inner outer' ;;
	flowlabel)	words='auto inherit' ;;
	encaplimit)	words='none' ;;
	ipv4|remote|local|psid|psid-len|psid-offset|lifetime|mtu|icmp-rate)
			return ;;
	esac

	if [ -z "$words" ]; then
		case $family/$sub in
		/)		words='link map stats monitor check portset help -j -p -s -b -V -h --json --pretty --statistics --batch --version --help' ;;
		help/)		words='link map stats monitor check portset' ;;
		link/)		words='add set del show' ;;
		link/add)	words='local role mtu hoplimit encaplimit tclass dscp flowlabel frag hairpin icmp-errors icmp-rate shortcut up down' ;;
		link/set)	words='local mtu hoplimit encaplimit tclass dscp flowlabel frag hairpin icmp-errors icmp-rate shortcut up down' ;;
		link/*)		;;
		map/)		words='add replace del get show count flush save load sync' ;;
		map/add|map/replace)
				words='dev ipv4 psid psid-len psid-offset remote local lifetime' ;;
		map/del)	words='dev ipv4 psid psid-len psid-offset remote' ;;
		map/get)	words='dev ipv4 psid psid-len psid-offset' ;;
		map/show)	words='dev ipv4 remote psid' ;;
		map/*)		words=dev ;;
		stats/*|check/*)
				words=dev ;;
		portset/)	words=ports ;;
		portset/ports)	words='psid psid-len psid-offset' ;;
		esac
		if [ "$family" = link ] && [[ $sub = set || $sub = del || $sub = show ]] &&
		   [ "$prev" = "$sub" ]; then
			words=$(_dstm_nl_devices)
		fi
	fi

	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	case $sub in
	save|load|sync)
		[ "$prev" != dev ] &&
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur") ;;
	esac
}

complete -F _dstm_nl dstm-nl
