"""Verification: what a file is, said in one of seven outcomes, each with its evidence and its limits."""
