"""Files of fitted fleets: npz archives of plain arrays, read without pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError

from aitia.core.errors import ModelError
from aitia.core.words import Word
from aitia.tools.signals.learned import store
from aitia.tools.signals.learned.conformal import Band
from aitia.tools.signals.learned.trees import Trees
from aitia.tools.signals.life.fleet import Fleet, Prepared
from aitia.tools.signals.life.paths import Paths
from aitia.tools.signals.life.regimes import Regimes


class About(Word):
    """The description in a fleet's file."""

    schema_version: Literal[1] = 1
    kind: Literal["fleet"] = "fleet"
    sensors: tuple[str, ...] = Field(min_length=1)
    settings: tuple[str, ...]
    cuts: tuple[tuple[float, ...], ...]
    levels: tuple[int, ...] = Field(min_length=1)
    slopes: tuple[int, ...]
    cap: float
    level: float
    path_limit: float = Field(
        gt=0, description="residual off the fleet's paths beyond which a failure mode is unseen"
    )
    members: int = Field(ge=1, le=100)
    machines: int
    error: float = Field(description="root mean square on machines held out, in the table's unit of time")
    life: float = Field(0.0, ge=0, description="median life of the fleet; 0 in files without it")
    step: float = Field(0.0, ge=0, description="median time between two rows; 0 in files without it")
    data: str = Field(description="sha256 of the training table")
    versions: dict[str, str]


def save(model: Fleet, path: Path, *, data: str) -> None:
    """Write a fleet's file whole, or not at all."""
    p, r, b = model.prepared, model.prepared.regimes, model.band
    about = About(
        sensors=p.sensors, settings=p.setting_names, cuts=r.cuts, levels=p.levels, slopes=p.slopes, cap=p.cap, level=b.level,
        path_limit=model.paths.limit, members=len(model.members), machines=model.machines, error=model.error, life=model.life,
        step=model.step, data=data, versions=store.versions(),
    )  # fmt: skip
    arrays: store.Arrays = {
        "keys": r.keys, "mean": r.mean, "spread": r.spread, "centre": b.centre, "below": b.low, "above": b.high,
        "low": model.low, "high": model.high, "path_mean": model.paths.mean, "path_axes": model.paths.axes,
        "path_spread": model.paths.spread,
    }  # fmt: skip
    for n, member in enumerate(model.members):
        arrays |= member.arrays(f"{n}.")
    store.save(path, about.model_dump(mode="json"), arrays)


def load(path: Path) -> Fleet:
    """Read a fleet's file; raises ModelError that says what is wrong with it."""
    held, arrays = store.load(path, "fleet")
    try:
        about = About.model_validate(held)
        regimes = Regimes(cuts=about.cuts, keys=arrays["keys"], mean=arrays["mean"], spread=arrays["spread"])
        prepared = Prepared(
            sensors=about.sensors, setting_names=about.settings, regimes=regimes, levels=about.levels, slopes=about.slopes,
            cap=about.cap,
        )  # fmt: skip
        model = Fleet(
            prepared=prepared,
            members=tuple(Trees.from_arrays(arrays, f"{n}.") for n in range(about.members)),
            paths=Paths(
                mean=arrays["path_mean"], axes=arrays["path_axes"], spread=arrays["path_spread"], limit=about.path_limit
            ),
            band=Band(centre=arrays["centre"], low=arrays["below"], high=arrays["above"], level=about.level),
            low=arrays["low"], high=arrays["high"], machines=about.machines, error=about.error,
            life=about.life, step=about.step,
        )  # fmt: skip
        widest = max(int(np.max(member.feature)) for member in model.members)
        sensors = (len(about.sensors),)
        whole = model.paths.mean.shape == model.paths.spread.shape == model.paths.axes.shape[1:] == sensors
        if model.low.shape != (len(prepared.names),) or widest >= len(prepared.names) or not whole:
            raise ValueError("its trees and its features do not match")
    except (KeyError, ValueError, ValidationError) as error:
        said = str(error).splitlines()[0]
        raise ModelError(f"{str(path)!r} is not a fitted fleet ({said}). Fit it again.") from None
    return model
