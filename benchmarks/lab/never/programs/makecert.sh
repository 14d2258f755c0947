#!/bin/sh
# makecert.sh DIR NAME FROM TO [CA]: a certificate of the house authority, valid between two moments that date(1) understands
set -e
d=$1; n=$2; ca=${5:-ca}; cd "$d"
f=$(date -u -d "$3" +%Y%m%d%H%M%SZ); t=$(date -u -d "$4" +%Y%m%d%H%M%SZ)
[ -f $ca.key ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key -out $ca.pem -days 3650 -subj "/O=Trading Trust Services/CN=TTS Issuing ${ca}" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout new.key -out new.csr -subj "/CN=$n" 2>/dev/null
printf 'subjectAltName=DNS:%s,IP:127.0.0.1\n' "$n" > ext
openssl x509 -req -in new.csr -CA $ca.pem -CAkey $ca.key -set_serial "$(date +%s)" -not_before $f -not_after $t -extfile ext -out new.pem 2>/dev/null
chmod 644 new.key new.pem $ca.pem; mv new.key $n.key; mv new.pem $n.pem
