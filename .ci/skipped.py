"""Print what was skipped, of a JUnit report, as arguments of pytest: it is run again where nothing is missing."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def skipped(report: Path) -> list[str]:
    """Test functions, with all their parameters, and files that were skipped whole; each once, ascending.

    Raises ValueError for a report without tests or with a test of no file here.
    """
    found, cases = set(), 0
    for case in ET.parse(report).getroot().iter("testcase"):
        cases += 1
        if case.find("skipped") is not None:
            found.add(_argument(case.get("classname", ""), case.get("name", "")))
    if not cases:
        raise ValueError(f"Look at {report}: it holds no test.")
    # A function of a file that is run whole would be run twice.
    return sorted(a for a in found if "::" not in a or a.partition("::")[0] not in found)


def _argument(dotted: str, name: str) -> str:
    """`tests/web/test_pages.py::TestForms::test_it` of `tests.web.test_pages.TestForms` and `test_it[1]`."""
    # A file that is skipped whole is a case of its own, without a class name.
    parts = (dotted or name).split(".")
    for n in range(len(parts), 0, -1):
        file = Path(*parts[:n]).with_suffix(".py")
        if file.is_file():
            return "::".join([str(file), *parts[n:], *([name.partition("[")[0]] if dotted else [])])
    raise ValueError(f"{dotted or name!r} names no test file here.")


if __name__ == "__main__":
    print("\n".join(skipped(Path(sys.argv[1]))))
