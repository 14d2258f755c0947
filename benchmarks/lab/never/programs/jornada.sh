#!/bin/sh
# jornada.sh ENDERECO: marca uma vacina e confere o agendamento
n=$(( $(od -An -N2 -tu2 /dev/urandom) % 4000 + 1 ))
i=$(curl -sf -m 6 -X POST "http://$1/agendar/$n" | sed 's/[^0-9]//g') || exit 1
[ -n "$i" ] || exit 1
sleep 1
curl -sf -m 6 -o /dev/null "http://$1/agendamento/$i"
