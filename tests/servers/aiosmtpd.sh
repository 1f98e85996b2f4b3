#!/bin/bash
# aiosmtpd.sh start|stop DIR: aiosmtpd 1.4.6 (PyPI), driven by aiosmtpd_server.py.
# Env: PORT_BASE (12400): +0 plain (STARTTLS offered) +1 submission (STARTTLS and AUTH required) +2 smtps (AUTH required) +3 LMTP +4 AUTH without TLS, 3 s timeout, 20 calls of each command
. "$(dirname "$0")/lib.sh"
begin "$@"
PORT_BASE=${PORT_BASE:-12400}; B=$PORT_BASE
if [ "$ACTION" = stop ]; then stop_pidfile "$DIR/run/aiosmtpd.pid"; rm -f "$DIR/env"; exit 0; fi
need_free $B $((B+1)) $((B+2)) $((B+3)) $((B+4))
need_aiosmtpd
certs
mkdir -p "$DIR/run" "$DIR/log" "$DIR/mail/new" "$DIR/mail/tmp" "$DIR/mail/envelope"
export PORT_BASE SMTP_USER SMTP_PASSWORD SMTP_USER2 SMTP_PASSWORD2 TEST_HOSTNAME SIZE_LIMIT LOOPBACK6 CERT="${AIOSMTPD_CERT:-$CERTS/server.pem}" KEY="${AIOSMTPD_KEY:-$CERTS/server.key}"
(cd / && exec setsid "$AIOSMTPD_VENV/bin/python" -W ignore "$HERE/aiosmtpd_server.py" "$DIR" >"$DIR/log/aiosmtpd.log" 2>&1 </dev/null) &
wait_port $((B+4)) || { cat "$DIR/log/aiosmtpd.log" >&2; die "aiosmtpd does not listen"; }
emit_common aiosmtpd
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
emit MAIL "$DIR/mail/new"
emit LOG "$DIR/log/aiosmtpd.log"
emit PIDFILE "$DIR/run/aiosmtpd.pid"
