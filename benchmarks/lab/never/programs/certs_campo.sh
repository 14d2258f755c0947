#!/bin/sh
set -e
cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout raiz.key -out raiz.crt -not_before 20260101000000Z -not_after 20360101000000Z \
  -subj "/O=Aguas del Ebro Medio SA/CN=AEM Raiz Telemetria" -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout broker.key -out broker.csr -subj "/O=Aguas del Ebro Medio SA/CN=broker.campo.aem.example" 2>/dev/null
printf 'subjectAltName=DNS:broker.campo.aem.example,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n' > broker.ext
openssl x509 -req -in broker.csr -CA raiz.crt -CAkey raiz.key -not_before 20260201000000Z -not_after 20280201000000Z -extfile broker.ext -out broker.crt 2>/dev/null
chmod 644 *.key *.crt
