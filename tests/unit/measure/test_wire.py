"""An answer's pieces: handed over whole, in order, and never kept for good; the instant is that of the last one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from harness.measure.wire import HELD_BYTES, Wire

BOUND = b"2\0\0\0\4"
ROW = b"D\0\0\0\x0bZ\0\0\0\x05I!"
DONE = b"C\0\0\0\x0dSELECT 1\0"
READY = b"Z\0\0\0\x05I"
ERROR = b"E\0\0\0\x0bS22012\0"
ANSWER = BOUND + ROW + DONE + READY


class Driver:
    """What the driver's protocol is told."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended: list[str] = []

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def eof_received(self) -> None:
        self.ended.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.append("lost")


def told(pieces: list[bytes], asked: bool = True) -> list[bytes]:
    driver = Driver()
    wire = Wire(driver)
    if asked:
        wire.asked()
    for piece in pieces:
        wire.data_received(piece)
    return driver.pieces


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
def test_an_answer_cut_anywhere_reaches_the_driver_without_its_rows(cut: int) -> None:
    pieces = told([ANSWER[:cut], ANSWER[cut:]])
    if cut < len(BOUND) + 1 or ANSWER[:cut].endswith(READY):  # whole, where its rows could not be told
        assert b"".join(pieces) == ANSWER
    else:
        assert pieces == [BOUND + DONE + READY]


@pytest.mark.parametrize("rows", [2, 1000, 100_000])
def test_rows_are_left_out_however_many_they_are(rows: int) -> None:
    tag = f"SELECT {rows}".encode() + b"\0"
    done = b"C" + (len(tag) + 4).to_bytes(4, "big") + tag
    row = b"D\0\0\0\x10\0\1\0\0\0\6sixsix"
    assert told([BOUND + row, *[row] * (rows - 1), done + READY]) == [BOUND + done + READY]


@pytest.mark.parametrize(
    "answer",
    [
        BOUND + DONE + READY,
        BOUND + ROW + ERROR + READY,
        ERROR + READY,
        b"C\0\0\0\x0aBEGIN\0" + READY,
        BOUND + ROW + b"N" + DONE + READY[1:] + READY,
        BOUND + ROW + DONE[1:] + READY,
    ],
)
def test_an_answer_without_rows_or_with_an_error_reaches_the_driver_as_it_is(answer: bytes) -> None:
    assert told([answer]) == [answer]


def test_an_answer_byte_by_byte_reaches_the_driver() -> None:
    assert b"".join(told([bytes([value]) for value in ANSWER])) == ANSWER


def test_what_nobody_asked_for_goes_on_at_once() -> None:
    assert told([b"N\0\0\0\5\0"], asked=False) == [b"N\0\0\0\5\0"]


def test_an_answer_that_is_long_goes_on_piece_by_piece() -> None:
    piece = bytes(HELD_BYTES // 2 + 1)
    assert [len(item) for item in told([piece] * 4)] == [2 * len(piece), len(piece), len(piece)]


@pytest.mark.parametrize("end", ["eof", "lost"])
def test_a_connection_that_ends_hands_over_what_was_held(end: str) -> None:
    driver = Driver()
    wire = Wire(driver)
    wire.asked()
    wire.data_received(b"E\0\0\0\x08FATAL")
    if end == "eof":
        wire.eof_received()
    else:
        wire.connection_lost(None)
    assert driver.pieces == [b"E\0\0\0\x08FATAL"]
    assert driver.ended == [end]


def test_the_instant_is_that_of_the_last_piece() -> None:
    wire = Wire(Driver())
    instants = []
    wire.asked()
    for piece in (ANSWER[:9], ANSWER[9:20], ANSWER[20:]):
        wire.data_received(piece)
        instants.append(wire.arrived_s)
    assert all(first < second for first, second in pairwise(instants))
