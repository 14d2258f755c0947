"""Whether others use the machine while a recording runs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from aitia.lab.servers.foreign import Use, foreign, use

pytestmark = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="reads /proc")
BUSY = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass"


def test_what_children_use_is_our_own() -> None:
    before = use()
    subprocess.run([sys.executable, "-c", BUSY.format(0.6)], check=True)
    running = subprocess.Popen([sys.executable, "-c", BUSY.format(60)])
    try:
        time.sleep(1.0)
        after = use()
    finally:
        running.kill()
        running.wait()
    assert after.own - before.own > 60  # ticks of a hundredth of a second


def test_the_rest_is_others() -> None:
    before, after = Use(there=1000, used=300, own=100), Use(there=2000, used=1000, own=400)
    assert foreign(before, after) == pytest.approx(0.4)
    assert foreign(before, Use(there=2000, used=500, own=900)) == 0.0
