"""System files: what is read, and what is refused before anything is started."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import aitia.lab
from aitia.agent.taxonomy import bundled
from aitia.core.errors import BadInput
from aitia.lab.servers.load import load_system
from aitia.lab.servers.system import ServerSystem, can_mount
from aitia.lab.servers.templates import choose, references, render

BUNDLED = sorted((Path(aitia.lab.__file__).parent / "systems").glob("*.yaml"))


def load(tmp_path: Path, text: str) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(text)
    load_system(file)


def test_the_example_of_the_documentation_is_read(small: str, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(small)
    system = load_system(tmp_path / "small.yaml")
    (step,) = system.faults[0].concrete("web", {})
    assert step.verb == "pause"
    assert step.does.program == "web"  # type: ignore[attr-defined]
    assert system.components == ("web", "edge-7")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title: nginx that serves files", "titel: x", "titel"),
        ("{bin:nginx}", "{bin:httpd}", r"\{bin:httpd\}.*known are nginx"),
        ("{file:nginx.conf}", "{file:nginx.cnf}", r"\{file:nginx.cnf\}"),
        ('pause: {program: "{victim}"}', "pause: {program: db}", "there is no program 'db'; known are web"),
        (
            'pause: {program: "{victim}"}',
            'pause: {program: web, for_s: "{p:long}"}',
            "parameter 'long' is not given",
        ),
        ('pause: {program: "{victim}"}', "pause: {program: web}, kill: {program: web}", "exactly one verb"),
        ('pause: {program: "{victim}"}', "edge: {edge: a>b, refuse: true}", "there is no edge 'a>b'"),
        ("entry: web", "entry: shop", "'shop' is no component"),
        ('answer: {component: "{victim}"', "answer: {component: db", "'db' is no component"),
        ("id: web-stopped", "id: none", "healthy hour"),
        ("    component: web\n", "    component: nobody\n", "'nobody' is no component"),
        ("fault: software.crash}]", "kind: software.crash}]", "each alternative has"),
        ("    component: visitors\n", "    traces: true\n", "a load with `traces` needs a `component`"),
        ("schema: 1\n", "schema: [\n", "Fix the YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(
    old: str, new: str, says: str, small: str, tmp_path: Path
) -> None:
    assert old in small
    with pytest.raises(BadInput, match=says) as caught:
        load(tmp_path, small.replace(old, new, 1))
    assert "small.yaml" in str(caught.value)


def test_a_missing_file_and_a_missing_program_are_named(small: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Cannot read"):
        load_system(tmp_path / "none.yaml")
    with pytest.raises(BadInput, match=r"there is no programs/nothing\.py"):
        load(tmp_path, small.replace("daemon off;", "daemon off; # {program:nothing.py}"))


def test_templates_leave_other_braces_alone() -> None:
    text = 'events { worker 1; } {"a": {port:web}} {{ $labels.x }} {host}'
    assert references(text) == {("port", "web")}
    assert render(text, lambda word, name: f"<{word} {name}>") == (
        'events { worker 1; } {"a": <port web>} {{ $labels.x }} <host >'
    )
    assert choose({"ms": "{p:ms}", "text": "{p:ms} ms"}, {"ms": 20}) == {"ms": 20, "text": "20 ms"}


@pytest.mark.parametrize("file", BUNDLED, ids=lambda file: file.stem)
def test_bundled_systems_are_whole(file: Path) -> None:
    system = load_system(file)
    assert system.name == file.stem
    families = {fault.family for fault in system.faults}
    assert len(system.faults) >= 6
    assert len(families) >= 4
    assert len(system.decoys) >= 3
    kinds = {kind.id for kind in bundled()}
    for fault in system.faults:
        for victim in fault.victims:
            for strength in fault.strengths.values():
                answer = fault.filled(fault.answer.model_dump(), victim, strength)
                for kind in (answer["fault"], *(a["fault"] for a in answer["alternatives"])):
                    assert any(k == kind or k.startswith(f"{kind}.") for k in kinds), (fault.id, kind)


def test_a_module_of_which_not_even_the_package_is_there_is_told(small: str, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(f"{small}python: {{no_such_package.part: no-such-package}}\n")
    assert (
        "Python module no_such_package.part (pip install 'no-such-package')"
        in ServerSystem(tmp_path / "small.yaml").missing()
    )


def test_the_right_to_mount_is_told_as_the_kernel_gives_it(tmp_path: Path) -> None:
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command")
    argv = ["mount", "-t", "tmpfs", "-o", "size=1M", "none", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        subprocess.run(["umount", str(tmp_path)], check=True)
    # Capabilities are not all: a security module may refuse as well.
    assert can_mount() or done.returncode != 0
