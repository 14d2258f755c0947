#!/bin/sh
# Runs a check; when it fails, diagnoses and leaves report.json and report.html in a folder of its own.
#
#   diagnose-when-failing.sh NAME CHECK [ARGUMENT...]
#
# AITIA_CONFIG   settings (default: aitia.yaml)      AITIA_REPORTS  where reports go (default: ~/aitia-reports)
# AITIA_OPTIONS  further options of `aitia diagnose`  AITIA_PAUSE    minutes before NAME is diagnosed again (default: 60)
#
# Exit code: 0 the check passed; 20 a cause was found; 10 nothing is wrong, 11 unknown; 75 NAME is being diagnosed, or was
# within AITIA_PAUSE; anything else is an error. A line on stdout says what was found: cron sends it by mail.
set -u
umask 077
name=$1
shift
reports=${AITIA_REPORTS:-$HOME/aitia-reports}

said=$("$@" 2>&1) && exit 0

mkdir -p "$reports" || exit 1
exec 9>"$reports/$name.lock"
flock -n 9 || exit 75
[ -z "$(find "$reports" -maxdepth 1 -name "$name-[0-9]*Z" -mmin "-${AITIA_PAUSE:-60}")" ] || exit 75
folder=$reports/$name-$(date -u +%Y%m%dT%H%M%SZ)
mkdir "$folder" || exit 1

# What the check says goes in as text on stdin: it never becomes an option or a command.
# shellcheck disable=SC2086  # the options are words
printf 'check %s fails: %s\n' "$name" "$said" |
    aitia diagnose --alert - --config "${AITIA_CONFIG:-aitia.yaml}" ${AITIA_OPTIONS:-} \
        --output "$folder/report.json" 2>"$folder/log"
code=$?
case $code in
    0) found="a cause was found" code=20 ;;
    10) found="nothing is wrong in the telemetry" ;;
    11) found="the cause is unknown" ;;
    *) echo "$name: not diagnosed (exit code $code), see $folder/log"; exit $code ;;
esac
run=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["run"])' "$folder/report.json")
aitia report "$run" --output "$folder/report.html" 2>>"$folder/log" # its exit code is the verdict again
echo "$name: $found, see $folder/report.html"
exit $code
