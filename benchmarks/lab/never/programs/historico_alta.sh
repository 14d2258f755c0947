#!/bin/sh
# alta de base y usuarios en el historico: DIRECCION ADMIN INGESTA CUADRO FACTURACION ANALISTA
set -e
a="$1"; ad="$2"
q() { curl -s -f -o /dev/null -u "admin:$ad" "http://$a/query" --data-urlencode "q=$1"; }
curl -s -f -o /dev/null "http://$a/query" --data-urlencode "q=CREATE USER admin WITH PASSWORD '$ad' WITH ALL PRIVILEGES"
q "CREATE DATABASE telemetria"
q "CREATE USER ingesta WITH PASSWORD '$3'"; q "GRANT ALL ON telemetria TO ingesta"
q "CREATE USER cuadro WITH PASSWORD '$4'"; q "GRANT READ ON telemetria TO cuadro"
q "CREATE USER facturacion WITH PASSWORD '$5'"; q "GRANT READ ON telemetria TO facturacion"
q "CREATE USER analista WITH PASSWORD '$6'"; q "GRANT READ ON telemetria TO analista"
