# Shared helpers of the server scripts.  Sourced by them, never run alone.
# shellcheck shell=bash
set -eu
umask 022

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TEST_DOMAIN=${TEST_DOMAIN:-example.test}
TEST_HOSTNAME=${TEST_HOSTNAME:-mail.example.test}
SMTP_USER=${SMTP_USER:-tester@example.test}
SMTP_PASSWORD=${SMTP_PASSWORD:-pencil}
# A second account whose password needs care in every mechanism: '=' ',' '"' '\' space, non-ASCII.
SMTP_USER2=${SMTP_USER2:-zoe@example.test}
SMTP_PASSWORD2=${SMTP_PASSWORD2:-'p=w,"d\ ü'}
# A third one for OTP at Cyrus SASL, which demands a long passphrase.
OTP_USER=${OTP_USER:-otto@example.test}
OTP_PASSPHRASE=${OTP_PASSPHRASE:-This is a test.}
SIZE_LIMIT=${SIZE_LIMIT:-1048576}
SERVER_CACHE=${SERVER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/smtp-testbed}

die() { echo "$(basename "$0"): $*" >&2; exit 1; }
note() { echo "# $*" >&2; }

usage() { echo "usage: $(basename "$0") start|stop DIR, or $(basename "$0") available" >&2; exit 2; }

# What each server needs installed.  install.sh installs it; a start installs what is missing.
POSTFIX_PACKAGES="postfix libsasl2-modules libsasl2-modules-db libsasl2-modules-otp sasl2-bin"
DOVECOT_PACKAGES="dovecot-core dovecot-lmtpd dovecot-submissiond dovecot-imapd dovecot-gssapi"
EXIM_PACKAGES="libgnutls-dane0 libspf2-2 libidn12 libidn2-0 libmariadb3 libperl5.36 libpq5 libnsl2 libdb5.3 libpcre2-8-0 libldap-2.5-0 libsasl2-2"
KRB5_PACKAGES="krb5-kdc krb5-user krb5-admin-server libsasl2-modules-gssapi-mit"
# What the feature gssapi takes to build.
GSSAPI_PACKAGES="libclang-dev libkrb5-dev"
AIOSMTPD_VENV=$SERVER_CACHE/venv-aiosmtpd
NODE_MODULES=$SERVER_CACHE/npm-smtp-server
. "$HERE/exim-gsasl-build.sh"

need_postfix() { apt_need openssl $POSTFIX_PACKAGES; }
need_dovecot() { apt_need openssl $DOVECOT_PACKAGES; }
need_krb5() { apt_need $KRB5_PACKAGES; }
need_gssapi() { apt_need $GSSAPI_PACKAGES; }
need_exim() { apt_need openssl $EXIM_PACKAGES && deb_unpack exim exim4-daemon-heavy exim4-base; }
need_aiosmtpd() {
  [ -n "$(missing aiosmtpd)" ] || return 0
  command -v python3 >/dev/null || apt_need python3 python3-venv
  python3 -m venv "$AIOSMTPD_VENV" && "$AIOSMTPD_VENV/bin/pip" install -q aiosmtpd==1.4.6 pyspnego==0.12.4 >"$DIR/pip.log" 2>&1 || { tail -5 "$DIR/pip.log" >&2; die "pip install"; }
}
need_nodemailer() {
  [ ! -d "$NODE_MODULES/node_modules/smtp-server" ] || return 0
  command -v npm >/dev/null || apt_need nodejs npm
  mkdir -p "$NODE_MODULES"
  (cd "$NODE_MODULES" && echo '{"private":true}' >package.json && npm install --no-audit --no-fund --ignore-scripts smtp-server@3.21.6 >"$DIR/npm.log" 2>&1) || { tail -5 "$DIR/npm.log" >&2; die "npm install"; }
}

# missing NAME: prints why the server cannot start without the network; nothing when it can.
missing() {
  # Libraries to build with, on a system whose packages have these names.
  if [ "$1" = gssapi ]; then
    ! command -v dpkg-query >/dev/null || missing_packages $GSSAPI_PACKAGES
    return
  fi
  [ "$(id -u)" = 0 ] || { echo "its servers switch users, which only root may"; return; }
  case $1 in
    postfix) missing_packages $POSTFIX_PACKAGES $DOVECOT_PACKAGES ;;
    dovecot) missing_packages $POSTFIX_PACKAGES $DOVECOT_PACKAGES ;;
    exim) missing_packages $EXIM_PACKAGES $DOVECOT_PACKAGES; [ -e "$SERVER_CACHE/exim/.done" ] || echo "Exim is not unpacked" ;;
    exim-gsasl) missing_packages $EXIM_GSASL_PACKAGES $DOVECOT_PACKAGES; [ -x "$EXIM_GSASL_BIN" ] || echo "Exim with gsasl is not built" ;;
    krb5) missing_packages $KRB5_PACKAGES ;;
    aiosmtpd)
      set -- "$AIOSMTPD_VENV"/lib/python3*/site-packages/
      [ -x "$AIOSMTPD_VENV/bin/python" ] && [ -d "$1/aiosmtpd" ] && [ -d "$1/spnego" ] || echo "aiosmtpd is not installed" ;;
    nodemailer) command -v node >/dev/null && [ -d "$NODE_MODULES/node_modules/smtp-server" ] || echo "smtp-server is not installed" ;;
    *) echo "installed at its first start" ;;
  esac
}
# disk_full: prints that the disk is, or nothing.  Servers answer 452, or lose mail half-way, on one that is nearly full; the
# long streams of the tests take this much.
MIN_FREE_MB=256
disk_full() {
  local where=${TMPDIR:-/tmp} free
  free=$(df -Pm "$where" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$MIN_FREE_MB" ] || echo "the disk is nearly full: less than $MIN_FREE_MB MB are free below $where ($free MB)"
}
missing_packages() {
  local p
  for p in openssl "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || { echo "the package $p is not installed"; return; }
  done
}

# begin "$@": sets ACTION and DIR (absolute)
begin() {
  if [ "${1:-}" = available ]; then
    local why; why=$(missing "$(basename "$0" .sh)${EXIM_GSASL:+-gsasl}" | head -1)
    [ -z "$why" ] || { echo "$why (tests/servers/install.sh installs the servers)"; exit 1; }
    why=$(disk_full)
    [ -z "$why" ] || { echo "$why"; exit 1; }
    exit 0
  fi
  [ $# -eq 2 ] || usage
  ACTION=$1
  case $ACTION in start|stop) ;; *) usage ;; esac
  if [ "$ACTION" = start ]; then
    [ "$(id -u)" = 0 ] || die "must run as root (the servers switch users)"
    mkdir -p "$2"; chmod 755 "$2"
  elif [ ! -d "$2" ]; then
    exit 0
  fi
  DIR=$(cd "$2" && pwd)
  [ "$ACTION" = stop ] || { [ ! -e "$DIR/env" ] || die "$DIR already holds a server; stop it and remove DIR first"; }
  [ "$ACTION" != stop ] || return 0
  # a start that fails half-way leaves nothing running
  trap 'rc=$?; [ $rc = 0 ] || "$HERE/$(basename "$0")" stop "$DIR" || true; exit $rc' EXIT
  [ "${PORT_BASE:-}" != auto ] || pick_ports
  [ -z "${WATCH_PID:-}" ] || watch "$WATCH_PID"
}

# pick_ports: a free block for a server and those it starts itself.  Starts take turns, each with the block after the last one:
# two at once would find the same block free.
pick_ports() {
  local p n tries=280
  mkdir -p "$SERVER_CACHE"
  exec 9<>"$SERVER_CACHE/last-block"; flock 9
  read -r n <&9 || n=$RANDOM
  while [ $tries -gt 0 ]; do
    n=$(((n + 1) % 280)); PORT_BASE=$((20000 + n * 40)); tries=$((tries-1))
    for p in $(seq "$PORT_BASE" $((PORT_BASE+39))); do port_open "$p" && continue 2; done
    echo $n >"$SERVER_CACHE/last-block"; exec 9>&-
    export PORT_BASE; return 0
  done
  die "no block of free ports"
}

# watch PID: stops this server and removes DIR when the process that asked for it is gone, however it went.
watch() {
  WATCH_PID= setsid bash -c 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; cd /; "$2" stop "$3" && rm -rf "$3"' - "$1" "$HERE/$(basename "$0")" "$DIR" >/dev/null 2>&1 </dev/null &
  unset WATCH_PID
}

# apt_need PKG...: install what is missing; never lets a package start a service.
apt_need() {
  local miss=() p guard=
  for p in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || miss+=("$p")
  done
  [ ${#miss[@]} -gt 0 ] || return 0
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    guard=1; printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
  fi
  local rc=0
  note "apt-get install ${miss[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${miss[@]}" >"$DIR/apt.log" 2>&1 || {
    apt-get update >>"$DIR/apt.log" 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${miss[@]}" >>"$DIR/apt.log" 2>&1 || rc=$?
  }
  [ -z "$guard" ] || rm -f /usr/sbin/policy-rc.d
  [ "$rc" = 0 ] || { tail -5 "$DIR/apt.log" >&2; die "apt-get install failed"; }
}

# deb_unpack NAME PKG...: unpack (not install) packages into a cached tree; sets PKGROOT.
# For the mail-transport-agents, which conflict with each other as packages.
deb_unpack() {
  local name=$1; shift
  PKGROOT=$SERVER_CACHE/$name
  [ -e "$PKGROOT/.done" ] && return 0
  local dl; dl=$(mktemp -d); chmod 755 "$dl"
  note "apt-get download $*"
  (cd "$dl" && { apt-get download "$@" >"$DIR/apt.log" 2>&1 ||
    { apt-get update >>"$DIR/apt.log" 2>&1; apt-get download "$@" >>"$DIR/apt.log" 2>&1; }; }) || die "apt-get download failed"
  rm -rf "$PKGROOT"; mkdir -p "$PKGROOT"
  local d
  for d in "$dl"/*.deb; do dpkg -x "$d" "$PKGROOT"; done
  rm -rf "$dl"; touch "$PKGROOT/.done"
}

sysuser() { # sysuser NAME [GROUP...]: a system user (and group of the same name)
  getent group "$1" >/dev/null || groupadd --system "$1"
  getent passwd "$1" >/dev/null || useradd --system --gid "$1" --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$1"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# has_ipv6: whether servers can listen on ::1 here too.  LOOPBACK6 is that address, or nothing.
has_ipv6() { grep -qs '^0\{31\}1 ' /proc/net/if_inet6; }
LOOPBACK6=; ! has_ipv6 || LOOPBACK6=::1
need_free() { local p; for p in "$@"; do port_open "$p" && die "port $p is in use"; done; return 0; }
wait_port() { # wait_port PORT [SECONDS]
  local n=$(( ${2:-15} * 10 ))
  while [ $n -gt 0 ]; do port_open "$1" && return 0; sleep 0.1; n=$((n-1)); done
  return 1
}

stop_pidfile() { # TERM, wait up to 10 s, KILL: only the process named in the file
  local f=$1 pid n=100
  [ -s "$f" ] || return 0
  pid=$(head -1 "$f" | tr -d ' \n')
  case $pid in ''|*[!0-9]*|0|1) return 0 ;; esac
  kill -TERM "$pid" 2>/dev/null || { rm -f "$f"; return 0; }
  while [ $n -gt 0 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; n=$((n-1)); done
  kill -0 "$pid" 2>/dev/null && kill -KILL "$pid" 2>/dev/null
  rm -f "$f"
}

# certs: CERTS_DIR shares one set of certificates between servers.  Without it each server gets a copy of the set that this
# version of certs.sh has made before: making it takes longer than most servers take to start.
certs() {
  local kept made
  CERTS=${CERTS_DIR:-$DIR/certs}
  [ ! -e "$CERTS/ca.pem" ] || return 0
  kept=$SERVER_CACHE/certs-$(cksum <"$HERE/certs.sh" | cut -d' ' -f1)
  if [ ! -e "$kept/ca.pem" ]; then
    mkdir -p "$SERVER_CACHE"; made=$(mktemp -d "$SERVER_CACHE/certs.XXXXXX")
    "$HERE/certs.sh" "$made" >/dev/null; chmod 755 "$made"
    mv -T "$made" "$kept" 2>/dev/null || rm -rf "$made"   # another start was faster
  fi
  mkdir -p "$CERTS"; cp -R "$kept/." "$CERTS"
}

emit() { printf '%s=%s\n' "$1" "$2" | tee -a "$DIR/env"; }
emit_common() { # emit_common NAME
  emit SERVER "$1"
  emit HOST 127.0.0.1
  # The same ports.
  [ -z "$LOOPBACK6" ] || emit HOST6 "$LOOPBACK6"
  emit SMTP_HOSTNAME "$TEST_HOSTNAME"
  emit SMTP_USER "$SMTP_USER"
  emit SMTP_PASSWORD "$SMTP_PASSWORD"
  emit CA "$CERTS/ca.pem"
  emit CLIENT_CERT "$CERTS/client.pem"
  emit CLIENT_KEY "$CERTS/client.key"
  emit SIZE_LIMIT "$SIZE_LIMIT"
}
