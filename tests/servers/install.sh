#!/bin/bash
# install.sh [NAME...]: installs what the six servers of the tests need, or these, once.  Quiet where all is there.
# krb5 is the KDC, gssapi the libraries that the feature of that name is built with.
# What cannot be installed is named at the end and is no failure: the tests of that server then skip and say so.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || die "must run as root (it installs packages)"
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
left_out=()
[ $# -gt 0 ] || set -- postfix dovecot exim exim-gsasl aiosmtpd nodemailer
for name in "$@"; do
  [ -n "$(missing "$name")" ] || continue
  note "installing $name"
  ("need_${name//-/_}") || left_out+=("$name")
done
[ ${#left_out[@]} -eq 0 ] || note "not installed: ${left_out[*]}"
