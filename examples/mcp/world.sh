#!/usr/bin/env bash
# What the servers show, made up to fit the recorded incident of ../shop.yaml: settings in a git repository, deploys in SQLite, a queue in
# Redis on port 6390. And aitia.yaml beside them.   bash examples/mcp/world.sh /srv/mcp /tmp/shop
set -euo pipefail
servers=$(realpath "${1:?give the folder of install.sh}")
there=$(realpath -m "${2:?give the folder to make}")
port=${REDIS_PORT:-6390}
here=$(realpath "$(dirname "$0")")
mkdir -p "$there/conf"
git() { command git -C "$there/conf" -c user.name=shop -c user.email=shop@example.com -c commit.gpgsign=false "$@"; }
git init -q
printf 'pool: {size: 40, timeout_s: 5}\n' >"$there/conf/orders.yaml"
printf 'upstreams: [orders, payment]\n' >"$there/conf/gateway.yaml"
git add . && git commit -qm 'orders and gateway as they were'
printf 'pool: {size: 4, timeout_s: 5}\n' >"$there/conf/orders.yaml"
git commit -qam 'orders: a smaller pool, to save connections'
command python3 - "$there/deploys.db" <<'PY'
import sqlite3
import sys

with sqlite3.connect(sys.argv[1]) as db:
    db.execute("CREATE TABLE deploys (at TEXT, service TEXT, version TEXT, who TEXT)")
    db.execute("CREATE TABLE owners (service TEXT, team TEXT)")
    db.executemany("INSERT INTO deploys VALUES (?, ?, ?, ?)", [
        ("2026-11-24T16:20:00Z", "gateway", "1.8.0", "kim"), ("2026-11-25T01:08:30Z", "orders", "2.3.1", "alex")])
    db.executemany("INSERT INTO owners VALUES (?, ?)", [("orders", "blue"), ("gateway", "edge")])
PY
redis-server --port "$port" --bind 127.0.0.1 --save '' --daemonize yes --dir "$there" --pidfile "$there/redis.pid" >/dev/null
for _ in $(seq 50); do redis-cli -p "$port" ping >/dev/null 2>&1 && break || sleep 0.1; done
for n in $(seq 41); do redis-cli -p "$port" lpush queue:mail "mail $n" >/dev/null; done
sed -e "s|SERVERS|$servers|g; s|THERE|$there|g; s|PORT|$port|g; s|NODE|$(command -v node)|g" \
  -e "s|SCENARIO|$(realpath "$here/../../scenarios/connection-exhaustion")|g" "$here/aitia.yaml" | grep -v '^#' >"$there/aitia.yaml"
echo "$there/aitia.yaml"
