#!/bin/sh
# fichero de usuarios del broker: usuarios_mqtt.sh FICHERO usuario clave [usuario clave ...]
set -e
f="$1"; shift
: > "$f"
while [ $# -gt 1 ]; do mosquitto_passwd -b "$f" "$1" "$2" 2>/dev/null; shift 2; done
chmod 644 "$f"
