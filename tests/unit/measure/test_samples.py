"""samples.parquet: what is written is read again, a killed run's stream is recovered, foreign files are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.errors import MeasureError
from harness.measure.buffer import SAMPLE, Samples, state_number, state_text
from harness.measure.sample_writer import SampleWriter, recover, stream_path
from harness.measure.samples import METADATA_KEY, SCHEMA, SCHEMA_VERSION, read_slices, read_table
from harness.measure.slices import SliceFacts, summarise, summarise_blocks


def samples(latencies_s: list[float], states: list[str] | None = None) -> Samples:
    rows = np.zeros(len(latencies_s), dtype=SAMPLE)
    rows["op"] = np.arange(len(latencies_s))
    rows["sent_s"] = rows["intended_s"] = np.arange(len(latencies_s)) * 1.0
    rows["done_s"] = rows["sent_s"] + latencies_s
    for index, state in enumerate(states or []):
        rows["state"][index] = state_number(state)
    return rows


def facts(
    block: int, arm: str = "before", query: str = "q", invalid: str = "", lag_s: float = 0.0, marks: str = ""
) -> SliceFacts:
    return SliceFacts(query, arm, 1, block, lag_s, 2e-5, 3e-4, invalid, marks, statements_mean_s=2e-4)


def test_a_slice_is_summed_up_over_its_successes_and_counts_its_errors() -> None:
    record = summarise(facts(2), samples([1.0, 2.0, 3.0, 99.0], ["00000", "00000", "00000", "57014"]))
    assert (record.executions, record.p50_s, record.mean_s) == (3, 2.0, 2.0)
    assert record.errors == (("57014", 1),)
    assert record.failures == 1
    assert record.wall_s == 3.0 + 99.0
    assert (record.p95_s, record.p99_s) == (None, None)


def test_a_latency_counts_from_the_intended_start() -> None:
    rows = samples([1.0])
    rows["intended_s"] -= 0.5
    assert summarise(facts(0), rows).p50_s == 1.5


@pytest.mark.parametrize(
    ("lag_s", "latency_s", "valid"),
    [(0.0009, 0.001, True), (0.0011, 0.001, False), (0.004, 0.05, True), (0.006, 0.05, False)],
)
def test_a_client_that_was_late_voids_its_slice(lag_s: float, latency_s: float, valid: bool) -> None:
    assert (summarise(facts(3, lag_s=lag_s), samples([latency_s] * 5)).invalid == "") is valid


def test_each_operation_is_held_against_the_same_one_of_the_same_client_on_the_baseline() -> None:
    """Whatever the order in which they ran; one that failed on either arm is in neither."""
    before, after = (
        samples([1.0, 10.0, 100.0, 7.0, 1.0]),
        samples([2.0, 30.0, 400.0, 7.0, 9.0], ["00000"] * 4 + ["57014"]),
    )
    before["client"] = [0, 0, 1, 1, 1]
    before["answered_s"], after["answered_s"] = before["done_s"] - before["sent_s"], 0.5
    after["client"] = [0, 0, 1, 0, 1]  # the fourth is another client's: no counterpart
    first, second = summarise_blocks([(facts(2), before), (facts(2, "after"), after[[2, 0, 4, 1, 3]])])
    assert (first.relative, first.server_relative) == (None, None)
    assert second.relative == pytest.approx((2 * 3 * 4) ** (1 / 3))
    assert second.server_relative == pytest.approx((0.5 * 0.05 * 0.005) ** (1 / 3), rel=1e-6)


def test_the_last_corner_has_the_contrasts_of_the_operations_that_succeeded_on_all_four() -> None:
    """Of three operations the indexes halve the second, the views double the third; the fourth failed on one arm."""
    times = {
        "before": [1.0, 10.0, 100.0, 1.0],
        "before_indexes": [1.0, 5.0, 100.0, 1.0],
        "after_noindexes": [1.0, 10.0, 200.0, 1.0],
        "after": [1.0, 5.0, 200.0, 9.0],
    }
    arms = [(facts(2, arm), samples(values)) for arm, values in times.items()]
    arms[2][1]["state"][3] = state_number("57014")
    for _, rows in arms:
        rows["answered_s"] = 0.5 * (rows["done_s"] - rows["sent_s"])
    arms[1] = (arms[1][0], arms[1][1][[3, 1, 0, 2]])  # in another order
    *others, last = summarise_blocks(arms)
    assert {item.contrasts for item in others} == {None}
    for found in (last.contrasts, last.server_contrasts):
        assert found is not None
        assert found.interaction == pytest.approx(1.0)
        assert found.both == pytest.approx(1.0)
        assert found.indexes_alone == pytest.approx(0.5 ** (1 / 3))
        assert found.normalisation_alone == pytest.approx(2 ** (1 / 3))
    assert [item.contrasts for item in summarise_blocks(arms[1:])] == [None] * 3


def test_nothing_is_held_against_the_slice_of_another_block_or_level() -> None:
    other = SliceFacts("q", "before", 4, 2, 0.0, None, None)
    records = summarise_blocks(
        [(facts(1), samples([1.0])), (other, samples([1.0])), (facts(2, "after"), samples([3.0]))]
    )
    assert [record.relative for record in records] == [None, None, None]


def test_a_file_without_the_times_to_the_last_byte_has_no_ratio_of_them(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    writer = SampleWriter(path, ["q"], ["before", "after"], {})
    writer.append([(facts(2), samples([1.0])), (facts(2, "after"), samples([3.0]))])
    writer.finish()
    assert [item.server_relative is None for item in read_table(path).slices] == [True, False]
    table = pq.read_table(path).drop_columns(["answered_s"])
    pq.write_table(table.replace_schema_metadata({METADATA_KEY: b'{"schema_version": 4}'}), path)
    assert [item.server_relative for item in read_table(path).slices] == [None, None]
    assert [item.relative for item in read_table(path).slices] == [None, pytest.approx(3.0)]


def test_an_empty_slice_has_no_figures() -> None:
    record = summarise(facts(0, invalid="a worker was ended by SIGKILL"), samples([]))
    assert (record.executions, record.p50_s, record.mean_s, record.wall_s) == (0, None, None, 0.0)
    assert record.invalid == "a worker was ended by SIGKILL"


def test_the_time_of_a_slice_is_that_of_its_turns_without_the_other_arms_between_them(tmp_path: Path) -> None:
    rows = samples([0.5, 0.5, 0.5])
    rows["sent_s"] = rows["intended_s"] = [0.0, 1.0, 7.0]
    rows["done_s"] = rows["sent_s"] + 0.5
    turned = replace(facts(2), turns=(2, 0, 1))
    assert summarise(turned, rows).wall_s == 1.5 + 0.5
    writer = SampleWriter(tmp_path / "s.parquet", ["q"], ["before", "after"], {})
    writer.append([(turned, rows), (facts(2, arm="after", invalid="nothing ran"), samples([]))])
    writer.finish()
    (read, *_) = read_slices(tmp_path / "s.parquet")
    assert read.facts.turns == (2, 0, 1)
    assert summarise(read.facts, read.samples).wall_s == 2.0


def test_samples_of_the_version_without_turns_are_read_as_slices_of_one(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    writer = SampleWriter(path, ["q"], ["before"], {})
    writer.append([(replace(facts(2), turns=(1, 2)), samples([1.0, 2.0, 3.0]))])
    writer.finish()
    table = pq.read_table(path).drop_columns(["turn"])
    pq.write_table(table.replace_schema_metadata({METADATA_KEY: b'{"schema_version": 3}'}), path)
    (record,) = read_table(path).slices
    assert (record.executions, record.p50_s, record.wall_s) == (3, 2.0, 5.0)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    writer = SampleWriter(path, ["q", "r"], ["before", "after"], {"seed": 1})
    blocks = [
        [(facts(0, marks="a checkpoint began"), samples([0.1, 0.2])), (facts(0, "after"), samples([0.3], ["40001"]))],
        [(facts(1, query="r"), samples([0.5] * 30)), (facts(1, "after", "r", "a worker died"), samples([]))],
        [(facts(2), samples([0.1, 0.7])), (facts(2, "after"), samples([0.3, 0.9]))],
    ]
    for block in blocks:
        writer.append(block)
    writer.finish()
    expected = tuple(record for block in blocks for record in summarise_blocks(block))
    assert read_table(path).slices == expected
    assert pq.read_schema(path).remove_metadata() == SCHEMA.remove_metadata()
    assert not stream_path(path).exists()


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_a_killed_run_keeps_every_block_but_the_one_being_written(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "samples.parquet"
    writer = SampleWriter(path, ["q"], ["before"], {})
    writer.append([(facts(0), samples([0.1, 0.2]))])
    whole = stream_path(path).stat().st_size
    writer.append([(facts(1), samples([0.1, 0.2]))])
    content = stream_path(path).read_bytes()
    writer.finish()
    path.unlink()
    stream_path(path).write_bytes(content[: len(content) - cut] if cut < 100 else content[: whole + 100])
    assert recover(path)
    assert [record.block for record in read_table(path).slices] == ([0, 1] if cut == 0 else [0])
    assert not recover(path)


def test_a_run_without_a_block_has_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    SampleWriter(path, ["q"], ["before"], {}).finish()
    assert read_table(path).slices == ()
    assert read_table(path).counted_blocks == 0


def test_samples_of_another_schema_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    pq.write_table(SCHEMA.with_metadata({METADATA_KEY: b'{"schema_version": 99}'}).empty_table(), path)
    with pytest.raises(MeasureError, match=r"has the samples' schema version 99, this tool reads 3 to 5"):
        read_table(path)


def test_files_that_are_no_samples_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    path.write_text("nonsense")
    with pytest.raises(MeasureError, match="cannot be read as samples"):
        read_table(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(MeasureError, match="holds no samples of this tool"):
        read_table(path)
    with pytest.raises(MeasureError, match="cannot be read as samples"):
        read_table(tmp_path / "missing")


@pytest.mark.parametrize("state", ["00000", "23505", "57P01", "XX000", "ZZZZZ"])
def test_sqlstates_travel_as_numbers(state: str) -> None:
    assert state_text(state_number(state)) == state
    assert state_number(state) < 2**31


def test_the_documented_columns_are_those_of_the_file() -> None:
    text = (Path(__file__).parents[3] / "docs" / "samples.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", text, re.MULTILINE)
    types = {
        "int16": pa.int16(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
    }
    types |= {"bool": pa.bool_(), "string": pa.string(), "dictionary of string": pa.dictionary(pa.int16(), pa.string())}
    assert [(name, types[kind]) for name, kind in told] == [(field.name, field.type) for field in SCHEMA]
    assert f"schema's version ({SCHEMA_VERSION})" in text


def test_the_file_takes_little_more_than_half_of_what_its_rows_take_in_parquets_usual_encodings(tmp_path: Path) -> None:
    path, usual = tmp_path / "samples.parquet", tmp_path / "usual.parquet"
    writer = SampleWriter(path, ["q"], ["before"], {})
    latencies = np.random.default_rng(1).lognormal(-7, 0.3, 20000)
    rows = samples(list(latencies))
    rows["intended_s"] = rows["sent_s"] = 30 + np.concatenate([[0], np.cumsum(latencies + 2e-6)[:-1]])
    rows["done_s"] = rows["sent_s"] + latencies
    writer.append([(facts(2), rows)])
    writer.finish()
    table = pq.read_table(path)
    pq.write_table(table, usual, compression="zstd")
    assert table.schema.equals(SCHEMA)
    assert [table[name].to_pylist() for name in ("op", "sent_s", "done_s")] == [
        rows[name].tolist() for name in ("op", "sent_s", "done_s")
    ]
    assert path.stat().st_size < 0.65 * usual.stat().st_size
