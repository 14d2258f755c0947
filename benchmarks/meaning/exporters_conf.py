"""Configuration files of the servers that the rig starts; `{name}` is a server's port, `{f}` the folder."""

from __future__ import annotations

NGINX = """daemon off; worker_processes 1; pid {f}/nginx.pid; error_log {f}/nginx-error.log;
events {{ worker_connections 128; }}
http {{ access_log {f}/nginx-access.log; keepalive_timeout {keepalive};
  client_body_temp_path {f}/t1; proxy_temp_path {f}/t2; fastcgi_temp_path {f}/t3; uwsgi_temp_path {f}/t4; scgi_temp_path {f}/t5;
  server {{ listen 127.0.0.1:{nginx}; root {f}/www;
    location /status {{ stub_status; access_log off; }}
    location /php {{ fastcgi_pass unix:{f}/php.sock; fastcgi_param SCRIPT_FILENAME {f}/www/page.php;
      fastcgi_param SCRIPT_NAME /page.php; fastcgi_param REQUEST_METHOD GET; fastcgi_param QUERY_STRING $query_string; }} }} }}
"""
HAPROXY = """global
  maxconn 200
defaults
  mode http
  timeout connect 2s
  timeout client {client_s}s
  timeout server 10s
frontend web
  bind 127.0.0.1:{haproxy}
  default_backend pages
backend pages
  balance roundrobin
  option httpchk GET /index.html
  server nginx 127.0.0.1:{nginx} check inter 2s
  server apache 127.0.0.1:{apache} check inter 2s
frontend metrics
  bind 127.0.0.1:{haproxy-metrics}
  http-request use-service prometheus-exporter if {{ path /metrics }}
"""
APACHE = """ServerRoot {f}
ServerName localhost
Listen 127.0.0.1:{apache}
PidFile {f}/apache.pid
ErrorLog {f}/apache-error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule status_module /usr/lib/apache2/modules/mod_status.so
User www-data
Group www-data
StartServers 1
MaxRequestWorkers 50
ExtendedStatus On
DocumentRoot {f}/www
CustomLog {f}/apache-access.log "%h %t \\"%r\\" %>s %b"
<Location /server-status>
  SetHandler server-status
</Location>
"""
NAMED = """options {{ directory "{f}/named"; listen-on port {bind} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; recursion no; dnssec-validation no; }};
controls {{ }};
statistics-channels {{ inet 127.0.0.1 port {bind-stats} allow {{ 127.0.0.1; }}; }};
zone "shop.test" {{ type master; file "{f}/named/zone"; }};
"""
ZONE = "$TTL 60\n@ IN SOA ns hostmaster 1 600 600 6000 60\n@ IN NS ns\nns IN A 127.0.0.1\n" + "".join(
    f"h{i} IN A 127.0.0.{i + 2}\n" for i in range(100)
)
PGBOUNCER = """[databases]
shop = host=127.0.0.1 port={postgres} dbname=shop
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {pgbouncer}
auth_type = plain
auth_file = {f}/pgbouncer.users
admin_users = postgres
stats_users = postgres
pool_mode = transaction
default_pool_size = 10
unix_socket_dir =
ignore_startup_parameters = extra_float_digits
logfile = {f}/pgbouncer.log
"""
VCL = 'vcl 4.1;\nbackend web {{ .host = "127.0.0.1"; .port = "{nginx}"; }}\nsub vcl_backend_response {{ set beresp.ttl = 5s; }}\n'
SQUID = """http_port 127.0.0.1:{squid}
acl all_of_us src 127.0.0.1
http_access allow all
cache_mem 16 MB
pid_filename {f}/squid.pid
coredump_dir {f}/squid
access_log stdio:{f}/squid/access.log
cache_log {f}/squid/cache.log
netdb_filename none
pinger_enable off
shutdown_lifetime 1 seconds
"""
CADDY = """{{
  admin 127.0.0.1:{caddy-admin}
  auto_https off
  servers {{
    metrics
  }}
}}
http://127.0.0.1:{caddy} {{
  root * {f}/www
  file_server
}}
"""
RECURSOR = """incoming: {{listen: ['127.0.0.1:{pdns}']}}
recursor: {{socket_dir: {f}/pdns, threads: 1, config_dir: {f}/pdns,
  forward_zones: [{{zone: shop.test, forwarders: ['127.0.0.1:{bind}']}}]}}
dnssec: {{validation: 'off'}}
webservice: {{webserver: true, address: 127.0.0.1, port: {pdns-web}, allow_from: ['127.0.0.1']}}
"""
DNSDIST = """setLocal("127.0.0.1:{dnsdist}")
newServer({{address="127.0.0.1:{bind}", checkName="ns.shop.test."}})
webserver("127.0.0.1:{dnsdist-web}")
setWebserverConfig({{statsRequireAuthentication=false, acl="127.0.0.1"}})
"""
INFLUX = """reporting-disabled = true
bind-address = "127.0.0.1:{influx-rpc}"
[meta]
  dir = "{f}/influx/meta"
[data]
  dir = "{f}/influx/data"
  wal-dir = "{f}/influx/wal"
[http]
  bind-address = "127.0.0.1:{influx}"
  log-enabled = false
[monitor]
  store-enabled = false
"""
REGISTRY = """version: 0.1
storage: {{filesystem: {{rootdirectory: {f}/registry}}}}
http: {{addr: '127.0.0.1:{registry}', debug: {{addr: '127.0.0.1:{registry-debug}', prometheus: {{enabled: true}}}}}}
"""
RABBITMQ = """listeners.tcp.1 = 127.0.0.1:{rabbit-amqp}
stomp.listeners.tcp.1 = 127.0.0.1:{stomp}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = {rabbit-metrics}
distribution.listener.interface = 127.0.0.1
"""
FPM = """[global]
error_log = {f}/fpm.log
daemonize = no
[www]
user = www-data
listen = {f}/php.sock
listen.mode = 0666
pm = dynamic
pm.max_children = 6
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
pm.status_path = /fpm-status
"""
PAGE = "<?php $s = 0; for ($i = 0; $i < 20000; $i++) { $s += $i % 7; } usleep(rand(2000, 20000)); echo $s;"
AM = "route: {{receiver: nobody}}\nreceivers: [{{name: nobody}}]\n"
