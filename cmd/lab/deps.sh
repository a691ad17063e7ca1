#!/usr/bin/env bash
# deps.sh [run|test] [check]: brings what `make run` or `make test` (the
# default) needs and this machine lacks: Debian packages, Node packages, Python
# packages, Go modules, side by side. It is quick when all is there. What run
# needs depends on NETWORKS: only Matrix needs Python. Debian packages need root;
# anybody else is told the one line. With check it brings nothing and only tells
# what it could not bring.
set -uo pipefail
cd "$(dirname "$0")/../.."

debian=(prosody prosody-modules)
matrix=
if [ "${1:-test}" != run ]; then
	debian+=(ejabberd python3-slixmpp python3-aiohttp chromium libnet-smpp-perl gcc libc6-dev)
	matrix=yes
fi
case ,${NETWORKS:-}, in *,matrix,*) matrix=yes ;; esac
[ -z "$matrix" ] || debian+=(python3-venv)
node=cmd/lab/node
python=cmd/lab/python
log=$(mktemp -d) && trap 'rm -rf "$log"' EXIT

exec 8>&2
say() { printf 'deps: %s\n' "$*" >&8; }

lacking() { # PACKAGE...: those that are not installed
	local p
	for p in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

# Debian starts a service as soon as it is installed. Ours have ports and
# directories of their own, so for the duration a policy says no, unless the
# machine has a policy already. It says so only while this script lives.
policy=/usr/sbin/policy-rc.d
hold_services() { # PID
	(set -o noclobber && printf '#!/bin/sh\n[ ! -d /proc/%s ] || exit 101\n' "$1" >$policy) 2>/dev/null &&
		chmod 755 $policy
}

install_debian() {
	local missing ours=
	mapfile -t missing < <(lacking "${debian[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	hold_services $BASHPID && ours=yes && trap 'rm -f $policy' EXIT && trap 'exit 130' INT TERM HUP
	apt-get -q update || say "apt-get update failed; trying with the lists that are here"
	DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" || return
	[ -z "$ours" ] || keep_off "${missing[@]}"
}

keep_off() { # PACKAGE...: services that came with us shall not start at the next boot either
	local p
	for p in "$@"; do
		case $p in prosody | ejabberd) ;; *) continue ;; esac
		if command -v systemctl >/dev/null; then systemctl disable "$p"; else update-rc.d "$p" disable; fi &&
			say "the system's own $p stays off; to use it: systemctl enable --now $p"
	done
	return 0
}

install_node() {
	local want
	want=$(sha256sum <$node/package-lock.json)
	[ "$(cat $node/node_modules/.lock-sum 2>/dev/null)" != "$want" ] || return 0
	say "installing the Node packages"
	(cd $node && npm ci --ignore-scripts) && echo "$want" >$node/node_modules/.lock-sum
}

# Debian's own Python, as for the packages that Debian has.
install_python() {
	local want
	want=$(cat $python/requirements.txt <(/usr/bin/python3 -VV) | sha256sum)
	[ "$(cat $python/.venv/.sum 2>/dev/null)" != "$want" ] || return 0
	say "installing the Python packages"
	/usr/bin/python3 -m venv --clear $python/.venv &&
		$python/.venv/bin/pip install --disable-pip-version-check --only-binary :all: -r $python/requirements.txt &&
		echo "$want" >$python/.venv/.sum
}

# The environment of Python cannot be made without its Debian package.
install_packages() {
	! command -v dpkg-query >/dev/null || install_debian || return
	[ -z "$matrix" ] || install_python
}

need() { # PROGRAM WORDS...
	command -v "$1" >/dev/null || { say "$1 is not on the PATH: ${*:2}"; return 1; }
}

need go "install Go 1.26 or newer" && need node "install Node 18 or newer" && need npm "install npm" || exit 1
if ! command -v dpkg-query >/dev/null; then
	say "this is not Debian; please install what corresponds to: ${debian[*]}"
elif [ "$(id -u)" != 0 ] && [ -n "$(lacking "${debian[@]}")" ]; then
	say "some Debian packages are missing. As root, run:"
	echo "apt-get install -y --no-install-recommends $(lacking "${debian[@]}" | tr '\n' ' ')" >&2
	exit 1
fi
[ "${2:-}" != check ] || exit 0

# One at a time in this tree, and one with apt on this machine waits for it.
exec 9>$node/.lock && flock 9
declare -A jobs
start() { # NAME COMMAND...
	(trap - EXIT; "${@:2}") >"$log/$1" 2>&1 9>&- &
	jobs[$1]=$!
}
start packages install_packages
start node install_node
start modules go mod download
status=0
for name in "${!jobs[@]}"; do
	wait "${jobs[$name]}" && continue
	say "$name failed:"
	tail -n 30 "$log/$name" >&2
	status=1
done
exit $status
