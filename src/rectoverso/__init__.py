"""Rectoverso: train image generators, and let no image out without its proof."""

__version__ = "0.1.0"
