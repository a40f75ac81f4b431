# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How QEMU boots a kernel on this machine's own files. To be sourced.

# What the initramfs has to load before it sees those files.
boot_modules="virtio_pci 9pnet_virtio 9p"

# Makes DIR/initramfs from DIR/lib/modules/RELEASE.
make_initramfs()
{
	local dir=$1 release=$2 tree m

	tree=$(mktemp -d "$dir/.initramfs-XXXXXX")
	mkdir -p "$tree/bin" "$tree/lib" "$tree/root"
	cp /bin/busybox "$tree/bin/"
	cp "$vm/initramfs" "$tree/init"
	chmod +x "$tree/init"
	# In the order of loading; a module built in has no file.
	for m in $boot_modules; do
		modprobe -d "$dir" -S "$release" --show-depends "$m"
	done | sed -n 's/^insmod //p' | while read -r m _; do
		case $m in
		*.xz)	xz -dc "$m" >"$tree/lib/$(basename "$m" .xz)" ;;
		*.zst)	zstd -qdc "$m" >"$tree/lib/$(basename "$m" .zst)" ;;
		*)	cp "$m" "$tree/lib/" ;;
		esac
		m=${m##*/}
		m=${m%.xz}
		echo "${m%.zst}"
	done | awk '!seen[$0]++' >"$tree/lib/order"
	(cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) |
		gzip -1 >"$dir/initramfs"
	rm -rf "$tree"
}

# Keeps what tests may want of a distribution's thousands of modules, and unpacks
# it: depmod reads them all whenever ours is built anew.
slim_modules()
{
	local dir=$1 release=$2 kept

	kept='\./((net|lib|crypto|arch)/.*|drivers/net/[^/]*|drivers/net/vxlan/.*)'
	(cd "$dir/lib/modules/$release/kernel" &&
		find . -regextype posix-extended -type f ! -regex "$kept" -delete &&
		find . -type d -empty -delete &&
		find . -name '*.xz' -exec xz -d {} + &&
		find . -name '*.zst' -exec zstd -qd --rm {} +)
	depmod -b "$dir" "$release"
}

# The device may be there, and open, and still not run a kernel: only a kernel
# that comes up tells. The answer is kept until the machine boots anew.
kvm_works()
{
	local answer log

	[ -w /dev/kvm ] || return 1
	answer=$cache/.kvm-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$answer" ]; then
		# Another probe may be under way.
		find "$cache" -maxdepth 1 -name '.kvm-*' ! -path "$answer" -delete
		log=$(timeout -s KILL 10 qemu-system-x86_64 -accel kvm -cpu host \
			-m 256 -nodefaults -display none -no-reboot \
			-serial stdio -kernel "$1" \
			-append "console=ttyS0 panic=-1" </dev/null 2>&1) || :
		if grep -q "Linux version" <<<"$log"; then
			echo yes >"$answer"
		else
			echo no >"$answer"
		fi
	fi
	[ "$(cat "$answer")" = yes ]
}

# Sets plain, the name of IMAGE's kernel unpacked, which an emulated CPU takes seconds for,
# or IMAGE. Where the packed kernel is, the kernel's Documentation/arch/x86/boot.rst says;
# its length is behind it, in four bytes.
unpack_kernel()
{
	local image=$1 part setup begin length magic unpack

	plain=$built/vmlinux
	[ ! -e "$plain" ] || return 0
	setup=$(number "$image" $((0x1f1)) 1)
	begin=$(((setup + 1) * 512 + $(number "$image" $((0x248)) 4)))
	length=$(($(number "$image" $((0x24c)) 4) - 4))
	magic=$(number "$image" $begin 4)
	case $magic in
	$((0xfd2fb528)))	unpack="zstd -qdc" ;;
	$((0x587a37fd)))	unpack="xz -qdc" ;;
	*)			plain=$image; return ;;
	esac
	part=$(mktemp "$plain.XXXXXX")
	if dd if="$image" bs=1M skip=$begin count=$length status=none \
			iflag=skip_bytes,count_bytes | $unpack >"$part"; then
		mv "$part" "$plain"
	else
		rm "$part"
		plain=$image
	fi
}

# number FILE OFFSET BYTES
number()
{
	od -An -v -tu"$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# The kernel's log goes to the file that stderr is, by the first serial line, and
# COMMAND's output to stdout, by the second.
kernel_command()
{
	local share=$1 image plain accel options

	image=$(kernel_image)
	unpack_kernel "$image"
	if [ -z "$instructions" ] && kvm_works "$image"; then
		accel=(-accel kvm -cpu host)
		options=''
	else
		# Without what is cheap in hardware and dear in an emulator: to move
		# strings byte by byte or by long vectors, a fifth level of page tables,
		# what guards the kernel against programs, and a program that is at
		# another address each time, and so translated each time. On a busy
		# machine an emulated timer is late, which the kernel takes for a
		# broken one.
		accel=(-accel "tcg,thread=multi")
		[ -z "$instructions" ] || accel=(-accel tcg -icount "shift=0,sleep=off")
		accel+=(-cpu max,erms=off,fsrm=off,avx=off,avx2=off,la57=off,smap=off,smep=off)
		options="no_timer_check norandmaps mitigations=off init_on_alloc=0 randomize_kstack_offset=off"
	fi
	machine=(qemu-system-x86_64 "${accel[@]}" -smp "$smp" -m "$memory"
		-nodefaults -display none -no-reboot
		-kernel "$plain" -initrd "$built/initramfs"
		-append "console=ttyS0 oops=panic panic=-1 $options dstm_kind=qemu dstm_out=/dev/ttyS1 dstm_init=$vm/init"
		-chardev file,id=log,path=/dev/stderr -serial chardev:log
		-chardev stdio,id=out,signal=off -serial chardev:out
		-virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap
		-virtfs "local,path=$share,mount_tag=share,security_model=none"
		-device virtio-rng-pci)
}
