"""Real servers and their real exporters on loopback, in one temporary folder, and a Prometheus that scrapes them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from aitia.lab.folder import write_yaml
from aitia.lab.net import is_free, listening, outgoing_ports
from aitia.lab.supervisor import Child, Supervisor, wait_for
from benchmarks.meaning import exporters_conf as conf
from scenarios.record.store_setup import (
    PASSWORDS,
    POSTGRES_CONF,
    cluster_user,
    fill,
    init_cluster,
    postgres_bin,
)

SCRAPE_S: Final = 5
FIRST_PORT: Final = 21_000
PHP: Final = "/usr/sbin/php-fpm8.4"
RABBIT: Final = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the packaged wrapper insists on its own user


class Rig:
    """Everything that runs. Use as a context manager: leaving it stops all children."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.jobs, self.absent = folder, dict[str, dict[str, Any]](), dict[str, str]()
        self.keepalive, self.client_s = 65, 10
        self._ports: dict[str, int] = {}
        self._exit = ExitStack()
        self.supervisor = Supervisor(folder / "host.log", host="rig")

    def __enter__(self) -> Rig:
        self.folder.chmod(0o777)  # some servers give up root for a user of their own
        self._exit.enter_context(self.supervisor)
        try:
            for start in (_files, _stores, _web, _names, _queues, _databases, _probes):
                start(self)
            self._monitor()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def port(self, name: str) -> int:
        """A free port of loopback below those that the system hands out, always the same for a name."""
        if name not in self._ports:
            self._ports[name] = next(
                p for p in range(FIRST_PORT, outgoing_ports()) if p not in self._ports.values() and is_free(p)
            )
        return self._ports[name]

    def at(self, name: str) -> str:
        """Its address."""
        return f"127.0.0.1:{self.port(name)}"

    def dir(self, name: str) -> Path:
        """A folder into which every user may write."""
        made = self.folder / name
        made.mkdir(exist_ok=True)
        made.chmod(0o777)
        return made

    def conf(self, name: str, template: str, **more: Any) -> Path:
        """A configuration file; `{name}` in it is that server's port, `{f}` the folder."""
        target = self.folder / name
        target.write_text(template.format_map(_Ports(self, more)))
        return target

    def run(self, name: str, *argv: object, up: str = "", user: str | None = None, **env: str) -> None:
        """A program; `up` names the port on which it must listen before the next one starts."""
        child = Child(
            name=name, argv=[str(a) for a in argv], log=self.folder / f"{name}.out", user=user, env=env
        )
        self.supervisor.start(child)
        if up:
            wait_for(lambda: listening(self.port(up)), what=name, seconds=90)

    def exporter(
        self, job: str, program: str, *argv: object, flag: str = "--web.listen-address", **env: str
    ) -> None:
        """An exporter of its own; one that is not installed is noted and left out."""
        if shutil.which(program) is None:
            self.absent[job] = f"{program} is not installed"
            return
        self.run(
            f"{job}-exporter",
            program,
            *argv,
            f"{flag}={self.at(f'{job}-exporter')}",
            up=f"{job}-exporter",
            **env,
        )
        self.scrape(job, f"{job}-exporter")

    def scrape(self, job: str, port: str, path: str = "/metrics") -> None:
        """What Prometheus asks."""
        self.jobs[job] = {"metrics_path": path, "static_configs": [{"targets": [self.at(port)]}]}

    def _monitor(self) -> None:
        own = {"prometheus": "prometheus", "alertmanager": "alertmanager"}
        self.run(
            "alertmanager",
            "prometheus-alertmanager",
            f"--config.file={self.conf('am.yml', conf.AM)}",
            f"--storage.path={self.folder}/am",
            f"--web.listen-address={self.at('alertmanager')}",
            "--cluster.listen-address=",
            up="alertmanager",
        )
        for job, port in own.items():
            self.scrape(job, port)
        write_yaml(
            self.folder / "prometheus.yml",
            {
                "global": {"scrape_interval": f"{SCRAPE_S}s", "scrape_timeout": f"{SCRAPE_S}s"},
                "scrape_configs": [{"job_name": job, **of} for job, of in sorted(self.jobs.items())],
            },
        )
        self.run(
            "prometheus",
            "prometheus",
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/prom",
            f"--web.listen-address={self.at('prometheus')}",
            "--web.enable-lifecycle",
            up="prometheus",
        )


class _Ports(dict[str, Any]):
    def __init__(self, rig: Rig, more: dict[str, Any]) -> None:
        super().__init__(f=rig.folder, **more)
        self._rig = rig

    def __missing__(self, name: str) -> int:
        return self._rig.port(name)


def _files(rig: Rig) -> None:
    www = rig.dir("www")
    for name, size in (("index.html", 2_000), ("small.txt", 300), ("big.bin", 200_000)):
        (www / name).write_bytes(os.urandom(size))
    (www / "page.php").write_text(conf.PAGE)


def _stores(rig: Rig) -> None:
    data = init_cluster(rig.folder / "pg")
    (data / "shop.conf").write_text(POSTGRES_CONF.format(port=rig.port("postgres"), sockets=data))
    rig.run("postgres", postgres_bin() / "postgres", "-D", data, up="postgres", user=cluster_user())
    fill(rig.port("postgres"))
    secret = PASSWORDS["postgres"]
    rig.exporter("postgres", "prometheus-postgres-exporter",
                 DATA_SOURCE_NAME=f"postgresql://postgres:{secret}@{rig.at('postgres')}/shop?sslmode=disable")  # fmt: skip
    (rig.folder / "pgbouncer.users").write_text(f'"postgres" "{secret}"\n')
    rig.run(
        "pgbouncer",
        "pgbouncer",
        rig.conf("pgbouncer.ini", conf.PGBOUNCER),
        up="pgbouncer",
        user=cluster_user(),
    )
    rig.exporter(
        "pgbouncer",
        "prometheus-pgbouncer-exporter",
        f"--pgBouncer.connectionString=postgres://postgres:{secret}@{rig.at('pgbouncer')}/pgbouncer?sslmode=disable",
    )
    rig.run(
        "redis",
        "redis-server",
        "--port",
        rig.port("redis"),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        rig.dir("redis"),
        up="redis",
    )
    rig.exporter(
        "redis",
        "prometheus-redis-exporter",
        f"-redis.addr=redis://{rig.at('redis')}",
        flag="-web.listen-address",
    )
    _mariadb(rig)


def _mariadb(rig: Rig) -> None:
    data = rig.dir("mariadb")
    subprocess.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            "--user=root",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
        ],
        check=True,
        capture_output=True,
    )
    rig.run("mariadb", "mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--port={rig.port('mariadb')}",
            "--bind-address=127.0.0.1", f"--socket={data}/s", "--innodb-buffer-pool-size=32M", up="mariadb")  # fmt: skip
    rig.conf("my.cnf", "[client]\nuser=root\nhost=127.0.0.1\nport={mariadb}\n")
    rig.exporter("mysql", "prometheus-mysqld-exporter", f"--config.my-cnf={rig.folder}/my.cnf")


def nginx_conf(rig: Rig) -> Path:
    """Its configuration with the present keep-alive."""
    return rig.conf("nginx.conf", conf.NGINX, keepalive=rig.keepalive)


def haproxy_conf(rig: Rig) -> Path:
    """Its configuration with the present time limit of clients."""
    return rig.conf("haproxy.cfg", conf.HAPROXY, client_s=rig.client_s)


def _web(rig: Rig) -> None:
    rig.run("php-fpm", PHP, "-R", "-F", "-y", rig.conf("fpm.conf", conf.FPM))
    rig.exporter(
        "php-fpm",
        "prometheus-phpfpm-exporter",
        f"--phpfpm.socket-paths={rig.folder}/php.sock",
        "--phpfpm.status-path=/fpm-status",
    )
    rig.run("nginx", "nginx", "-c", nginx_conf(rig), "-e", rig.folder / "nginx-error.log", up="nginx")
    rig.exporter("nginx", "prometheus-nginx-exporter", f"--nginx.scrape-uri=http://{rig.at('nginx')}/status")
    rig.run("apache", "apache2", "-f", rig.conf("apache.conf", conf.APACHE), "-DFOREGROUND", up="apache")
    rig.exporter(
        "apache", "prometheus-apache-exporter", f"--scrape_uri=http://{rig.at('apache')}/server-status?auto"
    )
    rig.run(
        "haproxy",
        "haproxy",
        "-W",
        "-db",
        "-p",
        rig.folder / "haproxy.pid",
        "-f",
        haproxy_conf(rig),
        up="haproxy",
    )
    rig.scrape("haproxy", "haproxy-metrics")
    work = rig.dir("varnish")
    rig.run("varnish", "varnishd", "-F", "-j", "none", "-n", work, "-a", rig.at("varnish"), "-f", rig.conf("web.vcl", conf.VCL),
            "-s", "malloc,16m", up="varnish")  # fmt: skip
    rig.exporter("varnish", "prometheus-varnish-exporter", "-n", work, flag="-web.listen-address")
    rig.dir("squid")
    rig.run("squid", "squid", "-N", "-f", rig.conf("squid.conf", conf.SQUID), up="squid")
    rig.exporter(
        "squid",
        "prometheus-squid-exporter",
        "-squid-hostname",
        "127.0.0.1",
        "-squid-port",
        rig.port("squid"),
        flag="-listen",
    )
    rig.run(
        "caddy",
        "caddy",
        "run",
        "--adapter",
        "caddyfile",
        "--config",
        rig.conf("Caddyfile", conf.CADDY),
        up="caddy",
        HOME=str(rig.folder),
    )
    rig.scrape("caddy", "caddy-admin")


def _names(rig: Rig) -> None:
    zone = rig.dir("named") / "zone"
    zone.write_text(conf.ZONE)
    rig.run("named", "named", "-f", "-n", "1", "-c", rig.conf("named.conf", conf.NAMED), up="bind-stats")
    rig.exporter(
        "bind",
        "prometheus-bind-exporter",
        f"--bind.stats-url=http://{rig.at('bind-stats')}/",
        "--bind.stats-groups=server,view,tasks",
    )
    rig.dir("pdns")
    rig.conf("pdns/recursor.yml", conf.RECURSOR)
    rig.run("pdns", "pdns_recursor", f"--config-dir={rig.folder}/pdns", "--daemon=no", up="pdns-web")
    rig.scrape("pdns-recursor", "pdns-web")
    rig.run(
        "dnsdist", "dnsdist", "--supervised", "-C", rig.conf("dnsdist.conf", conf.DNSDIST), up="dnsdist-web"
    )
    rig.scrape("dnsdist", "dnsdist-web")


def _queues(rig: Rig) -> None:
    # Erlang's own would outlive the broker that starts it.
    rig.run("epmd", "epmd", "-port", rig.port("epmd"), "-address", "127.0.0.1", up="epmd")
    home = rig.dir("rabbit")
    (home / "plugins").write_text("[rabbitmq_prometheus,rabbitmq_stomp].\n")
    rig.run("rabbitmq", RABBIT, up="rabbit-metrics", HOME=str(home), RABBITMQ_MNESIA_BASE=str(home), RABBITMQ_LOG_BASE=str(home),
            RABBITMQ_NODENAME=f"rig{rig.port('rabbit-amqp')}@localhost", RABBITMQ_ENABLED_PLUGINS_FILE=str(home / "plugins"),
            RABBITMQ_CONFIG_FILE=str(rig.conf("rabbit.conf", conf.RABBITMQ)), RABBITMQ_DIST_PORT=str(rig.port("rabbit-dist")),
            ERL_EPMD_PORT=str(rig.port("epmd")), RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none")  # fmt: skip
    rig.scrape("rabbitmq", "rabbit-metrics")


def _databases(rig: Rig) -> None:
    rig.run(
        "etcd",
        "etcd",
        "--data-dir",
        rig.folder / "etcd",
        "--listen-client-urls",
        f"http://{rig.at('etcd')}",
        "--advertise-client-urls",
        f"http://{rig.at('etcd')}",
        "--listen-peer-urls",
        f"http://{rig.at('etcd-peer')}",
        "--initial-advertise-peer-urls",
        f"http://{rig.at('etcd-peer')}",
        "--initial-cluster",
        f"default=http://{rig.at('etcd-peer')}",
        up="etcd",
    )
    rig.scrape("etcd", "etcd")
    rig.run("influxdb", "influxd", "run", "-config", rig.conf("influx.conf", conf.INFLUX), up="influx")
    rig.scrape("influxdb", "influx")
    rig.run(
        "victoria-metrics",
        "victoria-metrics",
        f"-storageDataPath={rig.folder}/vm",
        f"-httpListenAddr={rig.at('vm')}",
        up="vm",
    )
    rig.scrape("victoria-metrics", "vm")
    rig.run(
        "registry", "docker-registry", "serve", rig.conf("registry.yml", conf.REGISTRY), up="registry-debug"
    )
    rig.scrape("docker-registry", "registry-debug")


def _probes(rig: Rig) -> None:
    rig.exporter("node", "prometheus-node-exporter")
    rig.run(
        "pushgateway",
        "prometheus-pushgateway",
        f"--web.listen-address={rig.at('pushgateway')}",
        up="pushgateway",
    )
    rig.scrape("pushgateway", "pushgateway")
    names = rig.folder / "process.yml"
    write_yaml(names, {"process_names": [{"name": "{{.Comm}}", "cmdline": [rig.folder.name]}]})
    rig.exporter(
        "process", "prometheus-process-exporter", f"-config.path={names}", flag="-web.listen-address"
    )
    modules = {
        "modules": {"http": {"prober": "http", "timeout": "4s"}, "tcp": {"prober": "tcp", "timeout": "4s"}}
    }
    write_yaml(rig.folder / "blackbox.yml", modules)
    rig.exporter("blackbox", "prometheus-blackbox-exporter", f"--config.file={rig.folder}/blackbox.yml")
    if "blackbox" in rig.jobs:
        rig.jobs["blackbox"] = {
            "metrics_path": "/probe",
            "params": {"module": ["http"]},
            "static_configs": [{"targets": [f"http://{rig.at(s)}/index.html" for s in ("nginx", "apache", "haproxy")]}],
            "relabel_configs": [
                {"source_labels": ["__address__"], "target_label": "__param_target"},
                {"source_labels": ["__param_target"], "target_label": "instance"},
                {"target_label": "__address__", "replacement": rig.at("blackbox-exporter")},
            ],
        }  # fmt: skip
