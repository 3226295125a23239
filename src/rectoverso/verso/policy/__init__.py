"""What may leave for which use: packs of rules that turn findings into a verdict."""

from rectoverso.verso.policy.pack import Pack
from rectoverso.verso.policy.policy import Policy, policy, uses

__all__ = ["Pack", "Policy", "policy", "uses"]
