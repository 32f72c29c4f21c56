"""Pools of words: made once by Faker and by hand, then only drawn from."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa

from harness.errors import ScenarioError
from harness.seed.draw import stream, unit
from harness.seed.spec import FakerPool, ListsPool, Pool, ProsePool, SeedSpec

Pools = dict[str, pa.Array]
"""Arrays of strings, or of lists of strings, by the pool's name."""

SLUG_LENGTH = 24
"""The most characters that a slug has."""

_TRIES = 20


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


def _build(pool: Pool, made: Pools, seed: int, name: str, place: str) -> pa.Array:
    if isinstance(pool, FakerPool):
        return pa.array(_faker_words(pool, seed, name, place), pa.string())
    if isinstance(pool, ProsePool):
        return pa.array(_prose(pool, made[pool.sentences].to_pylist(), seed, name), pa.string())
    if isinstance(pool, ListsPool):
        return pa.array(_lists(pool, made[pool.words].to_pylist(), seed, name), pa.list_(pa.string()))
    return pa.array(pool.values, pa.string())


def _faker_words(pool: FakerPool, seed: int, name: str, place: str) -> list[str]:
    words: dict[str, None] = {}
    quota = -(-pool.size // len(pool.locales))
    for number, locale in enumerate(pool.locales, start=1):
        make = _provider(pool.provider, locale, int(stream(seed, "pool", name, locale)), place)
        wanted = min(quota * number, pool.size)
        for _ in range(quota * _TRIES):
            if len(words) >= wanted:
                break
            word = str(make()).replace("\n", ", ").replace("\0", "").strip()
            if 0 < len(word) <= pool.max_length:
                words[word] = None
    return list(words)


def _provider(provider: str, locale: str, seed: int, place: str):  # type: ignore[no-untyped-def]
    from faker import Faker  # noqa: PLC0415 - a worker, which reads pools that are made, never needs its memory

    try:
        faker = Faker(locale)
    except (AttributeError, ValueError):
        raise ScenarioError(f"{place}: Faker has no locale {locale!r}", "write it like en_US or ja_JP") from None
    faker.seed_instance(seed)
    try:
        return getattr(faker, provider)
    except AttributeError:
        raise ScenarioError(
            f"{place}: Faker has no {provider!r} for {locale}", "name one of its methods, like company"
        ) from None


def _prose(pool: ProsePool, sentences: list[str], seed: int, name: str) -> list[str]:
    rng = np.random.default_rng(int(stream(seed, "pool", name)))
    lengths = np.clip(pool.median_length * np.exp(pool.sigma * rng.standard_normal(pool.size)), 1, pool.max_length)
    texts = []
    for length in lengths.astype(int).tolist():
        parts: list[str] = []
        filled = 0
        while filled < length:
            parts.append(sentences[int(rng.integers(len(sentences)))])
            filled += len(parts[-1]) + 1
        texts.append(" ".join(parts)[:length].strip() or parts[0][: pool.max_length])
    return texts


def _lists(pool: ListsPool, words: list[str], seed: int, name: str) -> list[list[str]]:
    rows = np.arange(pool.size)
    sizes = pool.min + (unit(rows, stream(seed, "pool", name)) * (pool.max - pool.min + 1)).astype(int)
    rng = np.random.default_rng(int(stream(seed, "pool", name, "words")))
    return [[words[at] for at in rng.permutation(len(words))[:size]] for size in sizes.tolist()]


def slug(text: str) -> str:
    """The text in a-z and 0-9 only, for addresses; letters that have no such form become their code point."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    kept = "".join(letter for letter in plain if letter.isascii() and letter.isalnum())
    return (kept or "".join(f"{ord(letter):x}" for letter in text if letter.isalnum()) or "x")[:SLUG_LENGTH]


def write_pools(pools: Pools, path: Path) -> None:
    """Saved as an Arrow file, for worker processes; one batch a pool, since their lengths differ."""
    with pa.OSFile(str(path), "wb") as sink:
        schema = pa.schema([pa.field(name, pa.list_(pool.type)) for name, pool in pools.items()])
        whole = [pa.ListArray.from_arrays([0, len(pool)], pool) for pool in pools.values()]
        with pa.ipc.new_file(sink, schema) as writer:
            writer.write(pa.record_batch(whole, schema=schema))


def read_pools(path: Path) -> Pools:
    """The pools that `write_pools` saved, mapped into memory (shared by all processes that read them)."""
    batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    return {name: column.flatten() for name, column in zip(batch.schema.names, batch.columns, strict=True)}
