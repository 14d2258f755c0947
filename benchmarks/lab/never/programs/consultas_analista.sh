#!/bin/sh
# consultas del cuaderno de analisis: consultas_analista.sh DIRECCION CLAVE N (por VPN, lecturas largas)
i=0
while [ $i -lt "$3" ]; do
  ( while :; do
    curl -s -o /dev/null -m 120 --limit-rate 200k -G "http://$1/query" --data-urlencode db=telemetria --data-urlencode u=analista --data-urlencode "p=$2" --data-urlencode chunked=true \
      --data-urlencode "q=SELECT mean(caudal), stddev(caudal), percentile(presion, 95) FROM lecturas WHERE time > now() - 2h GROUP BY time(100ms), contador fill(previous)"
  done ) &
  i=$((i + 1))
done
wait
