"""Labels as law asks: each regime is a TOML pack; files are made by it, and any file can be held against it."""

from rectoverso.verso.law.labelling import Labelling
from rectoverso.verso.law.law import Law, law, laws, laws_named

__all__ = ["Labelling", "Law", "law", "laws", "laws_named"]
