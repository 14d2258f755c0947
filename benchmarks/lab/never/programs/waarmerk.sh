#!/bin/sh
# waarmerk.sh MAP NAAM VAN TOT
set -e
cd "$1"
[ -f uitgever.key ] || openssl req -x509 -newkey rsa:2048 -nodes -keyout uitgever.key -out uitgever.pem -days 3000 -subj "/C=NL/O=Waarborg Digitaal BV/CN=Waarborg TLS G3" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout n.key -out n.csr -subj "/C=NL/O=Amstel Energy Exchange/CN=$2" 2>/dev/null
printf 'subjectAltName=DNS:%s\n' "$2" > n.ext
openssl x509 -req -in n.csr -CA uitgever.pem -CAkey uitgever.key -set_serial "$(date +%s%N)" -not_before "$(date -u -d "$3" +%Y%m%d%H%M%SZ)" -not_after "$(date -u -d "$4" +%Y%m%d%H%M%SZ)" -extfile n.ext -out n.pem 2>/dev/null
chmod 644 n.key n.pem uitgever.pem; mv n.key "$2.key"; mv n.pem "$2.pem"
