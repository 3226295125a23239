"""The version of this package; files and credentials name it."""

__version__ = "0.1.0"
