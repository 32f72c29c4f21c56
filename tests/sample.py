"""Makes the committed sample report, and the README's picture of it, from a run: what newcomers see first.

    .venv/bin/bench run --scale 10k && .venv/bin/python -m tests.sample results/latest

What a reader sees is the run's own; only what the report never reads is left out, for the sake of size. result.json
holds the same data without blanks between them. samples.parquet keeps the latencies of the arms that the page draws (to
seven digits, as if intended at 0 s, sorted within each slice) and the facts of every slice of the closed load.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.report import write_report
from harness.report.blocks import SHOWN
from harness.report.emit import REPORT_FILE, SAMPLES_FILE
from harness.result.store import RESULT_FILE
from tests.browsing import set_view, start_browser

SAMPLE = Path(__file__).parent.parent / "docs" / "sample"
PICTURE = SAMPLE.parent / "report.png"
_TIMES = ("intended_s", "sent_s", "done_s")
_UNREAD = ["turn", "answered_s"]
"""Sorted latencies have none."""
PLACES = re.compile(r'"[^"]*(?<![\w.:/])/(?:home|root|tmp|var|work|srv|mnt|Users)\b[^"]*"')
"""Paths of the machine that measured: nobody else's business."""


def make_sample(run: Path, folder: Path = SAMPLE) -> None:
    """Replaces the sample by this run's; raises SystemExit where the run holds paths that should not be published."""
    data = json.loads((run / RESULT_FILE).read_text(encoding="utf-8"))
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if found := sorted(set(PLACES.findall(text))):
        raise SystemExit(
            f"{run} names places of this machine ({', '.join(found)}); run bench without --results and --dsn"
        )
    folder.mkdir(exist_ok=True)
    (folder / RESULT_FILE).write_text(text + "\n", encoding="utf-8")
    cut_samples(run / SAMPLES_FILE, folder / SAMPLES_FILE)
    write_report(folder)


def cut_samples(source: Path, target: Path) -> None:
    """The samples that the report reads, block by block."""
    with pq.ParquetFile(source) as file:
        schema = file.schema_arrow
        for name in _UNREAD:
            schema = schema.remove(schema.get_field_index(name))
        with pq.ParquetWriter(
            target,
            schema,
            compression="zstd",
            compression_level=19,
            use_byte_stream_split=list(_TIMES),
            use_dictionary=[name for name in schema.names if name not in (*_TIMES, "op")],
            column_encoding={"op": "DELTA_BINARY_PACKED"},
        ) as writer:
            for group in range(file.num_row_groups):
                rows = _cut(file.read_row_group(group))
                if rows.num_rows:
                    writer.write_table(rows)


def _cut(rows: pa.Table) -> pa.Table:
    """The closed load alone: the slices of drawn arms sorted, of any other one row, which holds the slice's median."""
    rows = rows.filter(pc.is_null(rows["rate_per_s"])).drop_columns(_UNREAD)
    if not rows.num_rows:
        return rows
    keys = list(zip(*(rows[name].to_pylist() for name in ("query", "arm", "clients", "block")), strict=True))
    starts = [place for place, key in enumerate(keys) if place == 0 or keys[place - 1] != key]
    latencies = rows["done_s"].to_numpy() - rows["intended_s"].to_numpy()
    good = rows["sqlstate"].is_null().to_numpy() & (rows["client"].to_numpy() >= 0)
    kept: list[int] = []
    shown: list[float] = []
    for start, end in zip(starts, [*starts[1:], rows.num_rows], strict=True):
        places = start + np.lexsort((latencies[start:end], ~good[start:end]))  # failures last
        if keys[start][1] in SHOWN:
            kept += places.tolist()
            shown += latencies[places].astype(np.float32).tolist()
        else:
            kept.append(int(places[0]))
            counted = latencies[places][good[places]]
            shown.append(float(np.median(counted)) if len(counted) else 0.0)
    rows = rows.take(kept)
    operations = np.where(rows["op"].to_numpy() < 0, -1, np.arange(rows.num_rows))
    nothing = np.zeros(rows.num_rows)
    columns = {"op": operations, "intended_s": nothing, "sent_s": nothing, "done_s": np.array(shown)}
    for name, values in columns.items():
        field = rows.schema.field(name)
        rows = rows.set_column(rows.schema.get_field_index(name), field, pa.array(values).cast(field.type))
    return rows


def take_picture(page: Path, picture: Path) -> None:
    """The top of the page as the README shows it; wants Debian's packages chromium and chromium-driver."""
    browser = start_browser()
    try:
        set_view(browser, 1200, "light")
        browser.get(page.resolve().as_uri())
        browser.save_screenshot(str(picture))
    finally:
        browser.quit()


def main() -> None:
    """Reads the run's folder and says what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    make_sample(parser.parse_args().run)
    take_picture(SAMPLE / REPORT_FILE, PICTURE)
    for path in (*sorted(SAMPLE.iterdir()), PICTURE):
        print(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")


if __name__ == "__main__":
    main()
