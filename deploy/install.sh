#!/bin/sh
# aitia as a service with PostgreSQL, on one machine with Debian or Ubuntu and systemd; run again with a newer checkout it upgrades.
#
#   sudo sh deploy/install.sh            # from a checkout
#
# It installs python3-venv and postgresql where they are missing, aitia into /opt/aitia, a user `aitia`, a database `aitia` that this
# user alone opens through the local socket, the units, and a nightly backup. What is there already (settings, token, data) stays as
# it is. An upgrade backs up first, into /var/backups/aitia. Variables: EXTRAS (web,postgres), PYTHON (python3).
set -eu
cd "$(dirname "$0")/.."
extras=${EXTRAS:-web,postgres}
python=${PYTHON:-python3}
url=http://127.0.0.1:8766
say() { printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"; }
fail() { echo "$*" >&2; exit 1; }
as_aitia() { runuser -u aitia -- env HOME=/var/lib/aitia AITIA_HOME=/var/lib/aitia AITIA_DATABASE="$database" "$@"; }
as_postgres() { (cd / && runuser -u postgres -- "$@"); }
ready() { "$python" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=3)' "$url/readyz" 2>/dev/null; }

[ "$(id -u)" = 0 ] || fail "Run it as root: sudo sh deploy/install.sh"
[ -d /run/systemd/system ] || fail "systemd does not run here. Use deploy/compose.yaml or deploy/kubernetes instead."
command -v apt-get >/dev/null || fail "apt-get is missing. On other systems follow docs/operations.md by hand."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || fail "Python 3.11 or newer is needed. Set PYTHON to one."

missing=""
"$python" -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
command -v psql >/dev/null || missing="$missing postgresql"
if [ -n "$missing" ]; then
  say "installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >/dev/null
  # shellcheck disable=SC2086
  told=$(apt-get install -y -q --no-install-recommends $missing 2>&1) || fail "$told"
fi
systemctl enable --now --quiet postgresql
id aitia >/dev/null 2>&1 || useradd --system --home-dir /var/lib/aitia --shell /usr/sbin/nologin aitia
install -d -m 0700 -o aitia -g aitia /var/lib/aitia
install -d -m 0755 /etc/aitia

# The database: its user is the system's user of that name, so that no password is kept.
n=0
until as_postgres pg_isready -q; do
  n=$((n + 1))
  [ $n -lt 60 ] || fail "PostgreSQL does not answer. Look at: journalctl -u postgresql"
  sleep 1
done
socket=$(as_postgres psql -Atc 'show unix_socket_directories' | cut -d, -f1)
port=$(as_postgres psql -Atc 'show port')
[ -n "$(as_postgres psql -Atc "select 1 from pg_roles where rolname = 'aitia'")" ] || as_postgres createuser aitia
[ -n "$(as_postgres psql -Atc "select 1 from pg_database where datname = 'aitia'")" ] || as_postgres createdb -O aitia -E UTF8 -T template0 --locale=C.UTF-8 aitia
database="postgresql://aitia@/aitia?host=$socket&port=$port"

if [ ! -e /etc/aitia/aitia.env ]; then
  token=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
  (umask 077 && printf 'AITIA_TOKEN=%s\nAITIA_DATABASE=%s\n' "$token" "$database" >/etc/aitia/aitia.env)
else
  told=$(sed -n 's/^AITIA_DATABASE=//p' /etc/aitia/aitia.env | tail -n 1)
  database=${told:-$database}
  grep -q '^AITIA_DATABASE=' /etc/aitia/aitia.env || printf 'AITIA_DATABASE=%s\n' "$database" >>/etc/aitia/aitia.env
fi
[ -e /etc/aitia/aitia.yaml ] || install -m 0644 deploy/aitia.yaml /etc/aitia/aitia.yaml

# The version that comes is built beside the one that runs, so that the service is away for seconds.
before=""
[ ! -x /opt/aitia/bin/aitia ] || before=$(/opt/aitia/bin/aitia --version)
say "building aitia[$extras]${before:+ beside $before}"
rm -rf build/install && mkdir -p build/install
"$python" -m venv build/install/env
build/install/env/bin/pip install -q --disable-pip-version-check wheel
build/install/env/bin/pip wheel -q --disable-pip-version-check -c constraints.txt -w build/install/wheels ".[$extras]"

if [ -n "$before" ]; then
  systemctl stop aitia.service
  rm -rf /opt/aitia.before && mv /opt/aitia /opt/aitia.before
  trap 'rm -rf /opt/aitia; mv /opt/aitia.before /opt/aitia; systemctl start aitia.service; echo "nothing was changed: $before runs on" >&2' EXIT
fi
"$python" -m venv /opt/aitia
/opt/aitia/bin/pip install -q --disable-pip-version-check --no-index --find-links build/install/wheels "aitia[$extras]"
rm -rf build/install
if [ -n "$before" ]; then
  kept=/var/backups/aitia
  install -d -m 0700 -o aitia -g aitia "$kept"
  say "backing up into $kept"
  as_aitia /opt/aitia/bin/aitia state backup --output "$kept"
  [ -z "$(as_postgres psql -d aitia -Atc "select 1 from pg_namespace where nspname = 'aitia'")" ] ||
    (umask 077 && as_aitia pg_dump -n aitia -Fc "$database" >"$kept/aitia-$(date -u +%Y%m%d-%H%M%S).pgdump")
  trap - EXIT
fi
as_aitia /opt/aitia/bin/aitia state migrate
# What was kept in files before there was a server goes to it once; the files stay.
if [ -e /var/lib/aitia/jobs.sqlite ] && [ ! -e /var/lib/aitia/copied-to-server ]; then
  say "copying the SQLite files to PostgreSQL"
  as_aitia /opt/aitia/bin/aitia state copy
  as_aitia touch /var/lib/aitia/copied-to-server
fi
install -m 0644 deploy/systemd/aitia.service deploy/systemd/aitia-backup.service deploy/systemd/aitia-backup.timer /etc/systemd/system/
systemctl daemon-reload
systemctl enable --now --quiet aitia.service aitia-backup.timer

n=0
until ready; do
  n=$((n + 1))
  [ $n -lt 60 ] || { journalctl -u aitia -n 20 --no-pager >&2; fail "aitia is not ready after $n tries. Its last lines stand above."; }
  sleep 1
done
rm -rf /opt/aitia.before
say "$(/opt/aitia/bin/aitia --version) answers at $url; the token is in /etc/aitia/aitia.env"
grep -q 'prometheus.example' /etc/aitia/aitia.yaml || exit 0
echo "Next: say in /etc/aitia/aitia.yaml what telemetry there is (docs/configuration.md), then systemctl restart aitia"
