#!/bin/sh
# Builds the image twice without the network, and runs it as the compose file does: read-only, without capabilities, as its user.
#
#   sh deploy/wheels.sh && sh deploy/check-image.sh [BASE]      # root, podman; BASE: any image with Debian and Python 3.11 to 3.13
#
# It runs in a mount namespace of its own, where a host with both cgroup versions shows podman one. Set KEEP=1 to keep the images.
set -eu
cd "$(dirname "$0")/.."
if [ -z "${AITIA_INSIDE:-}" ]; then
  exec env AITIA_INSIDE=1 unshare --mount --propagation private sh deploy/check-image.sh "$@"
fi
if [ -d /sys/fs/cgroup/unified ]; then umount /sys/fs/cgroup/unified; fi
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
base=${1:-docker.io/library/python:3.12-slim-trixie}
place=$(mktemp -d)
started=""
cleanup() {
  [ -z "$started" ] || podman rm --force --time 1 "$started" >/dev/null 2>&1 || true
  [ -n "${KEEP:-}" ] || podman rmi --force aitia-check:1 aitia-check:2 >/dev/null 2>&1 || true
  rm -rf "$place"
}
trap cleanup EXIT
say() { printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"; }

for n in 1 2; do
  # shellcheck disable=SC2086
  podman build -q ${PODMAN_BUILD:-} --no-cache --network=none --timestamp 0 --build-arg BASE="$base" --ignorefile deploy/Containerfile.dockerignore \
    -f deploy/Containerfile -t "aitia-check:$n" . >"$place/id$n"
  say "build $n: $(cat "$place/id$n"), $(podman image inspect --format '{{.Size}}' "aitia-check:$n") bytes"
done
cmp -s "$place/id1" "$place/id2" || { say "the two builds differ"; exit 1; }

# As in compose.yaml, but with the network of the host, so that no firewall is needed.
hard="--read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges --network=host --ulimit=host ${PODMAN_RUN:-}"
# shellcheck disable=SC2086
run() { podman run --rm $hard -v "$PWD/scenarios:/scenarios:ro" -v "$place/home:/var/lib/aitia" "$@"; }
install -d -m 0700 -o 10001 -g 10001 "$place/home"
run --entrypoint id aitia-check:1
run aitia-check:1 --version
run aitia-check:1 doctor || say "doctor: exit code $?"
run aitia-check:1 replay /scenarios/connection-exhaustion --model none
run --entrypoint sh aitia-check:1 -c 'if touch /opt/aitia/x 2>/dev/null; then echo "the root can be written"; exit 1; fi'

port=${PORT:-18766}
cp deploy/aitia.yaml "$place/aitia.yaml"
chmod 0644 "$place/aitia.yaml"
printf 'AITIA_TOKEN=%s\n' "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$place/env"
[ -z "${AITIA_DATABASE:-}" ] || printf 'AITIA_DATABASE=%s\n' "$AITIA_DATABASE" >>"$place/env"
# shellcheck disable=SC2086
started=$(podman run -d $hard --env-file "$place/env" -v "$place/home:/var/lib/aitia" -v "$place/aitia.yaml:/etc/aitia/aitia.yaml:ro" \
  aitia-check:1 serve --host 127.0.0.1 --port "$port" --config /etc/aitia/aitia.yaml)
probe() { python3 -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=3)' "http://127.0.0.1:$port$1" 2>/dev/null; }
n=0
until probe /readyz; do
  n=$((n + 1))
  [ $n -lt 120 ] || { podman logs "$started"; say "not ready after $n tries"; exit 1; }
  sleep 2
done
probe /healthz
say "the service is ready"
begun=$(date +%s)
podman stop --time 20 "$started" >/dev/null
code=$(podman inspect --format '{{.State.ExitCode}}' "$started")
say "SIGTERM: exit code $code after $(($(date +%s) - begun)) s"
[ "$code" = 0 ]
say "done"
