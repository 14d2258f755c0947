#!/bin/sh
# Erstbestand einspielen, falls das Verzeichnis noch leer ist
[ -f "$2/data.mdb" ] || /usr/sbin/slapadd -q -w -f "$1" -l "$3"
