"""Random draws that depend on a row's number and nothing else: a counter-based generator over numpy arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]

SLOTS = 1 << 16
"""Resolution of weighted choices: a weight is honoured to 1 in 65,536."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def stream(seed: int, *names: str) -> np.uint64:
    """The key of the random stream that belongs to these names (table, column, purpose) under this seed.

    numpy's SeedSequence spreads the seed and a digest of the names into the key, so that streams are independent of
    each other. From the key on, a draw is a hash of the row's number (`bits`): no state is carried from row to row.
    Hence a block can be made anywhere and in any order, and a child can evaluate its parent's columns at the parent's
    row numbers instead of remembering them; a generator that must run through the rows in order allows neither.
    """
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    words = [int.from_bytes(digest[at : at + 4], "little") for at in range(0, 16, 4)]
    return np.uint64(np.random.SeedSequence([seed, *words]).generate_state(1, np.uint64)[0])


def bits(rows: Rows, key: np.uint64) -> Bits:
    """64 random bits for each row number (SplitMix64: Steele, Lea, Flood, OOPSLA 2014, doi:10.1145/2660193.2660195)."""
    mixed = rows.view(np.uint64) * _GOLDEN
    mixed += key
    shifted = mixed >> np.uint64(30)
    mixed ^= shifted
    mixed *= _MIX_1
    mixed ^= np.right_shift(mixed, np.uint64(27), out=shifted)
    mixed *= _MIX_2
    mixed ^= np.right_shift(mixed, np.uint64(31), out=shifted)
    return mixed


def unit(rows: Rows, key: np.uint64) -> Floats:
    """Uniform on the open interval (0, 1), 53 bits."""
    mixed = bits(rows, key)
    mixed >>= np.uint64(11)
    uniform = mixed.view(np.int64).astype(np.float64)  # signed ones convert faster
    uniform += 0.5
    uniform *= 2.0**-53
    return uniform


def below(rows: Rows, key: np.uint64, size: int) -> Rows:
    """Uniform integers in [0, size), for a size below 2**32."""
    mixed = bits(rows, key)
    mixed >>= np.uint64(32)
    mixed *= np.uint64(size)
    mixed >>= np.uint64(32)
    return mixed.view(np.int64)


def chance(rows: Rows, key: np.uint64, probability: float) -> Mask:
    """True with the given probability."""
    return unit(rows, key) < probability


def weighted_slots(weights: Sequence[float]) -> Array:
    """A table of SLOTS entries in which each index fills a share proportional to its weight; weights are >= 0."""
    edges = np.round(np.cumsum(weights) / np.sum(weights) * SLOTS).astype(np.int64)
    small = np.uint8 if len(weights) <= 256 else np.int32  # a table of bytes stays in the processor's cache
    return np.repeat(np.arange(len(weights), dtype=small), np.diff(edges, prepend=0))


def slot(rows: Rows, key: np.uint64) -> Rows:
    """A uniform index into a table that `weighted_slots` made."""
    mixed = bits(rows, key)
    mixed >>= np.uint64(48)
    return mixed.view(np.int64)


def zipf_rank(uniform: Floats, size: Rows | int, skew: float, spread: Floats | None = None) -> Rows:
    """Ranks in [0, size) whose density falls as rank**-skew; skew 0 is uniform.

    The inverse of the distribution function of the power law bounded to [1, size + 1), rounded down: a closed form
    for any size, also one that differs from row to row. `spread` is `zipf_spread` of size and skew, where it is known.
    """
    if spread is None:
        spread = zipf_spread(size, skew)
    if skew == 0:
        position = 1.0 + uniform * spread
    elif skew == 1:
        position = spread**uniform
    else:
        position = (1.0 + uniform * spread) ** (1.0 / (1.0 - skew))
    return np.clip(position.astype(np.int64) - 1, 0, np.asarray(size, dtype=np.int64) - 1)


def zipf_spread(size: Rows | int, skew: float) -> Floats:
    """The part of the power law that depends on the size alone."""
    top = np.asarray(size, dtype=np.float64) + 1.0
    if skew == 1:
        return top
    spread: Floats = top ** (1.0 - skew) - 1.0
    return spread


_GRID = 4096
_TAIL = 1 / (8 * _GRID)
_NORMAL: Floats = np.array([NormalDist().inv_cdf(min(max(at / _GRID, _TAIL), 1 - _TAIL)) for at in range(_GRID + 1)])

NORMAL_REACH = float(_NORMAL[-1])
"""The largest that `normal` gives."""


def normal(uniform: Floats) -> Floats:
    """Standard normal values for uniform ones: the quantile function, linear between 4,097 points, within +-4."""
    position = uniform * _GRID
    at = position.astype(np.int64)
    low: Floats = _NORMAL[at]
    return low + (_NORMAL[at + 1] - low) * (position - at)


def shuffled(positions: Rows, size: int) -> Rows:
    """The positions under a fixed permutation of [0, size), so that neighbours lie far apart."""
    step = max(int(size * 0.6180339887), 1)
    while np.gcd(step, size) != 1:
        step += 1
    return (positions * step + size // 3) % size


def uuids(rows: Rows, key: np.uint64) -> Bits:
    """Random-looking version-4 UUIDs, shape (rows, 2), as 16 bytes each in network order."""
    halves = np.empty((len(rows), 2), dtype=np.uint64)
    high = bits(rows, key)
    high &= np.uint64(0xFFFFFFFFFFFF0FFF)
    high |= np.uint64(0x4000)
    halves[:, 0] = high
    low = bits(rows, key ^ np.uint64(0xD1B54A32D192ED03))
    low &= np.uint64(0x3FFFFFFFFFFFFFFF)
    low |= np.uint64(0x8000000000000000)
    halves[:, 1] = low
    return halves.byteswap(inplace=True)
