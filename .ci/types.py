"""mypy over all of aitia, strict, with whatever extras are installed.

A module that imports a package of an extra that is not installed is still checked, but what comes from that package is unknown
there: for these modules alone the checks that unknown types would fail are switched off, and a line says for which.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREE = ROOT / "build" / "tree"  # `make tree`
RELAXED = (
    "ignore_missing_imports = true\n"
    "disallow_subclassing_any = false\n"
    "disallow_untyped_decorators = false\n"
    "warn_return_any = false\n"
    "warn_unused_ignores = false\n"
)


def imported(file: Path) -> set[str]:
    """The top-level names of the packages that a file imports, aitia's own left out."""
    names = set[str]()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module}
    return {name.split(".")[0] for name in names} - {"aitia"}


def sources() -> list[Path]:
    """All Python files of the tree, whose folders are symlinks."""
    return sorted(
        Path(folder, name)
        for folder, _, names in os.walk(TREE, followlinks=True)
        for name in names
        if name.endswith(".py")
    )


def module(file: Path) -> str:
    """`aitia.web.app` of `build/tree/aitia/web/app.py`."""
    parts = file.relative_to(TREE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def main() -> int:
    """Run mypy; its exit status."""
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for file in sources():
        for name in imported(file):
            if find_spec(name) is None:
                missing[name].append(module(file))
    config = ROOT / "build" / "types.toml"
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if missing:
        print(
            f"types: not installed, so unknown in the modules that import them: {', '.join(sorted(missing))}"
        )
        names = sorted({m for modules in missing.values() for m in modules} | {f"{n}.*" for n in missing})
        text += f"\n[[tool.mypy.overrides]]\nmodule = {names!r}\n{RELAXED}"
    config.write_text(text, encoding="utf-8")
    return subprocess.call([sys.executable, "-m", "mypy", "--config-file", str(config), "-p", "aitia"])


if __name__ == "__main__":
    sys.exit(main())
