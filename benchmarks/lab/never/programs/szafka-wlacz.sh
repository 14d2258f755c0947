#!/bin/sh
# szafka-wlacz.sh ENDPOINT HASLO: konta w etcd i kontrola dostępu
export ETCDCTL_API=3
e="etcdctl --endpoints=http://$1"
$e role add hub && $e role grant-permission hub --prefix=true readwrite /skrytki/
$e user add "root:$2" && $e user grant-role root root
$e user add "hub:$2" && $e user grant-role hub hub
$e auth enable
