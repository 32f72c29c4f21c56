"""Calibration: how often the method raises a false alarm, and how often it finds a slow-down that is there."""

from harness.calibrate.assess import Measured, assess_pair, assess_run, raw_latencies
from harness.calibrate.burden import (
    FIRST_GUESS,
    Burden,
    Trial,
    burdened,
    can_be_slowed,
    corrected,
    learn_burden,
    typical_time_s,
)
from harness.calibrate.model import PLANTED, SHARES, Calibration, CalibrationRun
from harness.calibrate.store import Lines, calibration_json, read_lines
from harness.calibrate.summarise import exit_code, markdown, summarise

__all__ = [
    "FIRST_GUESS",
    "PLANTED",
    "SHARES",
    "Burden",
    "Calibration",
    "CalibrationRun",
    "Lines",
    "Measured",
    "Trial",
    "assess_pair",
    "assess_run",
    "burdened",
    "calibration_json",
    "can_be_slowed",
    "corrected",
    "exit_code",
    "learn_burden",
    "markdown",
    "raw_latencies",
    "read_lines",
    "summarise",
    "typical_time_s",
]
