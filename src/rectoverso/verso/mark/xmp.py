"""Reading XMP (ISO 16684-1): the values of the properties asked for, by a parser that expands no entity."""

from __future__ import annotations

from collections.abc import Container
from xml.parsers import expat

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DEEPEST = 64


def properties(packet: bytes, names: Container[str]) -> list[tuple[str, str]]:
    """Name and value of each property that is one of ``names`` ("namespace name"), once for each time it is there.

    Elements come before attributes; of a structure, the value is all the text in it. Raises ValueError for a document
    type or deep nests, and expat's errors.
    """
    reader = _Reader(names)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.Parse(packet, True)
    return reader.elements + reader.attributes


def _refuse_doctype(*_: object) -> None:
    # Entities can only be declared in a document type; XMP has none.
    raise ValueError("XMP with a document type is not read")


class _Reader:
    """Collects what was asked for while expat walks the packet."""

    def __init__(self, names: Container[str]) -> None:
        self.elements: list[tuple[str, str]] = []
        self.attributes: list[tuple[str, str]] = []
        self._names = names
        self._open: list[str] = []
        self._within: tuple[str, int] | None = None
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        if len(self._open) > _DEEPEST:
            raise ValueError("XMP is nested too deeply")
        if name == f"{RDF} Description":
            self.attributes += [pair for pair in attributes.items() if pair[0] in self._names]
        if self._within is None and name in self._names:
            self._within, self._text = (name, len(self._open)), []
            resource = attributes.get(f"{RDF} resource")
            if resource:
                self.attributes.append((name, resource))

    def end(self, name: str) -> None:
        if self._within == (name, len(self._open)):
            text = "".join(self._text).strip()
            self.elements += [(name, text)] if text else []
            self._within = None
        self._open.pop()

    def text(self, text: str) -> None:
        if self._within is not None:
            self._text.append(text)
