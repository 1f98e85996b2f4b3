#!/bin/sh
# Round trips with a delay line under the kernel's TCP. Needs root, iptables
# and NFQUEUE; everything happens on the loopback of a network namespace of its
# own, which ends with this script. MTU=1500 gives segments of the usual size
# instead of the loopback's 64 KiB (then with JOBS=1, one client at a time). Usage: ./real-tcp.sh [peer...]
set -eu
cd "$(dirname "$0")"
: "${BENCH_TARGET:=$PWD/target}"; export BENCH_TARGET
: "${DELAY_MS:=25}"; export DELAY_MS
exec unshare -n sh -eu -c '
ip link set lo up
[ -z "${MTU:-}" ] || ip link set lo mtu "$MTU"
ipt=$(command -v iptables-legacy || command -v iptables)
# INPUT, not OUTPUT: past the device the packet no longer counts as queued by its
# sender, which would make the kernel cork the writes after it.
$ipt -A INPUT -i lo -p tcp -j NFQUEUE --queue-num 0
r=$(mktemp -d)
"$BENCH_TARGET/release/netdelay" --delay-ms "$DELAY_MS" --ready-file "$r/ready" & d=$!
trap "kill $d; rm -r $r" EXIT
i=0; while [ ! -e "$r/ready" ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i+1)); done
SECTIONS="${SECTIONS:-realtcp}" python3 run.py "$@"
' sh "$@"
