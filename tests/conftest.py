"""Tests run side by side (pytest-xdist), each worker on one thread; how long an example takes proves nothing there."""

from __future__ import annotations

import os

from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before anything loads torch or a linear algebra library; processes that a test starts inherit it.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

settings.register_profile("side by side", deadline=None)
settings.load_profile("side by side")
