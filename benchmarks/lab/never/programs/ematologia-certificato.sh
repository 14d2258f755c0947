#!/bin/sh
# ematologia-certificato.sh CARTELLA DAL AL : certificato del servizio anagrafico, firmato dalla CA aziendale
set -e
cd "$1"
dal=$(date -u -d "$2" +%Y%m%d%H%M%SZ); al=$(date -u -d "$3" +%Y%m%d%H%M%SZ)
if [ ! -f ca-asl.key ]; then
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca-asl.key 2>/dev/null
  openssl req -x509 -key ca-asl.key -days 3000 -addext "keyUsage=critical,keyCertSign,cRLSign" -subj "/O=ASL Interprovinciale/CN=CA Interna ASL" -out ca-asl.crt 2>/dev/null
fi
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out n.key 2>/dev/null
openssl req -new -key n.key -subj "/CN=anagrafe.asl.example" -out n.csr 2>/dev/null
printf 'subjectAltName=DNS:anagrafe.asl.example,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\nbasicConstraints=CA:FALSE\n' > n.ext
openssl x509 -req -in n.csr -CA ca-asl.crt -CAkey ca-asl.key -set_serial "0x$(openssl rand -hex 7)" -not_before "$dal" -not_after "$al" -extfile n.ext -out n.crt 2>/dev/null
chmod 644 n.key n.crt ca-asl.crt; mv n.key anagrafe.key; mv n.crt anagrafe.crt
