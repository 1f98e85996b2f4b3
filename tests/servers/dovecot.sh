#!/bin/bash
# dovecot.sh start|stop DIR: Dovecot 2.3 as auth service, LMTP server and message submission service.
# Env: PORT_BASE (12050): +1 submission (STARTTLS) +2 submissions (implicit TLS) +3 LMTP +4 LMTP over TLS +5 LMTP, quota checked at RCPT
#      DOVECOT_ONLY_AUTH=1   auth + LMTP only (postfix.sh uses this)
#      RELAY_PORT            where submission relays to (default: a private Postfix is started under DIR/relay)
#      DOVECOT_TICKETS       one login process, which keeps the key of its tickets. taken: it asks for no client certificates. refused: it
#                            does, and OpenSSL ends a handshake with a ticket, as Dovecot names no session context
#      DOVECOT_MECHS         mechanisms; KRB5_KTNAME + KRB5_CONFIG add GSSAPI
. "$(dirname "$0")/lib.sh"
begin "$@"
PORT_BASE=${PORT_BASE:-12050}
if [ "$ACTION" = stop ]; then
  stop_pidfile "$DIR/run/master.pid"
  [ ! -d "$DIR/relay" ] || "$HERE/postfix.sh" stop "$DIR/relay"
  rm -f "$DIR/env"; exit 0
fi
need_dovecot
P_SUB=$((PORT_BASE+1)) P_SUBS=$((PORT_BASE+2)) P_LMTP=$((PORT_BASE+3)) P_LMTPS=$((PORT_BASE+4)) P_LMTPQ=$((PORT_BASE+5))
need_free $P_LMTP $P_LMTPS
certs
MECHS=${DOVECOT_MECHS:-plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer external anonymous}
mkdir -p "$DIR/run" "$DIR/state" "$DIR/mail" "$DIR/oauth2-keys/default/HS256" "$DIR/log"
[ ${#DIR} -le 70 ] || die "DIR is too long for unix sockets: $DIR"
chown -R mail:mail "$DIR/mail"
GSSAPI=
if [ -n "${KRB5_KTNAME:-}" ]; then
  MECHS="$MECHS gssapi gss-spnego"
  # $ALL: any key of the keytab; else the submission service wants submission/HOST where clients (RFC 4954) ask for smtp/HOST
  GSSAPI="auth_gssapi_hostname = \"\$ALL\"
auth_krb5_keytab = $KRB5_KTNAME
auth_realms = EXAMPLE.TEST
import_environment = \$import_environment KRB5_CONFIG=${KRB5_CONFIG:-} KRB5RCACHENAME=none:"
fi
{
  for u in "$SMTP_USER:$SMTP_PASSWORD" "$SMTP_USER2:$SMTP_PASSWORD2" "${SMTP_USER%%@*}:$SMTP_PASSWORD" "full@$TEST_DOMAIN:$SMTP_PASSWORD" "postmaster@$TEST_DOMAIN:$SMTP_PASSWORD" "anonymous:x"; do
    n=${u%%:*}; extra=; [ "$n" != "full@$TEST_DOMAIN" ] || extra="userdb_quota_rule=*:bytes=1"
    printf '%s:{PLAIN}%s:mail:mail::%s::%s\n' "$n" "${u#*:}" "$DIR/mail/$n" "$extra"
  done
} >"$DIR/users"
printf '%s' "oauth-test-key" | base64 -w0 >"$DIR/oauth2-keys/default/HS256/default"
cat >"$DIR/oauth2.conf" <<CONF
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$DIR/oauth2-keys/
username_attribute = email
openid_configuration_url = https://mail.example.test/.well-known/openid-configuration
scope = mail
CONF
SUBMISSION= PROTOS=lmtp
if [ -z "${DOVECOT_ONLY_AUTH:-}" ]; then
  need_free $P_SUB $P_SUBS
  PROTOS="lmtp submission imap"
  if [ -z "${RELAY_PORT:-}" ]; then
    RELAY_PORT=$((PORT_BASE+10))
    CERTS_DIR=$CERTS NO_DOVECOT=1 LMTP_PORT=$P_LMTP PORT_BASE=$RELAY_PORT "$HERE/postfix.sh" start "$DIR/relay" >/dev/null
  fi
  SUBMISSION="
submission_relay_host = 127.0.0.1
submission_relay_port = $RELAY_PORT
submission_relay_trusted = yes
submission_max_mail_size = $SIZE_LIMIT
submission_max_recipients = 100
service submission-login {
  chroot =
${DOVECOT_TICKETS:+  service_count = 0
  process_limit = 1}
  unix_listener $DIR/run/submission.sock {
    mode = 0666
  }
  inet_listener submission {
    address = 127.0.0.1 $LOOPBACK6
    port = $P_SUB
  }
  inet_listener submissions {
    address = 127.0.0.1 $LOOPBACK6
    port = $P_SUBS
    ssl = yes
  }
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = 0
  }
}
"
fi
cat >"$DIR/dovecot.conf" <<CONF
base_dir = $DIR/run
state_dir = $DIR/state
log_path = $DIR/log/dovecot.log
instance_name = smtp-testbed-$PORT_BASE
protocols = $PROTOS
listen = 127.0.0.1
hostname = $TEST_HOSTNAME
postmaster_address = postmaster@$TEST_DOMAIN
ssl = required
ssl_cert = <${DOVECOT_CERT:-$CERTS/server.pem}
ssl_key = <${DOVECOT_KEY:-$CERTS/server.key}
ssl_ca = <$CERTS/ca.pem
ssl_verify_client_cert = $([ "${DOVECOT_TICKETS:-}" = taken ] && echo no || echo yes)
ssl_require_crl = no
ssl_min_protocol = TLSv1.2
ssl_cert_username_field = commonName
auth_ssl_username_from_cert = yes
auth_mechanisms = $MECHS
auth_verbose = yes
auth_debug = yes
auth_username_format = %Lu
auth_failure_delay = 0
auth_anonymous_username = anonymous
$GSSAPI
login_trusted_networks = 127.0.0.0/8
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_plugins = quota
plugin {
  quota = maildir:User quota
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $DIR/oauth2.conf
}
passdb {
  driver = static
  mechanisms = external
  args = nopassword=y
}
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u $DIR/users
}
userdb {
  driver = passwd-file
  args = username_format=%u $DIR/users
}
lmtp_rcpt_check_quota = no
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
protocol lmtp {
  info_log_path = $DIR/log/lmtp.log
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  client_limit = 100
}
service auth {
  unix_listener $DIR/auth.sock {
    mode = 0666
  }
  unix_listener auth-userdb {
    mode = 0600
    user = mail
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $P_LMTP
  }
  inet_listener lmtps {
    address = 127.0.0.1
    port = $P_LMTPS
    ssl = yes
  }
  unix_listener $DIR/run/lmtp.sock {
    mode = 0666
  }
}
$SUBMISSION
CONF
chmod 644 "$DIR/dovecot.conf"
dovecot -c "$DIR/dovecot.conf" >"$DIR/log/start.log" 2>&1 || { cat "$DIR/log/start.log" >&2; die "dovecot did not start"; }
wait_port $P_LMTP || { tail "$DIR/log/dovecot.log" >&2; die "dovecot does not listen"; }
b64url() { base64 -w0 | tr '+/' '-_' | tr -d =; }
jwt() { # jwt EXP: an HS256 token that this Dovecot accepts
  local h p
  h=$(printf '{"alg":"HS256","typ":"JWT"}' | b64url)
  p=$(printf '{"sub":"%s","email":"%s","scope":"mail","iat":%d,"exp":%d}' "$SMTP_USER" "$SMTP_USER" 1600000000 "$1" | b64url)
  printf '%s.%s.%s' "$h" "$p" "$(printf '%s.%s' "$h" "$p" | openssl dgst -sha256 -hmac oauth-test-key -binary | b64url)"
}
emit_common dovecot
emit SMTP_USER2 "$SMTP_USER2"
emit SMTP_PASSWORD2 "$SMTP_PASSWORD2"
emit PORT_LMTP $P_LMTP
emit PORT_LMTPS $P_LMTPS
emit SOCKET_LMTP "$DIR/run/lmtp.sock"
if [ -z "${DOVECOT_ONLY_AUTH:-}" ]; then
  emit PORT_SUBMISSION $P_SUB
  emit PORT_SMTPS $P_SUBS
  emit SOCKET_SUBMISSION "$DIR/run/submission.sock"
fi
emit AUTH_MECHS "$(echo "$MECHS" | tr a-z A-Z)"
emit OAUTH_TOKEN "$(jwt $(( $(date +%s) + 864000 )))"
emit OAUTH_TOKEN_EXPIRED "$(jwt 1600000600)"
emit MAIL "$DIR/mail/<user>/Maildir/new"
emit LOG "$DIR/log/dovecot.log"
emit PIDFILE "$DIR/run/master.pid"
emit AUTH_SOCKET "$DIR/auth.sock"
