"""How failures of releases, probes, limits and configuration are caused: a manifest or an image changes, nothing else."""

from __future__ import annotations

from aitia.lab.cluster.actions import (
    container_of,
    edit,
    next_tag,
    note,
    note_edit,
    release,
    restart,
    scale,
    workload_of,
)
from aitia.lab.cluster.failures import Hit
from aitia.lab.cluster.manifests import variable
from aitia.lab.cluster.physics import Program
from aitia.lab.cluster.spec import quantity
from aitia.lab.cluster.world import Object


def _new_image(hit: Hit, program: Program | None = None) -> str:
    image = next_tag(hit.app.image, hit.chance)
    hit.site.world.physics.programs[image] = program or Program()
    return image


def _changed(hit: Hit, change: object) -> None:
    edit(hit.site, hit.app, change, at_once=hit.at_once)  # type: ignore[arg-type]
    note_edit(hit.site, hit.app, hit.chance)


def tag_not_pushed(hit: Hit) -> None:
    """The pipeline names a tag before, or without, pushing it."""
    image = _new_image(hit)
    hit.site.world.physics.missing_tags.add(image)
    release(hit.site, hit.app, image, at_once=hit.at_once)


def pull_secret_gone(hit: Hit) -> None:
    """The secret is deleted; cached images go on, the next release does not."""
    found = hit.site.world.get("Secret", hit.site.layout.space(hit.app), hit.app.pull_secret)
    if found is not None:
        hit.site.world.delete(found)
    release(hit.site, hit.app, _new_image(hit), at_once=hit.at_once)


def pull_token_refused(hit: Hit) -> None:
    """The robot account's token ran out."""
    hit.site.world.physics.refused.add(hit.app.pull_secret)
    release(hit.site, hit.app, _new_image(hit), at_once=hit.at_once)


def registry_unresolved(hit: Hit) -> None:
    """The nodes' own resolver does not know the registry."""
    hit.site.world.physics.unresolved.add(hit.app.image.partition("/")[0])
    release(hit.site, hit.app, _new_image(hit), at_once=hit.at_once)


def _other_port(hit: Hit) -> int:
    return hit.app.port + hit.chance.choice((1, 10, 1000, 79))


def _ask(probe: Object, port: int) -> None:
    for how in ("httpGet", "tcpSocket", "grpc"):
        if how in probe:
            probe[how]["port"] = port


def liveness_port(hit: Hit) -> None:
    """Another port in the liveness probe."""
    port = _other_port(hit)
    _changed(hit, lambda spec, container: _ask(container["livenessProbe"], port))


def liveness_path(hit: Hit) -> None:
    """A path that the program does not know."""
    path = hit.chance.choice(("/live", "/health/alive", "/status", "/api/healthz"))

    def change(spec: Object, container: Object) -> None:
        container["livenessProbe"]["httpGet"]["path"] = path

    _changed(hit, change)


def liveness_hasty(hit: Hit) -> None:
    """The probe begins at once and gives up at the first answer missed; the program takes longer to start."""
    hit.site.world.physics.programs.setdefault(hit.app.image, Program()).start_s = 14.0

    def change(spec: Object, container: Object) -> None:
        container.pop("startupProbe", None)
        container["livenessProbe"].pop("initialDelaySeconds", None)
        container["livenessProbe"] |= {"periodSeconds": 2, "failureThreshold": 1}

    _changed(hit, change)


def readiness_port(hit: Hit) -> None:
    """Another port in the readiness probe."""
    port = _other_port(hit)
    _changed(hit, lambda spec, container: _ask(container["readinessProbe"], port))


def readiness_protocol(hit: Hit) -> None:
    """HTTP asked of a gRPC server, or gRPC of an HTTP server."""

    def change(spec: Object, container: Object) -> None:
        probe = container["readinessProbe"]
        if "grpc" in probe:
            probe.pop("grpc")
            probe["httpGet"] = {"path": "/", "port": hit.app.port, "scheme": "HTTP"}
        else:
            probe.pop("httpGet", None)
            probe["grpc"] = {"port": hit.app.port, "service": ""}

    _changed(hit, change)


def startup_short(hit: Hit) -> None:
    """The startup probe allows a few seconds; the program needs more."""
    hit.site.world.physics.programs.setdefault(hit.app.image, Program()).start_s = 16.0

    def change(spec: Object, container: Object) -> None:
        container["startupProbe"] |= {"periodSeconds": 2, "failureThreshold": 3}

    _changed(hit, change)


def memory_limit_cut(hit: Hit) -> None:
    """A limit below the working set."""
    share = hit.chance.uniform(0.6, 0.9)
    limit = f"{int(hit.app.base_mib * share)}Mi"

    def change(spec: Object, container: Object) -> None:
        container["resources"].setdefault("limits", {})["memory"] = limit
        if quantity(container["resources"]["requests"]["memory"]) > quantity(limit):
            container["resources"]["requests"]["memory"] = limit

    _changed(hit, change)


def leaking_release(hit: Hit) -> None:
    """The new version reaches its limit within minutes, again and again."""
    room = quantity(hit.app.memory_limit) / 2**20 - hit.app.base_mib
    minutes = hit.chance.uniform(2.5, 4) if hit.strength == "strong" else hit.chance.uniform(5, 8)
    release(hit.site, hit.app, _new_image(hit, Program(growth=room / minutes)), at_once=True)


def entrypoint_missing(hit: Hit) -> None:
    """A command that the image does not have."""
    command = hit.chance.choice(("/usr/local/bin/entrypoint.sh", "gunicorn-run", "/app/bin/start", "serve"))

    def change(spec: Object, container: Object) -> None:
        container["command"] = [command]

    _changed(hit, change)


def init_waits(hit: Hit) -> None:
    """An init container waits for a dependency under a name that nobody has."""
    other = hit.site.layout.app(hit.app.calls[0])
    host = f"{other.service_name}-{hit.chance.choice(('primary', 'rw', 'svc', 'v2'))}"
    script = f"until nc -z {host} {other.port}; do echo waiting for {host}; sleep 2; done"
    image = "docker.io/library/busybox:1.36"

    def change(spec: Object, container: Object) -> None:
        inits = [c for c in spec.get("initContainers", []) if not c["name"].startswith("wait-")]
        first = {k: container[k] for k in ("terminationMessagePath", "terminationMessagePolicy")}
        made = {"name": "wait-for-deps", "image": image, "command": ["sh", "-c", script], "resources": {}}
        spec["initContainers"] = [*inits, {**made, **first, "imagePullPolicy": "IfNotPresent"}]

    _changed(hit, change)


def config_map_gone(hit: Hit) -> None:
    """Somebody tidied up a config map; pods that start again cannot mount it."""
    world, space = hit.site.world, hit.site.layout.space(hit.app)
    found = world.get("ConfigMap", space, hit.app.config)
    if found is not None:
        world.delete(found)
    if hit.strength == "strong":
        restart(hit.site, hit.app)
        return
    release(hit.site, hit.app, _new_image(hit), at_once=True)


def config_key_gone(hit: Hit) -> None:
    """A key was renamed in the config map."""
    name, key = sorted(hit.app.keys.values())[0]
    world = hit.site.world
    found = world.get("ConfigMap", hit.site.layout.space(hit.app), name)
    if found is not None:
        found["data"][f"{key}_V2"] = found["data"].pop(key)
        world.touch(found)
    restart(hit.site, hit.app)


def secret_gone(hit: Hit) -> None:
    """The secret of a variable is deleted."""
    name, _ = sorted(hit.app.secrets.values())[0]
    world = hit.site.world
    found = world.get("Secret", hit.site.layout.space(hit.app), name)
    if found is not None:
        world.delete(found)
    restart(hit.site, hit.app)


def variable_missing(hit: Hit) -> None:
    """The release and its manifest do not fit."""
    name = hit.chance.choice(("TENANT_ID", "OTEL_EXPORTER_ENDPOINT", "SESSION_SALT", "REGION"))
    release(hit.site, hit.app, _new_image(hit, Program(needs=(name,))), at_once=hit.at_once)


def crashing_release(hit: Hit) -> None:
    """It runs for some seconds and exits."""
    says = {
        "logback": ("Exception in thread \"main\" java.lang.NullPointerException: Cannot invoke \"Config.getRegion()\" because \"config\" is null",),
        "python": ("Traceback (most recent call last):", "KeyError: 'region'"),
        "bunyan": ("TypeError: Cannot read properties of undefined (reading 'region')",),
    }.get(hit.app.style, ("panic: runtime error: invalid memory address or nil pointer dereference",))  # fmt: skip
    code = 2 if says[0].startswith("panic") else 1
    program = Program(exits_after=hit.chance.uniform(6, 25), exit_code=code, says=says)
    release(hit.site, hit.app, _new_image(hit, program), at_once=hit.at_once)


def failing_release(hit: Hit) -> None:
    """It answers some or most requests with an error."""
    share = {"weak": 0.15, "medium": 0.45, "strong": 0.92}[hit.strength]
    complaint = {
        "logback": "java.lang.IllegalStateException: unexpected currency code null",
        "python": "ValueError: could not convert string to float: ''",
        "bunyan": "TypeError: Cannot read properties of undefined (reading 'items')",
    }.get(hit.app.style, "unmarshal response: invalid character 'N' looking for beginning of value")
    program = Program(errors=share, complaint=complaint)
    release(hit.site, hit.app, _new_image(hit, program), at_once=True)


def slow_release(hit: Hit) -> None:
    """Each answer takes many times as long."""
    factor = {"medium": 12.0, "strong": 60.0}[hit.strength]
    factor = max(factor, 350 * (1 if hit.strength == "medium" else 4) / hit.app.own_ms)
    release(hit.site, hit.app, _new_image(hit, Program(slowdown=factor, work=1.5)), at_once=True)


def moved_port(hit: Hit) -> None:
    """The program listens elsewhere."""
    release(hit.site, hit.app, _new_image(hit, Program(listens=_other_port(hit))), at_once=hit.at_once)


def cpu_limit_cut(hit: Hit) -> None:
    """The limit is below what the requests cost."""
    served = hit.site.traffic.now[hit.app.name]
    each = served.rate * hit.app.cost_ms / max(1, len(served.pods))
    limit = max(8, int(each * {"medium": 1.02, "strong": 0.6}[hit.strength]))

    def change(spec: Object, container: Object) -> None:
        container["resources"].setdefault("limits", {})["cpu"] = f"{limit}m"
        container["resources"]["requests"]["cpu"] = f"{min(limit, int(quantity(hit.app.cpu) * 1000))}m"

    _changed(hit, change)


def wrong_address(hit: Hit) -> None:
    """The address of a dependency is wrong: another host, or another port."""
    other = hit.site.layout.app(hit.chance.choice(hit.app.calls))
    name = variable(hit.site.layout, other)
    wrong_port = hit.chance.random() < 0.5

    def change(spec: Object, container: Object) -> None:
        for entry in container["env"]:
            if entry["name"] == name and wrong_port:
                entry["value"] = entry["value"].replace(f":{other.port}", f":{other.port + 1}")
            elif entry["name"] == name:
                entry["value"] = entry["value"].replace(other.service_name, f"{other.service_name}-svc", 1)

    edit(hit.site, hit.app, change, at_once=True)
    note_edit(hit.site, hit.app, hit.chance)


def password_rotated(hit: Hit) -> None:
    """The store has a new password, the secret the old one. Strong: the pods start again and cannot."""
    layout = hit.site.layout
    store = next(n for n in hit.app.calls if layout.app(n).style in ("postgres", "redis"))
    hit.site.world.physics.passwords[f"{hit.app.name}>{store}"] = "stale"
    if hit.strength == "strong":
        restart(hit.site, hit.app)


def job_exits(hit: Hit) -> None:
    """A new version of the job exits with an error."""
    says = (
        "Traceback (most recent call last):",
        "ValueError: time data '2025-13-01' does not match format '%Y-%m-%d'",
    )
    if hit.app.style != "python":
        says = ("fatal: cannot parse manifest: unexpected end of JSON input", "giving up")
    program = Program(exits_after=6, exit_code=1, says=says)
    image = _new_image(hit, program)
    item = workload_of(hit.site, hit.app)
    container_of(item, hit.app)["image"] = image
    hit.site.world.touch(item, spec=True)
    tag = image.rpartition(":")[2]
    note(hit.site, hit.app.name, "deploy", hit.site.words(hit.app, tag), tag)


def scaled_to_zero(hit: Hit) -> None:
    """`kubectl scale --replicas=0`."""
    scale(hit.site, hit.app, 0)
    if hit.chance.random() < 0.5:
        note(hit.site, hit.app.name, "scale", f"kubectl scale deployment {hit.app.name} --replicas=0")
