"""Neural detectors of one channel, in pyod's vocabulary: a convolutional forecaster and an autoencoder.

They need torch (`pip install aitia[neural]`), which is imported when they are fitted. Seeded, on the CPU: the same data give
the same scores on the same machine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput, ModelError

Floats = NDArray[np.float64]
_MOST = 20_000  # windows that a fit sees
_BLOCK = 8192


class _Neural(ABC):
    """Windows in, an error per window out; scaling, training and the threshold are the same for both networks."""

    target = 0  # samples of a window that are forecast rather than seen

    def __init__(
        self, *, window: int = 64, epochs: int = 10, seed: int = 0, contamination: float = 0.01
    ) -> None:
        if window < 16:
            raise BadInput(f"A window of {window} samples is too short. Give at least 16 samples.")
        self.window = window
        self.epochs = epochs
        self.seed = seed
        self.contamination = contamination
        self.threshold_ = float("inf")

    def fit(self, x: Floats) -> Self:
        """Learn from a reference of at least 3 windows; the threshold is the 1 - contamination quantile of the errors on its
        last third, which the weights have not seen.
        """
        torch = _torch()
        v = _flat(x, 3 * (self.window + self.target))
        self.median_, self.scale_ = float(np.median(v)), max(float(np.std(v)), 1e-9)
        edge = 2 * v.size // 3
        every = self._windows(v[:edge])
        some = every[np.unique(np.linspace(0, every.shape[0] - 1, min(every.shape[0], _MOST)).astype(int))]
        data = torch.tensor(some, dtype=torch.float32).unsqueeze(1)
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.net_ = self._net(torch.nn)
            adam = torch.optim.Adam(self.net_.parameters(), lr=1e-3)
            for _ in range(self.epochs):
                for rows in torch.randperm(data.shape[0]).split(128):
                    adam.zero_grad()
                    loss = self._errors(data[rows]).mean()
                    loss.backward()
                    adam.step()
        held = self.decision_function(v[edge:])
        self.threshold_ = float(np.quantile(held, 1.0 - self.contamination))
        return self

    def decision_function(self, x: Floats) -> Floats:
        """Root mean squared error of each sample's window, in standard deviations of the reference."""
        torch = _torch()
        v = _flat(x, self.window + self.target)
        every = self._windows(v)
        parts = []
        with torch.no_grad():
            for i in range(0, every.shape[0], _BLOCK):
                block = torch.tensor(every[i : i + _BLOCK], dtype=torch.float32).unsqueeze(1)
                parts.append(self._errors(block).sqrt().numpy())
        score = np.concatenate(parts).astype(np.float64)
        left = self.window if self.target else self.window // 2
        return np.pad(score, (left, v.size - score.size - left), mode="edge")

    def predict(self, x: Floats) -> Floats:
        """1 where a sample is anomalous, else 0."""
        return (self.decision_function(x) > self.threshold_).astype(np.float64)

    def _windows(self, v: Floats) -> Floats:
        z = np.clip((v - self.median_) / self.scale_, -20.0, 20.0)
        return np.lib.stride_tricks.sliding_window_view(z, self.window + self.target)

    @abstractmethod
    def _net(self, nn: Any) -> Any: ...

    @abstractmethod
    def _errors(self, rows: Any) -> Any: ...


class CnnForecaster(_Neural):
    """The next sample from a window by two dilated convolutions (DeepAnT, Munir et al., 2019); the score is its error."""

    target = 1

    def _net(self, nn: Any) -> Any:
        left = self.window - 4 - 8  # what five taps, then three taps four apart, leave of a window
        return nn.Sequential(
            nn.Conv1d(1, 16, 5), nn.ReLU(), nn.Conv1d(16, 16, 3, dilation=4), nn.ReLU(), nn.Flatten(),
            nn.Linear(16 * left, 1),
        )  # fmt: skip

    def _errors(self, rows: Any) -> Any:
        told = self.net_(rows[:, :, : self.window]).squeeze(1)
        return (told - rows[:, 0, self.window]) ** 2


class Autoencoder(_Neural):
    """A window through a bottleneck of an eighth of its length (Sakurada & Yairi, 2014); the score is what is lost."""

    def _net(self, nn: Any) -> Any:
        w = self.window
        return nn.Sequential(
            nn.Flatten(), nn.Linear(w, w // 2), nn.ReLU(), nn.Linear(w // 2, w // 8), nn.Linear(w // 8, w // 2), nn.ReLU(),
            nn.Linear(w // 2, w),
        )  # fmt: skip

    def _errors(self, rows: Any) -> Any:
        return ((self.net_(rows) - rows[:, 0]) ** 2).mean(dim=1)


def _flat(x: Floats, least: int) -> Floats:
    v = np.asarray(x, dtype=np.float64)
    v = v[:, 0] if v.ndim == 2 and v.shape[1] == 1 else v
    if v.ndim != 1 or v.size < least:
        raise BadInput(
            f"An array of shape {v.shape} cannot be used. Give one channel of at least {least} samples."
        )
    if not bool(np.all(np.isfinite(v))):
        raise BadInput("Fill or drop the samples that are not finite first.")
    return v


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise ModelError("Install torch for neural detectors: pip install aitia[neural].") from None
    return torch
