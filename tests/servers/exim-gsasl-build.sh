# The build of Exim with gsasl.  Sourced by lib.sh, never run alone.
# shellcheck shell=bash
# Debian builds Exim without gsasl, so without SCRAM of its own and without channel binding.  This builds the same source
# (Debian's orig tarball, by apt-get source) with gsasl and ESMTP LIMITS: the one server here that offers SCRAM-*-PLUS.
# 4.96 labels the TLS 1.3 exporter value "tls-unique"; the patch makes it tls-exporter (RFC 9266) as 4.97 does.
# EXIM_UNPATCHED=1 keeps the old behaviour.

# What the built program needs.
EXIM_GSASL_PACKAGES="libgsasl18 libgnutls30 libpcre2-8-0 libdb5.3 libidn12 libcrypt1"
EXIM_GSASL_BIN=$SERVER_CACHE/exim-gsasl${EXIM_UNPATCHED:+-unpatched}/exim

# Builds it, or takes the one that was built before.
need_exim_gsasl() {
  local src made
  apt_need openssl $EXIM_GSASL_PACKAGES
  [ ! -x "$EXIM_GSASL_BIN" ] || return 0
  apt_need gcc make libc6-dev perl xz-utils pkg-config libgsasl-dev libgnutls28-dev libpcre2-dev libdb-dev libidn-dev
  src=$(mktemp -d); mkdir -p "$src/parts" "$src/lists/partial"
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed 's/^Types:.*/Types: deb-src/' >"$src/parts/src.sources" || true
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >"$src/parts/src.list" || true
  [ -s "$src/parts/src.sources" ] || rm -f "$src/parts/src.sources"; [ -s "$src/parts/src.list" ] || rm -f "$src/parts/src.list"
  printf 'Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "%s";\nDir::State::Lists "%s";\n' "$src/parts" "$src/lists" >"$src/apt.conf"
  note "building Exim with gsasl (about half a minute)"
  (cd "$src" && export APT_CONFIG="$src/apt.conf" && apt-get update && apt-get source --download-only exim4) >"$DIR/build.log" 2>&1 || { tail -5 "$DIR/build.log" >&2; rm -rf "$src"; die "apt-get source exim4"; }
  (cd "$src" && tar xf exim4_*.orig.tar.xz && cd exim-*/ && mkdir -p Local && cat >Local/Makefile <<'MK'
BIN_DIRECTORY=/usr/exim/bin
CONFIGURE_FILE=/usr/exim/configure
EXIM_USER=Debian-exim
ROUTER_ACCEPT=yes
ROUTER_REDIRECT=yes
ROUTER_MANUALROUTE=yes
TRANSPORT_APPENDFILE=yes
TRANSPORT_PIPE=yes
TRANSPORT_SMTP=yes
SUPPORT_MAILDIR=yes
LOOKUP_LSEARCH=yes
LOOKUP_DBM=yes
USE_DB=yes
DBMLIB=-ldb
PCRE2_CONFIG=yes
AUTH_CRAM_MD5=yes
AUTH_PLAINTEXT=yes
AUTH_EXTERNAL=yes
AUTH_TLS=yes
AUTH_SPA=yes
AUTH_DOVECOT=yes
AUTH_GSASL=yes
AUTH_GSASL_PC=libgsasl
AUTH_LIBS=-lgsasl -lcrypt
USE_GNUTLS=yes
USE_GNUTLS_PC=gnutls
AVOID_GNUTLS_PKCS11=yes
TLS_LIBS=-lgnutls
EXPERIMENTAL_ESMTP_LIMITS=yes
EXPERIMENTAL_DSN_INFO=yes
SUPPORT_I18N=yes
EXTRALIBS += -lidn
SUPPORT_PROXY=yes
WITH_CONTENT_SCAN=yes
DISABLE_DNSSEC=yes
FIXED_NEVER_USERS=root
HEADERS_CHARSET="UTF-8"
SYSTEM_ALIASES_FILE=/etc/aliases
EXICYCLOG_MAX=10
SPOOL_DIRECTORY=/var/spool/exim
COMPRESS_COMMAND=/usr/bin/gzip
COMPRESS_SUFFIX=gz
ZCAT_COMMAND=/usr/bin/zcat
MK
    # 4.96 tests only GSASL_VERSION_MINOR and so takes gsasl 2.2 for something older than 1.9, whose work-around breaks binding
    sed -i 's/^# *define CHANNELBIND_HACK/# define EXIM_GSASL_HAVE_SCRAM_SHA_256/' src/auths/gsasl_exim.c
    [ -n "${EXIM_UNPATCHED:-}" ] || sed -i 's/^    gsasl_property_set(sctx, GSASL_CB_TLS_UNIQUE, CCS tls_in.channelbinding);/    gsasl_property_set(sctx, tls_in.ver \&\& Ustrstr(tls_in.ver, "1.3") ? GSASL_CB_TLS_EXPORTER : GSASL_CB_TLS_UNIQUE, CCS tls_in.channelbinding);/' src/auths/gsasl_exim.c
    make -j2) >>"$DIR/build.log" 2>&1 || { tail -5 "$DIR/build.log" >&2; rm -rf "$src"; die "building exim"; }
  # In one step: another start never sees half of a program.
  mkdir -p "$(dirname "$EXIM_GSASL_BIN")" && made=$(mktemp "$EXIM_GSASL_BIN.XXXXXX") && cp "$src"/exim-*/build-*/exim "$made" &&
    chmod 755 "$made" && mv "$made" "$EXIM_GSASL_BIN" || { rm -rf "$src"; die "keeping exim"; }
  rm -rf "$src"
}
