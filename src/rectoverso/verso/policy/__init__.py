"""What may leave for which use: packs of rules that turn findings into a verdict."""

from rectoverso.verso.policy.cases import Failed, Trial, run_cases
from rectoverso.verso.policy.pack import Line
from rectoverso.verso.policy.policy import Policy, strictest
from rectoverso.verso.policy.shelf import CASES, Shelf, shipped_cases, uses

__all__ = [
    "CASES",
    "Failed",
    "Line",
    "Policy",
    "Shelf",
    "Trial",
    "run_cases",
    "shipped_cases",
    "strictest",
    "uses",
]
