#!/bin/sh
# lots.sh DOSSIER : six lots de tarifs
mkdir -p "$1/tarifs" "$1/stock"
for i in 1 2 3 4 5 6; do
  awk -v i=$i 'BEGIN{print "reference;libelle;montant"; for(k=1;k<=80;k++) printf "%d;piece %d;%d,%02d\n",(i-1)*80+k,k*i,k*i%300+3,k*7%100}' > "$1/tarifs/lot$i.csv"
done
printf '{"stock": 14}' > "$1/stock/niveau.json"; chmod -R a+rX "$1"
