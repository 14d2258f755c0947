#!/bin/sh
# Runs install.sh on a machine that has nothing: a container with systemd, its own PostgreSQL and no trace of aitia.
#
#   sh deploy/check-install.sh BASE [OLD]      # root, podman; BASE: an image of Debian 13 or Ubuntu 24.04 with systemd as /sbin/init
#
# The service must answer, diagnose an alert, know it still after install.sh ran again and after the machine was started anew, and make
# its backup. With OLD, a commit from before there was PostgreSQL, that version is installed first and kept in SQLite files, with a
# diagnosis in them: the upgrade must know it. PODMAN_RUN: further options, as mounts of a package index's settings.
set -eu
cd "$(dirname "$0")/.."
if [ -z "${AITIA_INSIDE:-}" ]; then
  exec env AITIA_INSIDE=1 unshare --mount --propagation private sh deploy/check-install.sh "$@"
fi
# A host with the older cgroups beside the newer: this namespace sees the newer alone, which systemd in a container needs.
if [ -d /sys/fs/cgroup/unified ]; then umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup; fi
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
base=${1:?Name the image of the machine.}
old=${2:-}
say() { printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"; }
began=$(date +%s)
# shellcheck disable=SC2086
machine=$(podman run -d --systemd=always --network=host --ulimit=host --pids-limit=0 --cap-add=ALL ${PODMAN_RUN:-} "$base" /sbin/init)
trap 'podman rm --force --time 1 "$machine" >/dev/null 2>&1 || true' EXIT
on() { podman exec -i "$machine" "$@"; }
checkout() { on sh -c "rm -rf '$2' && mkdir -p '$2'" && git archive "$1" | on tar -x -C "$2"; }
booted() {
  n=0
  until on systemctl is-system-running 2>/dev/null | grep -Eq 'running|degraded'; do
    n=$((n + 1))
    [ $n -lt 60 ] || { on systemctl --failed || podman logs "$machine"; say "systemd does not come up"; exit 1; }
    sleep 1
  done
}
# What the service knows: `asked alert` posts an alert and waits for its diagnosis, `asked known ID` looks one up.
asked() {
  on python3 - "$@" <<'PYTHON'
import json, sys, time, urllib.request

lines = open("/etc/aitia/aitia.env").read().split()
token = next(line.partition("=")[2] for line in lines if line.startswith("AITIA_TOKEN="))


def call(path, body=None):
    request = urllib.request.Request("http://127.0.0.1:8766" + path, json.dumps(body).encode() if body else None)
    request.add_header("Authorization", "Bearer " + token)
    request.add_header("Content-Type", "application/json")
    request.add_header("Idempotency-Key", str(time.time_ns()))  # the same alert again is a diagnosis of its own
    return json.load(urllib.request.urlopen(request, timeout=30))


for _ in range(120):  # a service that was just started
    try:
        urllib.request.urlopen("http://127.0.0.1:8766/readyz", timeout=3)
        break
    except OSError:
        time.sleep(0.5)
if sys.argv[1] == "alert":
    id = call("/v1/diagnoses", json.load(open("/srv/shop/alert.json")))["id"]
else:
    id = sys.argv[2]
for _ in range(240):
    told = call("/v1/diagnoses/" + id)
    if told["state"] in ("done", "failed"):
        break
    time.sleep(0.5)
print(id, told["state"], told["component"], told["fault"])
sys.exit((told["state"], told["component"], told["fault"]) != ("done", "orders", "resource.connections"))
PYTHON
}
known() { asked known "$1" >/dev/null || { on journalctl -u aitia -n 40 --no-pager; say "the diagnosis $1 is not known $2"; exit 1; }; }

booted
# What there is to diagnose: the recorded incident of examples/shop.yaml.
on mkdir -p /srv/shop /etc/aitia
git archive HEAD:scenarios/connection-exhaustion | on tar -x -C /srv/shop
sed 's|\.\./scenarios/connection-exhaustion|/srv/shop|' examples/shop.yaml | on sh -c 'cat >/etc/aitia/aitia.yaml'
say "a machine with $(on sh -c '. /etc/os-release; echo "$PRETTY_NAME"'), $(on python3 --version)"
if [ -n "$old" ]; then
  checkout "$old" /root/old
  on sh -eu -c '
    useradd --system --home-dir /var/lib/aitia aitia; install -d -m 0700 -o aitia -g aitia /var/lib/aitia
    apt-get update -q >/dev/null; DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv >/dev/null
    python3 -m venv /opt/aitia; cd /root/old; [ ! -e constraints.txt ] || export PIP_CONSTRAINT=constraints.txt
    /opt/aitia/bin/pip install -q ".[web]"; unset PIP_CONSTRAINT
    printf "AITIA_TOKEN=%s\n" "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d " \n")" >/etc/aitia/aitia.env; chmod 0600 /etc/aitia/aitia.env
    cat >/etc/systemd/system/aitia.service <<UNIT
[Service]
User=aitia
EnvironmentFile=/etc/aitia/aitia.env
Environment=AITIA_HOME=/var/lib/aitia
ExecStart=/opt/aitia/bin/aitia serve --host 127.0.0.1 --config /etc/aitia/aitia.yaml
UNIT
    systemctl daemon-reload; systemctl start aitia'
  before=$(asked alert) || { on journalctl -u aitia -n 40 --no-pager; say "the older version: $before"; exit 1; }
  say "the older version, $old, diagnosed $before"
fi
checkout HEAD /root/aitia
start=$(date +%s)
on sh /root/aitia/deploy/install.sh
say "installed in $(($(date +%s) - start)) s"
[ -z "$old" ] || known "${before%% *}" "after the upgrade"
made=$(asked alert) || { on journalctl -u aitia -n 40 --no-pager; say "the diagnosis: $made"; exit 1; }
say "diagnosed $made"
mark=$(on sha256sum /etc/aitia/aitia.env)
start=$(date +%s)
on sh /root/aitia/deploy/install.sh
say "again, as an upgrade, in $(($(date +%s) - start)) s"
[ "$mark" = "$(on sha256sum /etc/aitia/aitia.env)" ] || { say "the token changed"; exit 1; }
known "${made%% *}" "after install.sh ran again"
on systemctl start aitia-backup.service
on sh -c 'ls /var/lib/aitia-backup/*.tar.gz /var/backups/aitia/*.tar.gz /var/backups/aitia/*.pgdump'
podman restart --time 30 "$machine" >/dev/null
booted
known "${made%% *}" "after the machine was started anew"
on systemd-analyze security --no-pager aitia.service | tail -n 1
say "done in $(($(date +%s) - began)) s"
