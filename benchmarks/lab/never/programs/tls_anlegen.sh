#!/bin/sh
# Hausinterne CA und Serverzertifikate fuer das Verzeichnis
set -e
cd "$1"
if [ ! -f ca.crt ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 3650 \
    -subj "/O=Brandtner Maschinenbau GmbH/CN=Brandtner Haus-CA" -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
fi
for n in ldap-haupt ldap-kopie; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $n.key -out $n.csr \
    -subj "/O=Brandtner Maschinenbau GmbH/CN=$n.brandtner.example" 2>/dev/null
  printf 'subjectAltName=DNS:%s.brandtner.example,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n' $n > $n.ext
  openssl x509 -req -in $n.csr -CA ca.crt -CAkey ca.key -days 397 -extfile $n.ext -out $n.crt 2>/dev/null
done
chmod 644 *.key *.crt
