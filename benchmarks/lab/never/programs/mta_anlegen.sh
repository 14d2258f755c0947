#!/bin/sh
# Warteschlangenbaum einer eigenen Postfix-Instanz
set -e
q="$1"; d="$2"; c="$3"
chmod 755 "$q" "$c" && chown root:root "$q"
for s in active bounce corrupt defer deferred flush hold incoming private saved trace; do install -d -o postfix -g root -m 700 "$q/$s"; done
install -d -o postfix -g postdrop -m 730 "$q/maildrop"
install -d -o postfix -g postdrop -m 710 "$q/public"
install -d -o root -g root -m 755 "$q/pid"
chown postfix:postfix "$d"
