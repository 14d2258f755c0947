#!/bin/sh
# End-of-day report: one file for each depot, in the order of the depots, until the night is over.
# Settings come from the environment: SERVER_PORT, REPORT_PASSWORD, OUTBOX, PUSHGATEWAY.
say() { echo "$(date -u '+%Y-%m-%d %H:%M:%S') eod-report[$$] $*"; }
day=$(date -u -d yesterday '+%Y%m%d')
say "INFO business day $day, 24 depots"
failed=0
done_at=$(date +%s)
n=0
while :; do
  depot=$(printf '%02d' $((n % 24 + 1)))
  start=$(date +%s%3N)
  file="$OUTBOX/turnover-$day-depot$depot.csv.gz"
  if rows=$(MYSQL_PWD="$REPORT_PASSWORD" mariadb --no-defaults --skip-ssl --connect-timeout=5 -h 127.0.0.1 -P "$SERVER_PORT" -u eod -B odesk -e "
      SELECT h.dealer_no, l.part_no, SUM(l.qty) AS qty, SUM(l.net) AS net FROM order_head h JOIN order_line l USING (order_no)
      JOIN dealer d USING (dealer_no) WHERE d.depot = $depot GROUP BY 1, 2 ORDER BY net DESC" 2>&1) \
    && rows=$({ echo "$rows" | gzip >"$file.part" && mv "$file.part" "$file" && echo "$rows"; } 2>&1); then
    done_at=$(date +%s)
    say "INFO depot $depot: $(echo "$rows" | wc -l) lines in $(($(date +%s%3N) - start)) ms"
  else
    failed=$((failed + 1))
    say "ERROR depot $depot: $rows"
  fi
  curl -s -m 3 --data-binary @- "http://$PUSHGATEWAY/metrics/job/eod_report" <<METRICS
# TYPE eod_last_depot_timestamp_seconds gauge
eod_last_depot_timestamp_seconds $done_at
# TYPE eod_depots_total counter
eod_depots_total $n
# TYPE eod_depots_failed_total counter
eod_depots_failed_total $failed
# TYPE eod_last_depot_duration_seconds gauge
eod_last_depot_duration_seconds $(($(date +%s%3N) - start))e-3
METRICS
  n=$((n + 1))
  sleep 4
done
