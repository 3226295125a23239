"""Which queue a job of which kind waits in."""

from __future__ import annotations

QUEUES = {"making": ("generate", "seal", "curate", "register"), "training": ("train",)}
"""A training takes hours, and nobody who wants a picture should wait for it: each queue has workers of its own."""
