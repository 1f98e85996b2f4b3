#!/bin/bash
# postfix.sh start|stop DIR: Postfix 3.7, with its own Dovecot (SASL backend, LMTP delivery).
# Env: PORT_BASE (12000): +0 plain/MX-like (STARTTLS offered, no AUTH, XCLIENT/XFORWARD, XVERP, VRFY, ETRN)
#                         +1 submission (STARTTLS required for AUTH)  +2 smtps (implicit TLS)
#                         +3 (Dovecot) LMTP                           +4 strict: 2 rcpts, 3 s timeout, hard error limit 3, no bare LF, line limit 512
#                         +5 postscreen (multi-line greeting, pregreet test) +6 plain AUTH without TLS, mechanisms of Cyrus SASL if POSTFIX_CYRUS=1
#                         +7 discard (accepts everything for everyone, drops it) +8 8-bit-less: no 8BITMIME/SMTPUTF8/CHUNKING/PIPELINING/DSN; +9 HELO only (no ESMTP)
#                         +10 like +0, +11 like +2, both after a header of the PROXY protocol
#      NO_DOVECOT=1 LMTP_PORT=n: no Dovecot, deliver by LMTP to that port
. "$(dirname "$0")/lib.sh"
begin "$@"
PORT_BASE=${PORT_BASE:-12000}
if [ "$ACTION" = stop ]; then
  postfix -c "$DIR/etc" stop >/dev/null 2>&1 || true
  stop_pidfile "$DIR/spool/pid/master.pid"
  [ ! -d "$DIR/dovecot" ] || "$HERE/dovecot.sh" stop "$DIR/dovecot"
  rm -f "$DIR/env"; exit 0
fi
need_postfix
B=$PORT_BASE
need_free $B $((B+1)) $((B+2)) $((B+4)) $((B+5)) $((B+6)) $((B+7)) $((B+8)) $((B+9)) $((B+10)) $((B+11))
certs
mkdir -p "$DIR/etc" "$DIR/spool" "$DIR/data" "$DIR/log" "$DIR/etc/sasl"
chown postfix "$DIR/data"
if [ -z "${NO_DOVECOT:-}" ]; then
  CERTS_DIR=$CERTS DOVECOT_ONLY_AUTH=1 PORT_BASE=$((B+20)) "$HERE/dovecot.sh" start "$DIR/dovecot" >/dev/null
  dv() { sed -n "s/^$1=//p" "$DIR/dovecot/env"; }
  LMTP_PORT=$(dv PORT_LMTP)
  SASL="smtpd_sasl_type = dovecot
smtpd_sasl_path = $(dv AUTH_SOCKET)"
else
  SASL="smtpd_sasl_type = dovecot
smtpd_sasl_path = $DIR/no-auth.sock"
fi
cat >"$DIR/etc/main.cf" <<CONF
compatibility_level = 3.6
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C KRB5RCACHENAME=none: ${KRB5_CONFIG:+KRB5_CONFIG=$KRB5_CONFIG} ${KRB5_KTNAME:+KRB5_KTNAME=$KRB5_KTNAME}
config_directory = $DIR/etc
queue_directory = $DIR/spool
data_directory = $DIR/data
maillog_file = $DIR/log/mail.log
maillog_file_prefixes = $DIR
myhostname = $TEST_HOSTNAME
mydomain = $TEST_DOMAIN
mydestination =
inet_interfaces = 127.0.0.1${LOOPBACK6:+, [$LOOPBACK6]}
inet_protocols = ${LOOPBACK6:+ipv6, }ipv4
mynetworks = 192.0.2.255/32
smtpd_banner = \$myhostname ESMTP \$mail_name
biff = no
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
virtual_mailbox_domains = $TEST_DOMAIN
virtual_mailbox_maps = texthash:$DIR/etc/mailboxes
virtual_transport = lmtp:inet:127.0.0.1:$LMTP_PORT
transport_maps = texthash:$DIR/etc/transport
default_transport = discard:nothing leaves this machine
relay_transport = discard:nothing leaves this machine
relay_domains = discard.test, retry.test, bounce.test
message_size_limit = $SIZE_LIMIT
mailbox_size_limit = 0
recipient_delimiter = +
smtputf8_enable = yes
disable_vrfy_command = no
fast_flush_domains = \$relay_domains, $TEST_DOMAIN
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_authorized_xforward_hosts = 127.0.0.0/8
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_tls_cert_file = ${POSTFIX_CERT:-$CERTS/server.pem}
smtpd_tls_key_file = ${POSTFIX_KEY:-$CERTS/server.key}
smtpd_tls_CAfile = $CERTS/ca.pem
smtpd_tls_ask_ccert = yes
smtpd_tls_ccert_verifydepth = 3
smtpd_tls_fingerprint_digest = sha256
smtpd_tls_security_level = may
smtpd_tls_loglevel = 2
smtpd_tls_received_header = yes
smtpd_tls_auth_only = yes
smtpd_tls_protocols = >=TLSv1.2
smtpd_tls_mandatory_protocols = >=TLSv1.2
tls_preempt_cipherlist = no
$SASL
smtpd_sasl_auth_enable = no
smtpd_sasl_security_options =
smtpd_sasl_authenticated_header = yes
smtpd_sasl_local_domain = $TEST_DOMAIN
smtpd_helo_required = yes
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:$DIR/etc/rcpt_access
smtpd_sender_restrictions = check_sender_access texthash:$DIR/etc/sender_access
smtpd_end_of_data_restrictions = check_sender_access texthash:$DIR/etc/eod_access
address_verify_map =
smtp_tls_security_level = none
lmtp_tls_security_level = none
queue_run_delay = 300s
maximal_queue_lifetime = 1d
bounce_queue_lifetime = 1d
postscreen_greet_banner = $TEST_HOSTNAME ESMTP postscreen, please wait
postscreen_greet_wait = 2s
postscreen_access_list =
postscreen_greet_action = enforce
postscreen_dnsbl_sites =
postscreen_cache_map =
CONF
{ for u in "$SMTP_USER" "$SMTP_USER2" full@$TEST_DOMAIN postmaster@$TEST_DOMAIN tempfail@$TEST_DOMAIN permfail@$TEST_DOMAIN shutdown@$TEST_DOMAIN bounce@$TEST_DOMAIN; do echo "$u ok"; done; } >"$DIR/etc/mailboxes"
cat >"$DIR/etc/rcpt_access" <<CONF
tempfail@$TEST_DOMAIN 450 4.2.1 mailbox busy
permfail@$TEST_DOMAIN 550 5.7.1 go away
shutdown@$TEST_DOMAIN 421 4.3.2 closing now
CONF
cat >"$DIR/etc/sender_access" <<CONF
badsender@$TEST_DOMAIN 553 5.1.8 sender refused
CONF
cat >"$DIR/etc/eod_access" <<CONF
eodtemp@$TEST_DOMAIN 451 4.7.1 try again later
eodperm@$TEST_DOMAIN 554 5.7.1 content refused
CONF
cat >"$DIR/etc/transport" <<CONF
bounce@$TEST_DOMAIN error:5.2.0 bounced after acceptance
bounce.test error:5.1.2 no such domain
retry.test retry:4.4.1 held forever
CONF
cat >"$DIR/etc/master.cf" <<CONF
127.0.0.1:$B       inet n - n - - smtpd
  -o smtpd_authorized_verp_clients=127.0.0.0/8
127.0.0.1:$((B+1)) inet n - n - - smtpd
  -o syslog_name=postfix/submission -o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=may
  -o { smtpd_relay_restrictions=permit_sasl_authenticated, reject } -o smtpd_authorized_xclient_hosts= -o smtpd_authorized_xforward_hosts=
127.0.0.1:$((B+2)) inet n - n - - smtpd
  -o syslog_name=postfix/smtps -o smtpd_sasl_auth_enable=yes -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt
  -o { smtpd_relay_restrictions=permit_sasl_authenticated, reject } -o smtpd_authorized_xclient_hosts= -o smtpd_authorized_xforward_hosts=
127.0.0.1:$((B+4)) inet n - n - - smtpd
  -o syslog_name=postfix/strict -o smtpd_recipient_limit=2 -o smtpd_recipient_overshoot_limit=1 -o smtpd_timeout=3s -o smtpd_hard_error_limit=3 -o smtpd_soft_error_limit=1
  -o line_length_limit=512 -o smtpd_forbid_bare_newline=reject -o smtpd_forbid_bare_newline_exclusions= -o smtpd_forbid_unauth_pipelining=yes
127.0.0.1:$((B+5)) inet n - n - 1 postscreen
smtpd     pass  -       -       n       -       -       smtpd
dnsblog   unix  -       -       n       -       0       dnsblog
tlsproxy  unix  -       -       n       -       0       tlsproxy
127.0.0.1:$((B+6)) inet n - n - - smtpd
  -o syslog_name=postfix/plainauth -o smtpd_sasl_auth_enable=yes -o smtpd_tls_auth_only=no -o broken_sasl_auth_clients=yes
  -o { smtpd_relay_restrictions=permit_sasl_authenticated, reject } ${POSTFIX_CYRUS:+-o smtpd_sasl_type=cyrus -o smtpd_sasl_path=smtpd}
127.0.0.1:$((B+7)) inet n - n - - smtpd
  -o syslog_name=postfix/discard -o { smtpd_relay_restrictions=permit_mynetworks, reject } -o mynetworks=127.0.0.0/8 -o smtpd_recipient_restrictions= -o content_filter=discard: -o receive_override_options=no_unknown_recipient_checks,no_address_mappings
127.0.0.1:$((B+8)) inet n - n - - smtpd
  -o syslog_name=postfix/7bit -o { smtpd_discard_ehlo_keywords=8bitmime, smtputf8, chunking, pipelining, dsn, starttls, size, vrfy, etrn, enhancedstatuscodes, xclient, xforward }
  -o smtputf8_enable=no -o smtpd_tls_security_level=none
127.0.0.1:$((B+9)) inet n - n - - smtpd
  -o syslog_name=postfix/heloonly -o { smtpd_command_filter=regexp:$DIR/etc/heloonly } -o smtpd_tls_security_level=none
127.0.0.1:$((B+10)) inet n - n - - smtpd
  -o syslog_name=postfix/proxy -o smtpd_upstream_proxy_protocol=haproxy
127.0.0.1:$((B+11)) inet n - n - - smtpd
  -o syslog_name=postfix/proxysmtps -o smtpd_upstream_proxy_protocol=haproxy -o smtpd_sasl_auth_enable=yes -o smtpd_tls_wrappermode=yes
  -o smtpd_tls_security_level=encrypt -o { smtpd_relay_restrictions=permit_sasl_authenticated, reject }
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
CONF
printf '/^[Ee][Hh][Ll][Oo]/ XEHLO\n' >"$DIR/etc/heloonly"
# Cyrus SASL (PORT +6 with POSTFIX_CYRUS=1); Debian's Postfix looks in $config_directory/sasl, whatever cyrus_sasl_config_path says
cat >"$DIR/etc/sasl/smtpd.conf" <<CONF
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $DIR/etc/sasl/sasldb2
mech_list: ${CYRUS_MECHS:-PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-224 SCRAM-SHA-256 SCRAM-SHA-384 SCRAM-SHA-512 NTLM OTP ANONYMOUS GSSAPI GS2-KRB5}
${KRB5_KTNAME:+keytab: $KRB5_KTNAME}
CONF
if [ -n "${POSTFIX_CYRUS:-}" ]; then
  printf '%s' "$SMTP_PASSWORD" | saslpasswd2 -p -c -f "$DIR/etc/sasl/sasldb2" -u "${SMTP_USER#*@}" "${SMTP_USER%%@*}"
  printf '%s' "$SMTP_PASSWORD2" | saslpasswd2 -p -c -f "$DIR/etc/sasl/sasldb2" -u "${SMTP_USER2#*@}" "${SMTP_USER2%%@*}"
  # a passphrase of one-time passwords has at least 10 characters, which the other passwords have not
  printf '%s' "$OTP_PASSPHRASE" | saslpasswd2 -p -c -f "$DIR/etc/sasl/sasldb2" -u "${OTP_USER#*@}" "${OTP_USER%%@*}"
  chown postfix "$DIR/etc/sasl/sasldb2"
fi
# The first three once more, on ::1: each service with its options, which are indented.
if [ -n "$LOOPBACK6" ]; then
  six=$(awk -v first="$B" '/^[^ ]/ { split($1, at, ":"); on = at[1] == "127.0.0.1" && at[2] <= first + 2 } on { sub(/^127\.0\.0\.1:/, "[::1]:"); print }' "$DIR/etc/master.cf")
  printf '%s\n' "$six" >>"$DIR/etc/master.cf"
fi
# Postfix sleeps until its configuration is 2 s old, so that it reads no file that is still written: these are whole.
touch -d '1 minute ago' "$DIR"/etc/*.cf "$DIR/etc/sasl/smtpd.conf" "$DIR"/etc/{mailboxes,rcpt_access,sender_access,eod_access,transport,heloonly}
postfix -c "$DIR/etc" start >"$DIR/log/start.log" 2>&1 || { cat "$DIR/log/start.log" >&2; tail -5 "$DIR/log/mail.log" >&2; die "postfix did not start"; }
wait_port $B || { tail "$DIR/log/mail.log" >&2; die "postfix does not listen"; }
emit_common postfix
emit SMTP_USER2 "$SMTP_USER2"
emit SMTP_PASSWORD2 "$SMTP_PASSWORD2"
emit PORT_PLAIN $B
emit PORT_SUBMISSION $((B+1))
emit PORT_SMTPS $((B+2))
[ -n "${NO_DOVECOT:-}" ] || emit PORT_LMTP $LMTP_PORT
emit PORT_STRICT $((B+4))
emit PORT_POSTSCREEN $((B+5))
emit PORT_PLAINAUTH $((B+6))
emit PORT_DISCARD $((B+7))
emit PORT_7BIT $((B+8))
emit PORT_HELO_ONLY $((B+9))
emit PORT_PROXY $((B+10))
emit PORT_PROXY_SMTPS $((B+11))
if [ -n "${POSTFIX_CYRUS:-}" ]; then
  emit OTP_USER "$OTP_USER"
  emit OTP_PASSPHRASE "$OTP_PASSPHRASE"
fi
if [ -z "${NO_DOVECOT:-}" ]; then
  grep -E '^(OAUTH_|MAIL=)' "$DIR/dovecot/env" | tee -a "$DIR/env"
fi
emit LOG "$DIR/log/mail.log"
emit QUEUE "postqueue -c $DIR/etc -p"
emit PIDFILE "$DIR/spool/pid/master.pid"
