"""Proving pictures, whoever made them: screen, policy, mark, ledger, verify. No torch, no network."""
