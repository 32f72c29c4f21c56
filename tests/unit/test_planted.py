"""Recall and precision of planted kinds: what was missed, misnamed or found beside lowers them."""

from harness.phases.planted import score

PLANTED = [
    {"table": "t", "key": str(n), "column": "c", "kind": kind, "finding": "value_differs", "cause": "stale_copy"}
    for n, kind in ((1, "stale"), (2, "stale"), (3, "stale"), (4, "padded"))
]
RIGHT = ("value_differs", "stale_copy")


def test_what_was_found_right_missed_misnamed_and_kept_is_told_apart() -> None:
    found = {("t", "1", "c"): RIGHT, ("t", "2", "c"): ("value_differs", "view_wrong"), ("t", "4", "c"): RIGHT}
    padded, stale = score(PLANTED, found, kept=())
    assert (padded.kind, padded.recall, padded.precision) == ("padded", 1.0, 1.0)
    assert (stale.planted, stale.kept, stale.found, stale.recall) == (3, 0, 1, 1 / 3)
    _, stale = score(PLANTED, found, kept={("t", "3", "c")})
    assert (stale.kept, stale.recall) == (1, 1 / 2)


def test_what_was_never_planted_lowers_the_precision() -> None:
    found = {("t", str(n), "c"): RIGHT for n in range(1, 9)}
    assert [item.precision for item in score(PLANTED, found, kept=())] == [0.5, 0.5]


def test_a_kind_of_which_nothing_is_left_has_no_recall() -> None:
    (only,) = score(PLANTED[3:], {}, kept={("t", "4", "c")})
    assert (only.recall, only.precision, only.found) == (None, None, 0)
