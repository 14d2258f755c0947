"""A small 1-D convolutional network over raw windows, with torch (extra `neural`); its weights are plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.signals.learned.store import Arrays
from aitia.tools.sources.rows import Floats

if TYPE_CHECKING:
    from torch import Tensor, nn

# A wide first kernel, as WDCNN (Zhang et al. 2017); sizes for a CPU, not tuned.
_LAYERS: Final = ((16, 64, 8), (32, 5, 2), (64, 3, 2))  # channels out, kernel, stride
_EPOCHS: Final = 40
_BATCH: Final = 64
_CHUNK: Final = 256


@dataclass(frozen=True, kw_only=True)
class Network:
    """A fitted network. Windows come flattened, (windows, samples × channels), each channel of mean 0 and spread 1."""

    net: nn.Module
    channels: int

    def probabilities(self, rows: Floats) -> Floats:
        """Shape (windows, classes)."""
        import torch

        self.net.eval()
        with torch.no_grad():
            parts = [torch.softmax(self.net(x), dim=1) for x in self._chunks(rows)]
        return np.concatenate([p.numpy() for p in parts]).astype(np.float64)

    def kernel(self, rows: Floats, known: Floats) -> Floats:
        """Closeness of class probabilities: 1 minus half their absolute distance."""
        a, b = self.probabilities(rows), self.probabilities(known)
        return np.asarray(1.0 - 0.5 * np.abs(a[:, None] - b[None]).sum(axis=2), dtype=np.float64)

    def _chunks(self, rows: Floats) -> list[Tensor]:
        return [_shaped(rows[n : n + _CHUNK], self.channels) for n in range(0, len(rows), _CHUNK)]

    def arrays(self) -> Arrays:
        """As arrays of an npz file."""
        return {f"net.{name}": value.numpy() for name, value in self.net.state_dict().items()}

    @classmethod
    def from_arrays(cls, held: Mapping[str, NDArray[Any]], *, channels: int, classes: int) -> Network:
        """Raises ValueError where the arrays are not those of such a network."""
        import torch

        net = _network(channels, classes)
        weights = {
            n.removeprefix("net."): torch.from_numpy(np.array(v))
            for n, v in held.items()
            if n.startswith("net.")
        }
        try:
            net.load_state_dict(weights)
        except RuntimeError as error:
            raise ValueError(str(error)) from None
        return cls(net=net, channels=channels)


def fit_network(
    rows: Floats, y: NDArray[np.intp], share: Floats, *, channels: int, classes: int, seed: int
) -> Network:
    """Weighted cross-entropy, Adam; each epoch every window is shifted in time and its sign flipped by chance.

    Raises BadInput without torch, or for windows shorter than the first layers need.
    """
    try:
        import torch
    except ImportError:
        raise BadInput("Install torch (pip install 'aitia[neural]') to train a network.") from None
    if rows.shape[1] // channels < 256:
        raise BadInput(f"Give --window 256 or more for a network: it is {rows.shape[1] // channels}.")
    state = torch.random.get_rng_state()
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    net = _network(channels, classes)
    x, truth, weight = (
        _shaped(rows, channels),
        torch.from_numpy(y.astype(np.int64)),
        torch.from_numpy(share.astype(np.float32)),
    )
    steps = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(steps, _EPOCHS)
    net.train()
    for _ in range(_EPOCHS):
        order = chance.permutation(len(y))
        for start in range(0, len(y), _BATCH):
            at = order[start : start + _BATCH]
            if at.size < 2:
                continue  # batch normalisation needs two
            moved = torch.roll(x[at], int(chance.integers(x.shape[2])), dims=2) * float(
                chance.choice([-1.0, 1.0])
            )
            loss = torch.nn.functional.cross_entropy(net(moved), truth[at], reduction="none")
            steps.zero_grad()
            (loss * weight[at]).mean().backward()  # type: ignore[no-untyped-call]
            steps.step()
        slower.step()
    torch.random.set_rng_state(state)
    return Network(net=net, channels=channels)


def _shaped(rows: Floats, channels: int) -> Tensor:
    import torch

    x = rows.reshape(len(rows), -1, channels).transpose(0, 2, 1)
    return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))


def _network(channels: int, classes: int) -> nn.Module:
    from torch import nn

    layers: list[nn.Module] = []
    before = channels
    for after, kernel, stride in _LAYERS:
        layers += [
            nn.Conv1d(before, after, kernel, stride=stride, padding=kernel // 2),
            nn.BatchNorm1d(after),
            nn.ReLU(),
            nn.MaxPool1d(2),
        ]
        before = after
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(before, classes)
    )
