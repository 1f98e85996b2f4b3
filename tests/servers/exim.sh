#!/bin/bash
# exim.sh start|stop DIR: Exim 4.96 (exim4-daemon-heavy, GnuTLS), unpacked, not installed.
# Env: PORT_BASE (12100): +0 plain/MX-like (STARTTLS, PRDR, PIPECONNECT, no AUTH) +1 submission (STARTTLS, AUTH only under TLS)
#                         +2 smtps +4 strict: 3 s timeout, multi-line banner +5 AUTH without TLS
#      SCRAM, DIGEST-MD5, XOAUTH2, OAUTHBEARER are handed to a private Dovecot (Exim's dovecot driver): Debian's Exim is built without gsasl.
. "$(dirname "$0")/lib.sh"
begin "$@"
# The Exim that is built here knows IPv4 alone.
[ -z "${EXIM_GSASL:-}" ] || LOOPBACK6=
PORT_BASE=${PORT_BASE:-12100}; B=$PORT_BASE   # exim-gsasl.sh uses 12550
if [ "$ACTION" = stop ]; then
  stop_pidfile "$DIR/run/exim.pid"
  [ ! -d "$DIR/dovecot" ] || "$HERE/dovecot.sh" stop "$DIR/dovecot"
  rm -f "$DIR/env"; exit 0
fi

need_free $B $((B+1)) $((B+2)) $((B+4)) $((B+5))
sysuser Debian-exim
if [ -n "${EXIM_GSASL:-}" ]; then
  need_exim_gsasl
  EXIM_BIN=$EXIM_GSASL_BIN
else
  need_exim
  EXIM_BIN=$PKGROOT/usr/sbin/exim4
fi
certs
mkdir -p "$DIR/run" "$DIR/spool" "$DIR/log" "$DIR/mail" "$DIR/bin"
cp "$EXIM_BIN" "$DIR/bin/exim"; chmod 755 "$DIR/bin/exim"
CERTS_DIR=$CERTS DOVECOT_ONLY_AUTH=1 PORT_BASE=$((B+20)) "$HERE/dovecot.sh" start "$DIR/dovecot" >/dev/null
SOCK=$(sed -n 's/^AUTH_SOCKET=//p' "$DIR/dovecot/env")
printf '%s: %s\n' "$SMTP_USER" "$SMTP_PASSWORD" "$SMTP_USER2" "$SMTP_PASSWORD2" >"$DIR/passwd"
cat >"$DIR/exim.conf" <<CONF
primary_hostname = $TEST_HOSTNAME
exim_path = $DIR/bin/exim
spool_directory = $DIR/spool
log_file_path = $DIR/log/%slog
pid_file_path = $DIR/run/exim.pid
local_interfaces = <; 127.0.0.1${LOOPBACK6:+ ; $LOOPBACK6}
daemon_smtp_ports = $B : $((B+1)) : $((B+2)) : $((B+4)) : $((B+5))
tls_on_connect_ports = $((B+2))
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
deliver_drop_privilege = true
domainlist local_domains = $TEST_DOMAIN
smtp_accept_queue_per_connection = 0
message_size_limit = $SIZE_LIMIT
recipients_max = 100
smtp_receive_timeout = \${if ={\$received_port}{$((B+4))}{3s}{5m}}
smtp_banner = \${if ={\$received_port}{$((B+4))}{\$smtp_active_hostname ESMTP Exim\n  no unsolicited mail\n  last line}{\$smtp_active_hostname ESMTP Exim \$version_number \$tod_full}}
smtp_accept_max = 100
smtp_accept_max_per_connection = 1000
prdr_enable = true
dsn_advertise_hosts = *
pipelining_connect_advertise_hosts = *
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
smtp_etrn_command = /bin/true
accept_8bitmime = true
allow_utf8_domains = true
tls_advertise_hosts = *
tls_certificate = ${EXIM_CERT:-$CERTS/server.pem}
tls_privatekey = ${EXIM_KEY:-$CERTS/server.key}
tls_verify_certificates = $CERTS/ca.pem
tls_try_verify_hosts = *
tls_resumption_hosts = *
auth_advertise_hosts = \${if or {{={\$received_port}{$((B+5))}} {and {{def:tls_in_cipher}{!={\$received_port}{$B}}}}} {*}{}}
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data_prdr = acl_prdr
acl_smtp_data = acl_data
acl_smtp_vrfy = accept
acl_smtp_expn = accept
acl_smtp_etrn = accept
log_selector = +all_parents +tls_peerdn +received_recipients +smtp_protocol_error +smtp_syntax_error +tls_resumption

begin acl
acl_mail:
  deny senders = badsender@$TEST_DOMAIN
       message = 553 5.1.8 sender refused
  accept
acl_rcpt:
  defer local_parts = tempfail
        message = 450 4.2.1 mailbox busy
  deny  local_parts = permfail
        message = 550 5.7.1 go away
  deny  local_parts = multi
        message = 550 5.7.1 first line\n5.7.1 second line\n5.7.1 third line
  drop  local_parts = drop
        message = 550 5.7.1 and we hang up
  defer local_parts = shutdown
        message = 421 4.3.2 closing now
        log_message = shutdown
  accept local_parts = slow
         delay = 4s
  accept authenticated = *
  deny  condition = \${if !={\$received_port}{$B} {\${if !={\$received_port}{$((B+4))} {yes}}}}
        message = authentication required
  require message = relay not permitted
          domains = +local_domains
  require verify = recipient
  accept
acl_prdr:
  deny  local_parts = full
        message = 552 5.2.2 quota exceeded (PRDR)
  accept
acl_data:
  deny  senders = eodperm@$TEST_DOMAIN
        message = 5.7.1 content refused
  defer senders = eodtemp@$TEST_DOMAIN
        message = 4.7.1 try again later
  accept

begin routers
elsewhere:
  driver = redirect
  domains = ! +local_domains
  data = :blackhole:
bounced:
  driver = redirect
  local_parts = bounce
  allow_fail
  data = \${if eq{\$verify_mode}{} {:fail: bounced after acceptance}{:blackhole:}}
local:
  driver = accept
  local_parts = ${SMTP_USER%%@*} : ${SMTP_USER2%%@*} : full : postmaster : slow : j\u00fcrgen
  local_part_suffix = +*
  local_part_suffix_optional
  transport = maildir
  cannot_route_message = Unknown user

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = $DIR/mail/\${lookup{\$local_part}lsearch,ret=full{$DIR/boxes}{\${sg{\$value}{:.*}{}}}{other}}/Maildir
  create_directory
  delivery_date_add
  envelope_to_add
  return_path_add
  user = Debian-exim

begin retry
* * F,2h,15m

begin rewrite

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if eq{\$auth3}{\${lookup{\$auth2}lsearch{$DIR/passwd}{\$value}fail}}}
  server_set_id = \$auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = \${if eq{\$auth2}{\${lookup{\$auth1}lsearch{$DIR/passwd}{\$value}fail}}}
  server_set_id = \$auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${lookup{\$auth1}lsearch{$DIR/passwd}{\$value}fail}
  server_set_id = \$auth1
ntlm:
  driver = spa
  public_name = NTLM
  server_password = \${lookup{\$auth1}lsearch{$DIR/passwd}{\$value}fail}
  server_set_id = \$auth1
ext:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = \$tls_in_certificate_verified
  server_param2 = \${certextract {subj_altname,mail,>:}{\$tls_in_peercert}}
  server_condition = \${if or {{eq{\$auth1}{}} {forany{\$auth2}{eq{\$item}{\$auth1}}}}}
  server_set_id = \$auth2
CONF
BY_DOVECOT="DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256"
if [ -n "${EXIM_GSASL:-}" ]; then
  BY_DOVECOT=
  for m in SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 DIGEST-MD5; do
    cat >>"$DIR/exim.conf" <<CONF
gs_$(echo $m | tr 'A-Z-' 'a-z_'):
  driver = gsasl
  public_name = $m
  server_mech = $m
  server_hostname = $TEST_HOSTNAME
  server_realm = $TEST_DOMAIN
  server_service = smtp
  server_password = \${lookup{\$auth1}lsearch{$DIR/passwd}{\$value}fail}
  server_condition = true
  server_set_id = \$auth1
CONF
    case $m in SCRAM*) printf '  server_scram_iter = 4096\n' ;; esac >>"$DIR/exim.conf"
    case $m in *-PLUS) printf '  server_channelbinding = true\n  server_advertise_condition = ${if def:tls_in_cipher}\n' ;; esac >>"$DIR/exim.conf"
  done
fi
for m in $BY_DOVECOT XOAUTH2 OAUTHBEARER ANONYMOUS; do
  cat >>"$DIR/exim.conf" <<CONF
dv_$(echo $m | tr 'A-Z-' 'a-z_'):
  driver = dovecot
  public_name = $m
  server_socket = $SOCK
  server_set_id = \$auth1
CONF
done
sed -i 's/ : j\\u00fcrgen/ : jürgen/' "$DIR/exim.conf"
for u in "$SMTP_USER" "$SMTP_USER2" full@ postmaster@ slow@ jürgen@; do echo "${u%%@*}:"; done >"$DIR/boxes"
chown -R Debian-exim:Debian-exim "$DIR/run" "$DIR/spool" "$DIR/log" "$DIR/mail"
chown root:root "$DIR/exim.conf"; chmod 644 "$DIR/exim.conf"
setpriv --reuid Debian-exim --regid Debian-exim --clear-groups "$DIR/bin/exim" -C "$DIR/exim.conf" -bV >"$DIR/log/start.log" 2>&1 || { tail -3 "$DIR/log/start.log" >&2; die "exim configuration"; }
(cd / && exec setpriv --reuid Debian-exim --regid Debian-exim --clear-groups "$DIR/bin/exim" -C "$DIR/exim.conf" -bd -q15m) >>"$DIR/log/start.log" 2>&1
wait_port $B || { tail "$DIR/log/start.log" "$DIR"/log/*log >&2; die "exim does not listen"; }
emit_common exim${EXIM_GSASL:+-gsasl}
emit SMTP_USER2 "$SMTP_USER2"
emit SMTP_PASSWORD2 "$SMTP_PASSWORD2"
emit PORT_PLAIN $B
emit PORT_SUBMISSION $((B+1))
emit PORT_SMTPS $((B+2))
emit PORT_STRICT $((B+4))
emit PORT_PLAINAUTH $((B+5))
grep '^OAUTH_' "$DIR/dovecot/env" | tee -a "$DIR/env"
emit MAIL "$DIR/mail/<user>/Maildir/new"
emit LOG "$DIR/log/mainlog"
emit PIDFILE "$DIR/run/exim.pid"
