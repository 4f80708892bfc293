"""Waiting, for the scripts beside this one."""

import time


def until(what, look, patience=60):
    """Looks until there is something to see."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {patience} s")
