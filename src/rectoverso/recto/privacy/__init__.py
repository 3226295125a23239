"""Differential privacy: what a training may tell of any one picture, counted, kept, and tried to be broken."""
