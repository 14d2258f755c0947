"""The shop on loopback: stores, services, gateway, proxies and monitoring, all real programs under one supervisor."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from aitia.core.errors import BadInput
from aitia.lab.net import listening, outgoing_ports
from aitia.lab.proxy import tell
from aitia.lab.supervisor import Child, Supervisor, wait_for
from scenarios.record.monitoring import write_monitoring
from scenarios.record.ports import CALLS, HOST, PROGRAMS, SERVICES, Wiring
from scenarios.record.store_setup import (
    PASSWORDS,
    POSTGRES_CONF,
    cluster_user,
    fill,
    init_cluster,
    postgres_bin,
)

REDIS_CLIENTS, MEMORY_LIMIT_MB = 60, 140.0
VERSIONS = {"orders": "2.13.4", "catalog": "1.9.0", "payment": "5.2.1", "users": "3.4.0"}
NEEDED = ("nginx", "redis-server", "prometheus", "prometheus-alertmanager", "prometheus-node-exporter",
          "prometheus-postgres-exporter", "prometheus-redis-exporter")  # fmt: skip
NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx/error.log warn;
events {{ worker_connections 256; }}
http {{
  log_format shop '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent "-" "$http_user_agent" '
                  'rt=$request_time ut=$upstream_response_time up=$service';
  map $uri $service {{ ~^/api/(?<first>[a-z]+) $first; default -; }}
  access_log {folder}/nginx/access.log shop;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  keepalive_timeout {keepalive}; proxy_connect_timeout 1s; proxy_read_timeout 4s; proxy_next_upstream off;
  server {{
    listen 127.0.0.1:{port};
{locations}
  }}
  server {{ listen 127.0.0.1:{status}; access_log off; location / {{ stub_status; }} }}
}}
"""


class Stack:
    """Everything that runs. Use as a context manager: leaving it stops all children."""

    def __init__(self, folder: Path, wiring: Wiring, *, rate: float, tight: bool, seed: int) -> None:
        self.folder, self.wiring, self._rate, self._tight, self._seed = folder, wiring, rate, tight, seed
        self.logs = folder / "logs"
        self.versions = dict(VERSIONS)
        self.keepalive = 65
        self._exit = ExitStack()
        self.supervisor = Supervisor(self.logs / f"{HOST}.log", host=HOST)

    def __enter__(self) -> Stack:
        check_programs()
        check_ports(self.wiring)
        for name in ("logs", "nginx", "quiet", "redis"):
            (self.folder / name).mkdir()
        try:
            self._exit.enter_context(self.supervisor)
            self._start_stores()
            self._start_mesh()
            for name in SERVICES:
                self._start_service(name)
            self._start_gateway()
            self._start_monitoring()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def _quiet(self, name: str, *argv: str, **env: str) -> None:
        """A helper whose output is not part of the scenario."""
        log = self.folder / "quiet" / f"{name}.log"
        self.supervisor.start(Child(name=name, argv=list(argv), log=log, noted=False, env=env))

    def _start_stores(self) -> None:
        port = self.wiring.port("postgres")
        data = init_cluster(self.folder / "pg")
        (data / "shop.conf").write_text(POSTGRES_CONF.format(port=port, sockets=data))
        argv = [
            str(postgres_bin() / "postgres"),
            "-D",
            str(data),
            "-c",
            f"config_file={data}/postgresql.conf",
        ]
        self.supervisor.start(
            Child(name="postgres", argv=argv, log=self.logs / "postgres.log", user=cluster_user())
        )
        wait_for(lambda: listening(port), what="postgres")
        fill(port)
        redis = ["redis-server", "--port", str(self.wiring.port("redis")), "--bind", "127.0.0.1", "--save", "60 100",
                 "--dir", str(self.folder / "redis"), "--maxclients", str(REDIS_CLIENTS), "--maxmemory", "64mb"]  # fmt: skip
        self.supervisor.start(Child(name="redis", argv=redis, log=self.logs / "redis.log"))
        wait_for(lambda: listening(self.wiring.port("redis")), what="redis")

    def _start_mesh(self) -> None:
        config = self.folder / "mesh.json"
        config.write_text(json.dumps({"edges": self.wiring.edges, "control": self.wiring.port("mesh")}))
        self._quiet("mesh", sys.executable, "-m", "aitia.lab.proxy", str(config))
        wait_for(lambda: listening(self.wiring.port("mesh")), what="the proxies")

    def _start_service(self, name: str) -> None:
        argv, ready = self.service_argv(name, release={}, changes={})
        self.supervisor.start(
            Child(name=name, argv=argv, log=self.logs / f"{name}.log", limit_mb=MEMORY_LIMIT_MB)
        )
        wait_for(ready.exists, what=name)

    def service_argv(
        self, name: str, *, release: dict[str, float], changes: dict[str, Any]
    ) -> tuple[list[str], Path]:
        """The command line of a service's version; `changes` are its configuration changes."""
        calls, ready = CALLS[name], self.folder / f"{name}.ready"
        config: dict[str, Any] = {
            "name": name, "version": self.versions[name], "port": self.wiring.port(name), "ready": str(ready),
            "pool": 8, "seed": self._seed, "release": release,
            "peers": {peer: self.wiring.edge(name, peer) for peer in calls if peer in SERVICES},
        }  # fmt: skip
        if "postgres" in calls:
            config["db"] = {
                "host": "127.0.0.1", "port": self.wiring.edge(name, "postgres"), "user": name,
                "password": PASSWORDS[name], "dbname": "shop", "application_name": name,
            }  # fmt: skip
        if "redis" in calls:
            config["cache"] = self.wiring.edge(name, "redis")
        for key, value in changes.items():
            group, _, field = key.partition(".")
            config[group] = {**config[group], field: value} if field else value
        shown = {f"{peer}_url": f"http://127.0.0.1:{port}" for peer, port in config["peers"].items()}
        if "db" in config:
            shown["database"] = "postgresql://{user}@{host}:{port}/{dbname}".format(**config["db"])
        if "cache" in config:
            shown["cache_url"] = f"redis://127.0.0.1:{config['cache']}"
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps({**config, "settings": {**shown, "pool": config["pool"]}}))
        return [sys.executable, "-m", "scenarios.record.app", str(file)], ready

    def deploy(
        self,
        name: str,
        version: str,
        *,
        release: dict[str, float] | None = None,
        changes: dict[str, Any] | None = None,
    ) -> None:
        """Roll a service to a version or configuration."""
        self.versions[name] = version
        argv, ready = self.service_argv(name, release=release or {}, changes=changes or {})
        self.supervisor.roll(name, argv, ready)

    def _nginx_conf(self) -> Path:
        target = self.folder / "nginx.conf"
        locations = "\n".join(
            f"    location /api/{name}/ {{ proxy_pass http://127.0.0.1:{self.wiring.edge('gateway', name)}"
            f"/{'items/' if name == 'catalog' else name + '/'}; }}"
            for name in CALLS["gateway"]
        ).replace("/api/catalog/ ", "/api/catalog/items/ ")
        target.write_text(
            NGINX.format(folder=self.folder, port=self.wiring.port("gateway"), locations=locations,
                         status=self.wiring.port("gateway-status"), keepalive=self.keepalive)
        )  # fmt: skip
        return target

    def _start_gateway(self) -> None:
        access = self.folder / "nginx" / "access.log"
        access.touch()
        argv = ["nginx", "-c", str(self._nginx_conf()), "-e", str(self.folder / "nginx" / "error.log")]
        self.supervisor.start(Child(name="gateway", argv=argv, log=self.folder / "quiet" / "gateway.log"))
        wait_for(lambda: listening(self.wiring.port("gateway")), what="nginx")
        status = f"http://127.0.0.1:{self.wiring.port('gateway-status')}/"
        port = str(self.wiring.port("gateway-exporter"))
        module = "scenarios.record.gateway_exporter"
        self._quiet("gateway-exporter", sys.executable, "-m", module, str(access), status, port)

    def reload_gateway(self, *, keepalive: int) -> None:
        """A harmless configuration change of nginx."""
        self.keepalive = keepalive
        conf = self._nginx_conf()
        subprocess.run(["nginx", "-c", str(conf), "-s", "reload"], check=True, capture_output=True)

    def _start_monitoring(self) -> None:
        at = {program: f"127.0.0.1:{self.wiring.port(program)}" for program in PROGRAMS}
        write_monitoring(self.folder, self.wiring, tight=self._tight, usual_rate=self._rate)
        admin = f"postgresql://postgres:{PASSWORDS['postgres']}@{at['postgres']}/shop?sslmode=disable"
        self._quiet(
            "postgres-exporter",
            "prometheus-postgres-exporter",
            f"--web.listen-address={at['postgres-exporter']}",
            DATA_SOURCE_NAME=admin,
        )
        self._quiet("redis-exporter", "prometheus-redis-exporter", f"-redis.addr=redis://{at['redis']}",
                    f"-web.listen-address={at['redis-exporter']}")  # fmt: skip
        self._quiet(
            "node-exporter", "prometheus-node-exporter", f"--web.listen-address={at['node-exporter']}"
        )
        self._quiet(
            "alertmanager", "prometheus-alertmanager", f"--config.file={self.folder}/alertmanager.yml",
            f"--storage.path={self.folder}/am", f"--web.listen-address={at['alertmanager']}",
            "--cluster.listen-address=", "--web.external-url=http://alertmanager.shop:9093",
        )  # fmt: skip
        self._quiet(
            "prometheus", "prometheus", f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/prom", f"--web.listen-address={at['prometheus']}",
            "--web.external-url=http://prometheus.shop:9090", "--web.route-prefix=/",
        )  # fmt: skip
        wait_for(lambda: listening(self.wiring.port("prometheus")), what="prometheus")

    def slow_edges(self, victim: str, *, ms: float, jitter: float, share: float = 1.0) -> None:
        """Delay what passes the proxies towards the victim."""
        for edge in self.wiring.edges_into(victim):
            tell(self.wiring.port("mesh"), edge, delay_ms=ms, jitter_ms=jitter, share=share)


def check_programs() -> None:
    """Raises BadInput that names what to install."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        raise BadInput(
            f"Install {', '.join(missing)} (see docs/scenarios.md): the recorder starts real services."
        )


def check_ports(wiring: Wiring) -> None:
    """Raises BadInput where a port of the range is taken, or may be by any outgoing connection."""
    first, ports = outgoing_ports(), range(wiring.base, wiring.base + len(PROGRAMS) + len(wiring.edges))
    if ports.stop > first:
        raise BadInput(
            f"Give a --port-base below {first - len(ports)}: from {first} on the system hands ports out."
        )
    for port in ports:
        if port != wiring.port("receiver") and listening(port):
            raise BadInput(f"Give another --port-base: port {port} is in use.")
