"""Print the test files in which something was skipped, of a JUnit report: they are run again where nothing is missing."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def skipped(report: Path) -> list[str]:
    """Paths of the files, each once, ascending. Raises ValueError for a report without tests."""
    files, cases = set(), 0
    for case in ET.parse(report).getroot().iter("testcase"):
        cases += 1
        if case.find("skipped") is not None:
            # A file that is skipped whole is a case of its own, without a class name.
            dotted = case.get("classname") or case.get("name") or ""
            path = Path(dotted.replace(".", "/"))
            found = next((p for p in (path, *path.parents) if p.with_suffix(".py").is_file()), None)
            if found is None:
                raise ValueError(f"Look at {report}: {dotted!r} names no test file here.")
            files.add(str(found.with_suffix(".py")))
    if not cases:
        raise ValueError(f"Look at {report}: it holds no test.")
    return sorted(files)


if __name__ == "__main__":
    print("\n".join(skipped(Path(sys.argv[1]))))
