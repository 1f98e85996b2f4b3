#!/bin/bash
# nodemailer.sh start|stop DIR: nodemailer's smtp-server (npm), driven by nodemailer.js.
# Env: PORT_BASE (12350): +0 plain/MX-like +1 submission (STARTTLS) +2 smtps +3 LMTP +4 AUTH without TLS, few extensions, 3 s timeout +5 wants a PROXY v1 line first +6 HELO only
. "$(dirname "$0")/lib.sh"
begin "$@"
PORT_BASE=${PORT_BASE:-12350}; B=$PORT_BASE
if [ "$ACTION" = stop ]; then stop_pidfile "$DIR/run/node.pid"; rm -f "$DIR/env"; exit 0; fi
need_free $B $((B+1)) $((B+2)) $((B+3)) $((B+4)) $((B+5)) $((B+6))
need_nodemailer
certs
mkdir -p "$DIR/run" "$DIR/log" "$DIR/mail/new" "$DIR/mail/tmp" "$DIR/mail/envelope"
export SMTP_SERVER_MODULE="$NODE_MODULES/node_modules/smtp-server" PORT_BASE SMTP_USER SMTP_PASSWORD SMTP_USER2 SMTP_PASSWORD2 TEST_HOSTNAME SIZE_LIMIT LOOPBACK6
export CA="$CERTS/ca.pem" CERT="${NODE_CERT:-$CERTS/server.pem}" KEY="${NODE_KEY:-$CERTS/server.key}" OAUTH_TOKEN="${OAUTH_TOKEN:-ya29.testbed-token}"
(cd / && exec setsid node "$HERE/nodemailer.js" "$DIR" >"$DIR/log/node.log" 2>&1 </dev/null) &
wait_port $B || { cat "$DIR/log/node.log" >&2; die "smtp-server does not listen"; }
emit_common nodemailer
emit SMTP_USER2 "$SMTP_USER2"
emit SMTP_PASSWORD2 "$SMTP_PASSWORD2"
emit PORT_PLAIN $B
emit PORT_SUBMISSION $((B+1))
emit PORT_SMTPS $((B+2))
emit SOCKET_SUBMISSION "$DIR/run/submission.sock"
emit SOCKET_SMTPS "$DIR/run/smtps.sock"
emit SOCKET_LMTP "$DIR/run/lmtp.sock"
emit PORT_LMTP $((B+3))
emit PORT_PLAINAUTH $((B+4))
emit PORT_PROXY $((B+5))
emit PORT_HELO_ONLY $((B+6))
emit OAUTH_TOKEN "$OAUTH_TOKEN"
emit MAIL "$DIR/mail/new"
emit LOG "$DIR/log/node.log"
emit PIDFILE "$DIR/run/node.pid"
