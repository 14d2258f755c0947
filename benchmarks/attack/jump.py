"""A wall clock that jumps while a process runs: a library before libc's own, so that the monotonic clock is left alone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

JUMPS: Final = {"an hour ahead": 3600, "an hour back": -3600, "a year ahead": 31_536_000}
AFTER_S: Final = 2  # seconds of the process's life, at which it jumps
_SOURCE: Final = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
#include <sys/time.h>
typedef int (*real_t)(clockid_t, struct timespec *);
static real_t real; static time_t began;
static void moved(time_t *seconds) {
  struct timespec now; real(CLOCK_MONOTONIC, &now);
  if (!began) began = now.tv_sec;
  if (now.tv_sec - began >= AFTER) *seconds += JUMP;
}
int clock_gettime(clockid_t id, struct timespec *t) {
  if (!real) real = (real_t)dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(id, t);
  if (id == CLOCK_REALTIME) moved(&t->tv_sec);
  return code;
}
int gettimeofday(struct timeval *restrict t, void *restrict zone) {
  struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec; t->tv_usec = now.tv_nsec / 1000; return 0;
}
time_t time(time_t *t) {
  struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
  if (t) *t = now.tv_sec; return now.tv_sec;
}
"""


@contextmanager
def jumping(folder: Path, jump: str) -> Iterator[dict[str, str]]:
    """The environment of a process whose wall clock jumps. Needs a C compiler."""
    (folder / "jump.c").write_text(_SOURCE)
    given = [
        f"-DAFTER={AFTER_S}",
        f"-DJUMP=({JUMPS[jump]})",
        "-shared",
        "-fPIC",
        "-o",
        "jump.so",
        "jump.c",
        "-ldl",
    ]
    subprocess.run(["cc", *given], cwd=folder, check=True)
    yield {"LD_PRELOAD": str(folder / "jump.so")}
