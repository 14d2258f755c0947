"""A system's programs on loopback, under one supervisor, with the proxies, the load and the monitoring."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import BadInput, SourceError
from aitia.lab import exposition
from aitia.lab.folder import write_yaml
from aitia.lab.net import listening
from aitia.lab.ports import Ports, end_all
from aitia.lab.receiver import AlertReceiver, SpanReceiver
from aitia.lab.servers import monitoring
from aitia.lab.servers.load import program_file
from aitia.lab.servers.model import Load, Program, SystemFile
from aitia.lab.servers.steps import Command
from aitia.lab.servers.templates import render
from aitia.lab.supervisor import Child, Supervisor, group_of, wait_for

MONITORS: Final = {
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}
OPEN: Final = 0o777  # several servers give up root for a user of their own


def find_program(name: str) -> str | None:
    """The path of a program, also where Debian keeps those not for every user's PATH; of another file that is needed, its own."""
    if os.path.isabs(name):
        return name if Path(name).is_file() else None
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parts[4]), reverse=True)
    places = [*map(str, newest), "/usr/lib/rabbitmq/bin", "/usr/sbin", "/usr/local/sbin", "/sbin"]
    return shutil.which(name, path=os.pathsep.join(places)) or shutil.which(name)


class Rig:
    """Everything that runs. Use as a context manager: leaving it stops all of it."""

    def __init__(self, system: SystemFile, beside: Path, folder: Path, ports: Ports, *, seed: int) -> None:
        self.system, self.folder, self.seed = system, folder, seed
        self.logs = folder / "logs"
        self._beside, self._ports, self._exit = beside, ports, ExitStack()
        self._texts = dict(system.files)
        self._mounted: list[Path] = []
        self.receiver = AlertReceiver(ports["receiver"])
        self.spans = SpanReceiver(ports["otlp"]) if system.traced else None
        self.host_log = self.logs / system.host / "messages.log"
        self.host_log.parent.mkdir(parents=True)
        self.supervisor = Supervisor(self.host_log, host=system.host)

    def __enter__(self) -> Rig:
        try:
            self._exit.enter_context(self.receiver)
            if self.spans is not None:
                self._exit.enter_context(self.spans)
            self._exit.callback(self._clear)
            self._exit.enter_context(self.supervisor)
            self.dir("home")
            for name, mb in self.system.volumes.items():
                self._mount(name, mb)
            for name in self.system.files:
                self.write(name)
            self._proxies()
            for program in self.system.programs:
                self._program(program)
            for exporter in self.system.exporters:
                self._quiet(exporter.id, exporter.argv, exporter.env, user=exporter.user, up=exporter.listens)
            for load in self.system.loads:
                self._load(load)
            self._monitor()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def text(self, template: str) -> str:
        """A template with all that a start knows."""
        return render(template, self._give)

    def port(self, name: str) -> int:
        """The port of that name."""
        return self._ports[name]

    def at(self, name: str) -> str:
        """Its address."""
        return f"127.0.0.1:{self._ports[name]}"

    def dir(self, name: str) -> Path:
        """A folder into which every user may write."""
        made = self.folder / "data" / name
        if not made.exists():
            made.mkdir(parents=True)
            made.chmod(OPEN)
        return made

    def write(self, name: str, text: str = "") -> None:
        """A configuration file, with a new text where one is given."""
        self._texts[name] = text or self._texts[name]
        target = self.folder / "etc" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.text(self._texts[name]), encoding="utf-8")

    def present(self, name: str) -> str:
        """The present template of a configuration file."""
        return self._texts[name]

    def environment(self, env: dict[str, str]) -> dict[str, str]:
        """All that a program is told; HOME also marks it as one of this recording."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        base = {"PATH": path, "HOME": str(self.dir("home")) + "/", "LANG": "C.UTF-8", "TZ": "UTC"}
        return base | {key: self.text(value) for key, value in env.items()}

    def environment_of(self, program: Program, env: dict[str, str] | None = None) -> dict[str, str]:
        """That of a program, with what is told beside; one that sends spans is told where to, by the names of the SDK."""
        found = self.environment({**program.env, **(env or {})})
        if program.traces:
            found |= {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": self._otlp(), "OTEL_SERVICE_NAME": program.of}
        return found

    def _otlp(self) -> str:
        return f"http://{self.at('otlp')}/v1/traces"

    def _peers(self) -> dict[str, str]:
        """Whose each address is."""
        own = {self.at(p.listens): p.of for p in self.system.programs if p.listens}
        return own | {self.at(f"edge {e.id}"): e.callee for e in self.system.edges}

    def command(self, command: Command) -> subprocess.CompletedProcess[str]:
        """Run a command and wait for it. Raises SourceError where it takes too long."""
        user = self.user(command.user)
        argv = [self.text(word) for word in command.argv]
        try:
            return subprocess.run(
                argv, user=user, group=group_of(user), env=self.environment(command.env), cwd="/", capture_output=True,
                text=True, input=self.text(command.input), timeout=command.timeout_s, check=False, start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SourceError(
                f"{argv[0]} did not end in {command.timeout_s:g} s: raise timeout_s or fix it."
            ) from None

    def must(self, command: Command, of: str) -> None:
        """Run a command that has to succeed. Raises SourceError with what it said."""
        done = self.command(command)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-400:]
            raise SourceError(f"{of}: {self.text(command.argv[0])} ended with {done.returncode}: {said}")

    @staticmethod
    def user(name: str) -> str | None:
        """The user that a program gets: only root can give one."""
        return name if name and os.geteuid() == 0 else None

    def await_port(self, program: Program) -> None:
        """Wait until it accepts connections, and answers where the file says how to ask."""
        if program.listens:
            port = self.port(program.listens)
            try:
                wait_for(lambda: listening(port), what=program.id, seconds=program.up_s)
            except BadInput as error:
                raise SourceError(f"{error} Its log ends: {self._tail(program)}") from None
        until = time.monotonic() + program.up_s
        while program.ready is not None and self.command(program.ready).returncode:
            if time.monotonic() > until:
                self.must(program.ready, program.id)
            time.sleep(0.2)

    def view(self, load: Load) -> Path:
        """The file in which a load's client writes what it saw."""
        return self.folder / "views" / load.id

    def _tail(self, program: Program) -> str:
        texts = [
            file.read_text(errors="replace") for file in sorted(self.log_files(program)) if file.exists()
        ]
        return "".join(texts).strip()[-400:] or "(nothing)"

    def log_files(self, program: Program) -> list[Path]:
        """What it prints and the logs that it writes."""
        own = [Path(self.text(log.path)) for log in program.logs]
        return [self.logs / program.of / f"{program.id}.log", *own]

    def _give(self, word: str, name: str) -> str:
        if word == "bin":
            found = find_program(name)
            if found is None:
                raise BadInput(f"Install {self.system.needs[name]}: {name} is not on this machine.")
            return found
        if word == "secret":
            return f"{random.Random(f'{self.seed} {name}').getrandbits(64):016x}"
        if word == "program":
            return str(self._copied(name))
        ways = {
            "port": lambda: str(self.port(name)),
            "addr": lambda: self.at(name),
            "dir": lambda: str(self.dir(name)),
            "file": lambda: str(self.folder / "etc" / name),
            "edge": lambda: self.at(f"edge {name}"),
            "edge_port": lambda: str(self.port(f"edge {name}")),
            "python": lambda: sys.executable,
            "host": lambda: self.system.host,
            "folder": lambda: str(self.folder),
        }
        return ways[word]()

    def _copied(self, name: str) -> Path:
        """A copy of a small program: tracebacks then show the site's own path."""
        target = self.folder / "app" / name
        if not target.exists():
            source = program_file(name, self._beside)
            assert source is not None  # the loader has looked
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            shutil.copyfile(exposition.__file__, target.with_name("exposition.py"))
        return target

    def _mount(self, name: str, mb: int) -> None:
        place = self.dir(name)
        argv = ["mount", "-t", "tmpfs", "-o", f"size={mb}M,mode=0777", "none", str(place)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SourceError(
                f"Record as root: a volume cannot be mounted here ({done.stderr.strip()[-200:]})."
            )
        self._mounted.append(place)

    def _clear(self) -> None:
        end_all(self.folder)
        for place in self._mounted:
            subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)

    def _proxies(self) -> None:
        edges = {e.id: [self.port(f"edge {e.id}"), self.port(e.port)] for e in self.system.edges}
        config = self.folder / "edges.json"
        config.write_text(json.dumps({"edges": edges, "control": self.port("control")}))
        if edges:
            self._own("proxies", "aitia.lab.proxy", config)
            wait_for(lambda: listening(self.port("control")), what="the proxies")

    def _own(self, name: str, module: str, config: Path) -> None:
        """A module of aitia as a helper: it needs this process' environment."""
        (self.folder / "quiet").mkdir(exist_ok=True)
        env = {"HOME": str(self.dir("home")) + "/"}
        log = self.folder / "quiet" / f"{name}.log"
        argv = [sys.executable, "-m", module, str(config)]
        self.supervisor.start(Child(name=name, argv=argv, log=log, noted=False, restart=False, env=env))

    def _program(self, program: Program) -> None:
        for command in program.before:
            self.must(command, program.id)
        for log in program.logs:
            Path(self.text(log.path)).parent.mkdir(parents=True, exist_ok=True)
        folder = self.logs / program.of if program.stdout != "off" else self.folder / "quiet"
        folder.mkdir(parents=True, exist_ok=True)
        child = Child(
            name=program.id, argv=[self.text(word) for word in program.argv], log=folder / f"{program.id}.log",
            user=self.user(program.user), restart=program.restart, limit_mb=program.limit_mb,
            stop_signal=signal.Signals[program.stop], env=self.environment_of(program), clean=True, cwd=Path("/"),
            unit=program.id if program.stdout == "journal" else "",
        )  # fmt: skip
        self.supervisor.start(child)
        self.await_port(program)
        for command in program.after:
            self.must(command, program.id)

    def _quiet(
        self, name: str, argv: tuple[str, ...] | list[str], env: dict[str, str], *, up: str, user: str = ""
    ) -> None:
        (self.folder / "quiet").mkdir(exist_ok=True)
        log = self.folder / "quiet" / f"{name}.log"
        words, told = [self.text(word) for word in argv], self.environment(env)
        self.supervisor.start(
            Child(
                name=name,
                argv=words,
                log=log,
                noted=False,
                env=told,
                clean=True,
                cwd=Path("/"),
                user=self.user(user),
            )
        )
        try:
            wait_for(lambda: listening(self.port(up)), what=name)
        except BadInput as error:
            raise SourceError(
                f"{error} Its log ends: {log.read_text(errors='replace').strip()[-300:]}"
            ) from None

    def _load(self, load: Load) -> None:
        view, name = self.view(load), f"load {load.id}"
        view.parent.mkdir(exist_ok=True)
        told: dict[str, Any] = json.loads(self.text(load.model_dump_json()))
        told |= {"seed": self.seed, "port": self.port(name), "view": str(view)}
        if load.traces:
            told |= {"otlp": self._otlp(), "peers": self._peers()}
        config = self.folder / f"load-{load.id}.json"
        config.write_text(json.dumps(told))
        self._own(name, "aitia.lab.client", config)
        wait_for(lambda: listening(self.port(name)), what=f"the load {load.id}")

    def _monitor(self) -> None:
        system = self.system
        address = {exporter.id: self.at(exporter.listens) for exporter in system.exporters}
        address |= {f"scrape {n}": self.at(scrape.port) for n, scrape in enumerate(system.scrapes)}
        address |= {f"load {load.id}": self.at(f"load {load.id}") for load in system.loads}
        address |= {f"probe {n}": self.text(probe.target) for n, probe in enumerate(system.probes)}
        address |= {"node": self.at("node"), "blackbox": self.at("blackbox")}
        if system.host_metrics:
            only = [f"--collector.{name}" for name in monitoring.HOST_COLLECTORS]
            listen = f"--web.listen-address={self.at('node')}"
            self._quiet(
                "node",
                ["prometheus-node-exporter", "--collector.disable-defaults", *only, listen],
                {},
                up="node",
            )
        if system.probes:
            write_yaml(self.folder / "blackbox.yml", monitoring.blackbox(system))
            argv = ["prometheus-blackbox-exporter", f"--config.file={self.folder}/blackbox.yml"]
            self._quiet("blackbox", [*argv, f"--web.listen-address={self.at('blackbox')}"], {}, up="blackbox")
        write_yaml(
            self.folder / "prometheus.yml", monitoring.prometheus(system, address, self.at("alertmanager"))
        )
        write_yaml(self.folder / "rules.yml", monitoring.rules(system))
        write_yaml(self.folder / "alertmanager.yml", monitoring.alertmanager(self.at("receiver")))
        argv = ["prometheus-alertmanager", f"--config.file={self.folder}/alertmanager.yml", f"--storage.path={self.folder}/am",
                f"--web.listen-address={self.at('alertmanager')}", "--cluster.listen-address=",
                f"--web.external-url=http://alerts.{system.host}:9093", "--web.route-prefix=/"]  # fmt: skip
        self._quiet("alertmanager", argv, {}, up="alertmanager")
        argv = ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/tsdb",
                f"--web.listen-address={self.at('prometheus')}", f"--web.external-url=http://prometheus.{system.host}:9090",
                "--web.route-prefix=/"]  # fmt: skip
        self._quiet("prometheus", argv, {}, up="prometheus")
