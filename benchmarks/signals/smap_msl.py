"""SMAP/MSL: the detector that a channel's profile chooses, against every fixed one (mean VUS-PR).

python benchmarks/signals/smap_msl.py --data DIR/signals/smap_msl [--cases 'A-*'] [--json OUT]

DIR holds channels.npz (train_X, test_X; column 0 is the signal) and labeled_anomalies.csv (the answers, read by the
scorer only). The train part is the reference. VUS-PR as `tsb-ad` computes it (benchmarks/signals/vus.py), with the
test part's own period as the buffer. Fixed detectors: each of ours learning from the train part, from the head of the
test part (its first 15 %, unlabelled), from both, or from the test part itself; pyod's on the same sub-sequences, with
and without the averaging over one window that ours have. `leave one channel out` replaces, for each rule, its detector by
the one best on the other channels of that rule.
"""

from __future__ import annotations

import ast
import csv
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.signals.choose import WINDOW, Choice, Learns, choose, material, score
from aitia.tools.signals.profile import profile
from benchmarks.contract import Case, chosen, finish, mean, parser, rows
from benchmarks.signals.vus import buffer_length, vus_pr

Floats = NDArray[np.float64]
SINGLE = ("robust", "kmeans", "nearest", "matrix profile")
ALONE = ("robust", "kmeans")  # may learn from what they score
FIXED = (*((name,) for name in SINGLE), ("nearest", "matrix profile", "kmeans"))
LEARNS: tuple[Learns, ...] = ("reference", "head", "both", "itself")
PEERS = ("MCD", "KNN", "PCA", "IForest")
MEANS = 20  # a peer's features of a sub-sequence: the means of this many equal parts


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One telemetry channel: its train part, and its test part to be scored."""

    name: str
    train: Floats
    test: Floats


def read(data: Path, pattern: str = "*") -> list[Channel]:
    """The channels of channels.npz."""
    with np.load(data / "channels.npz") as file:
        names = chosen((n.removeprefix("test_") for n in file.files if n.startswith("test_")), pattern)
        if not names:
            raise BadInput(f"Name channels that {data / 'channels.npz'} holds: none fits {pattern!r}.")
        signal = lambda key: np.asarray(file[key][:, 0], dtype=np.float64)  # noqa: E731
        return [Channel(name=n, train=signal(f"train_{n}"), test=signal(f"test_{n}")) for n in names]


def answers(data: Path) -> dict[str, list[tuple[int, int]]]:
    """The anomalous rows of each channel's test part; only the scorer calls this."""
    told: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with (data / "labeled_anomalies.csv").open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            told[line["chan_id"]] += [
                (int(a), int(b)) for a, b in ast.literal_eval(line["anomaly_sequences"])
            ]
    return told


def chosen_for(channel: Channel) -> Choice:
    """The product's choice."""
    return choose(profile(np.arange(channel.test.size), channel.test, reference=channel.train))


def scores(v: Floats, choice: Choice, reference: Floats) -> Floats:
    """Scores by a choice; of several detectors the average rank (0..1)."""
    from scipy.stats import rankdata

    usual = material(v, reference, choice.learns)
    every = [score(d, v, usual, window=choice.window) for d in choice.detectors]
    if len(every) == 1:
        return every[0]
    return np.asarray(np.mean([rankdata(s) / s.size for s in every], axis=0), dtype=np.float64)


def fixed(channel: Channel) -> Iterator[tuple[str, Floats]]:
    """Scores of every fixed detector of ours."""
    window = min(WINDOW, channel.test.size // 8, channel.train.size // 3)
    for learns in LEARNS:
        for detectors in FIXED:
            name = " + ".join(detectors)
            if learns == "itself" and name not in ALONE:
                continue  # a sub-sequence is its own nearest: most need something else to learn from
            choice = Choice(detectors=detectors, learns=learns, window=window, reason="fixed")
            yield f"{name}, {learns}", scores(channel.test, choice, channel.train)


def peers(channel: Channel) -> Iterator[tuple[str, Floats]]:
    """Scores of pyod's detectors at their defaults on the sub-sequences of the train part, scaled by feature."""
    import importlib
    import warnings

    from scipy.ndimage import uniform_filter1d

    w = min(WINDOW, channel.train.size // 3)
    x, y = _features(channel.train, w), _features(channel.test, w)
    centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    x, y = (x - centre) / scale, np.clip((y - centre) / scale, -20.0, 20.0)
    x = x + np.random.default_rng(0).normal(0.0, 1e-3, x.shape)  # MCD refuses a train part that never moves
    for name in PEERS:
        make = getattr(importlib.import_module(f"pyod.models.{name.lower()}"), name)
        model = make() if name == "KNN" else make(random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MCD on a singular covariance
            told = model.fit(x).decision_function(y)
        left = w // 2
        made = np.pad(
            np.nan_to_num(np.asarray(told, dtype=np.float64)),
            (left, channel.test.size - told.size - left),
            mode="edge",
        )
        yield f"peer {name}", made
        yield (
            f"peer {name}, averaged",
            np.asarray(uniform_filter1d(made, w, mode="nearest"), dtype=np.float64),
        )


def _features(v: Floats, w: int) -> Floats:
    every = np.lib.stride_tricks.sliding_window_view(v, w)
    size = max(w // MEANS, 1)
    return every[:, : w // size * size].reshape(every.shape[0], -1, size).mean(axis=2)


def predictions(channels: list[Channel]) -> tuple[dict[str, Choice], dict[str, dict[str, Floats]]]:
    """The choice for each channel, and scores by system and channel; no answer is read."""
    choices = {c.name: chosen_for(c) for c in channels}
    made: dict[str, dict[str, Floats]] = defaultdict(dict)
    for c in channels:
        made["ours by profile"][c.name] = scores(c.test, choices[c.name], c.train)
        for name, told in [*fixed(c), *(peers(c) if find_spec("pyod") else ())]:
            made[name][c.name] = told
    return choices, dict(made)


def rule(choice: Choice) -> str:
    """Which rule chose: its detectors and what they learn from."""
    return f"{' + '.join(choice.detectors)}, {choice.learns}"


def left_out(choices: dict[str, Choice], measured: dict[str, dict[str, float]]) -> dict[str, float]:
    """For each channel the fixed detector that is best on the other channels of its rule (on all others, if alone)."""
    ours = [s for s in measured if not s.startswith(("peer", "ours", "trivial"))]
    made = {}
    for name in choices:
        others = [n for n in choices if n != name and rule(choices[n]) == rule(choices[name])]
        others = others or [n for n in choices if n != name]
        if others:
            made[name] = measured[max(ours, key=lambda s, o=others: mean([measured[s][n] for n in o]))][name]  # type: ignore[misc]
    return made


def _rows(measured: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """First ours, the best fixed detector and the best peer as VUS-PR, then every detector by its name, best first."""
    kinds = ("ours", "peer", "trivial", "oracle")
    every = sorted(measured, key=lambda s: -mean(list(measured[s].values())))
    of = {s: next((k for k in kinds if s.startswith(k)), "no_model") for s in every}
    made = []
    for kind in dict.fromkeys(k for k in ("ours", "no_model", "peer", "trivial") if k in of.values()):
        best = "ours by profile" if kind == "ours" else next(s for s in every if of[s] == kind)
        made += rows(kind, {"VUS-PR": list(measured[best].values())})
    best = next(s for s in every if of[s] == "no_model")
    less = [measured["ours by profile"][n] - measured[best][n] for n in measured[best]]
    made += rows("ours", {"VUS-PR less the best fixed detector's": less})
    for s in every:
        made += rows(of[s], {f"VUS-PR {s.removeprefix(of[s]).strip()}": list(measured[s].values())})
    return made


def main() -> None:
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    data = Path(args.data)
    every = read(data, args.cases)
    choices, made = predictions(every)
    spans = answers(data)
    channels = [c for c in every if spans.get(c.name)]
    truth, buffer = {}, {c.name: buffer_length(c.test) for c in channels}
    for c in channels:
        truth[c.name] = np.zeros(c.test.size, dtype=bool)
        for a, b in spans[c.name]:
            truth[c.name][a : b + 1] = True
    chance = {c.name: np.random.default_rng(0).random(c.test.size) for c in channels}
    made["trivial chance"] = chance
    made["trivial value"] = {c.name: c.test for c in channels}
    measured = {s: {n: vus_pr(truth[n], told[n], buffer[n]) for n in truth} for s, told in made.items()}
    choices = {n: choices[n] for n in truth}
    measured["ours leave one channel out"] = left_out(choices, measured)
    best = {n: max(measured[s][n] for s in measured) for n in truth}
    measured["oracle best for each channel"] = best
    table = _rows(measured)
    per_case: list[Case] = [
        {"id": n, "rule": rule(choices[n]), "reason": choices[n].reason,
         **{s: round(measured[s][n], 3) for s in ("ours by profile", "ours leave one channel out")}}
        for n in truth
    ]  # fmt: skip
    finish("signals/smap_msl", table, per_case, n=len(truth), began=began, out=args.json)


if __name__ == "__main__":
    main()
