"""Pools of words: made once by Faker and by hand, then only drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from harness.errors import ScenarioError
from harness.seed.draw import stream, unit
from harness.seed.spec import FakerPool, ListsPool, Pool, ProsePool, SeedSpec
from harness.seed.words import TEXT, Words

Pools = dict[str, Words]
"""Strings, or lists of strings, by the pool's name."""

_FRUITLESS = 50
"""After so many calls in a row that brought nothing new, a provider is taken to have no more words."""


def build_pools(spec: SeedSpec, seed: int) -> Pools:
    """Every pool of the specification; pools that are made of other pools come after them.

    Raises ScenarioError for a Faker method or locale that does not exist and for a pool that comes out empty.
    """
    made: Pools = {}
    for name, pool in sorted(spec.pools.items(), key=lambda item: isinstance(item[1], ProsePool | ListsPool)):
        made[name] = _build(pool, made, seed, name, f"{spec.source}: pools.{name}")
        if len(made[name]) == 0:
            raise ScenarioError(f"{spec.source}: pools.{name}: the pool is empty", "give it values that fit max_length")
    return made


def _build(pool: Pool, made: Pools, seed: int, name: str, place: str) -> Words:
    if isinstance(pool, FakerPool):
        return Words(pa.array(_faker_words(pool, seed, name, place), TEXT))
    if isinstance(pool, ProsePool):
        return Words(pa.array(_prose(pool, made[pool.sentences].array.to_pylist(), seed, name), TEXT))
    if isinstance(pool, ListsPool):
        return Words(pa.array(_lists(pool, made[pool.words].array.to_pylist(), seed, name), pa.list_(TEXT)))
    return Words(pa.array(pool.values, TEXT))


def _faker_words(pool: FakerPool, seed: int, name: str, place: str) -> list[str]:
    words: dict[str, None] = {}
    quota = -(-pool.size // len(pool.locales))
    for number, locale in enumerate(pool.locales, start=1):
        make = _provider(pool.provider, locale, int(stream(seed, "pool", name, locale)), place)
        wanted = min(quota * number, pool.size)
        fruitless = 0
        while len(words) < wanted and fruitless < _FRUITLESS:
            word = str(make()).replace("\n", ", ").replace("\0", "").strip()
            if 0 < len(word) <= pool.max_length and word not in words:
                words[word] = None
                fruitless = 0
            else:
                fruitless += 1
    return list(words)


def _provider(provider: str, locale: str, seed: int, place: str) -> Callable[[], object]:
    try:
        faker = _faker(locale)
    except (AttributeError, ValueError):
        raise ScenarioError(f"{place}: Faker has no locale {locale!r}", "write it like en_US or ja_JP") from None
    hint = "name one of its methods, like company"
    try:
        method: Callable[[], object] = getattr(faker, provider)
    except AttributeError:
        raise ScenarioError(f"{place}: Faker has no {provider!r} for {locale}", hint) from None
    try:
        method()
    except Exception as error:  # noqa: BLE001 - a method wants arguments, a library, or something else of its own
        raise ScenarioError(f"{place}: Faker's {provider!r} gives no words: {error}", hint) from None
    faker.seed_instance(seed)
    return method


@lru_cache
def _faker(locale: str) -> Any:
    """Faker for one locale; made once, since that takes longer than most pools."""
    from faker import Faker  # noqa: PLC0415 - a worker, which reads pools that are made, never needs its memory

    return Faker(locale, use_weighting=False)  # the words are distinct: how often one is drawn is the column's affair


def _prose(pool: ProsePool, sentences: list[str], seed: int, name: str) -> list[str]:
    rng = np.random.default_rng(int(stream(seed, "pool", name)))
    lengths = np.clip(pool.median_length * np.exp(pool.sigma * rng.standard_normal(pool.size)), 1, pool.max_length)
    drawn = _endless(rng, len(sentences))
    texts = []
    for length in lengths.astype(int).tolist():
        parts: list[str] = []
        filled = 0
        while filled < length:
            parts.append(sentences[next(drawn)])
            filled += len(parts[-1]) + 1
        texts.append(" ".join(parts)[:length].strip() or parts[0][: pool.max_length])
    return texts


def _endless(rng: np.random.Generator, size: int) -> Iterator[int]:
    """Uniform integers in [0, size), drawn many at once."""
    while True:
        yield from rng.integers(size, size=4096).tolist()


def _lists(pool: ListsPool, words: list[str], seed: int, name: str) -> list[list[str]]:
    rows = np.arange(pool.size)
    sizes = pool.min + (unit(rows, stream(seed, "pool", name)) * (pool.max - pool.min + 1)).astype(int)
    rng = np.random.default_rng(int(stream(seed, "pool", name, "words")))
    return [[words[at] for at in rng.permutation(len(words))[:size]] for size in sizes.tolist()]


def write_pools(pools: Pools, path: Path) -> None:
    """Saved as an Arrow file, for worker processes; each pool is one list, since their lengths differ."""
    whole = [pa.ListArray.from_arrays([0, len(pool)], pool.array) for pool in pools.values()]
    batch = pa.record_batch(whole, names=list(pools))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write(batch)


def read_pools(path: Path) -> Pools:
    """The pools that `write_pools` saved, mapped into memory (shared by all processes that read them)."""
    batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    return {name: Words(column.flatten()) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
