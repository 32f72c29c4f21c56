"""Measuring: schedules (pure), worker processes, samples; what the tables occupy; `run.measure` is the way in."""
