"""The same for machines: Croissant 1.0 (JSON-LD) with its vocabulary for responsible AI (RAI 1.0).

Sources: Croissant Format Specification 1.0, MLCommons, 1 March 2024; Croissant RAI Specification 1.0, 6 March 2024.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rectoverso.verso.curate.about import About
from rectoverso.verso.curate.datasheet import Made, answered
from rectoverso.verso.curate.summary import OTHERS, Summary

_TERMS = (
    *(
        "citeAs",
        "column",
        "equivalentProperty",
        "extract",
        "field",
        "fileProperty",
        "fileObject",
        "fileSet",
        "format",
        "includes",
    ),
    *(
        "isLiveDataset",
        "jsonPath",
        "key",
        "md5",
        "parentField",
        "path",
        "recordSet",
        "references",
        "regex",
        "repeated",
    ),
    *("replace", "samplingRate", "separator", "source", "subField", "transform"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
CONFORMS_TO = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
RAI: Mapping[str, tuple[str, ...]] = {
    "dataCollection": ("acquired", "collectors"),
    "dataCollectionTimeframe": ("timeframe",),
    "dataCollectionMissingData": ("sample",),
    "dataCollectionRawData": ("raw",),
    "dataPreprocessingProtocol": ("done", "redundancy"),
    "dataManipulationProtocol": ("software",),
    "dataAnnotationProtocol": ("labels",),
    "personalSensitiveInformation": ("people", "sensitive", "consent"),
    "dataBiases": ("impact",),
    "dataSocialImpact": ("offensive",),
    "dataLimitations": ("unsuitable", "reservations"),
    "dataUseCases": ("used", "purpose"),
    "dataReleaseMaintenancePlan": ("updates", "removal"),
}
"""Which of the datasheet's questions answer to each property."""


def croissant(
    summary: Summary, made: Made, about: About, files: Mapping[str, str], columns: Iterable[str]
) -> dict[str, Any]:
    """The description of the set. ``files``: the SHA-256 of each, the pictures' first; ``columns``: of its table."""
    pictures = next(iter(files))
    told: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": about.name or made.name,
        "description": about.description or answered("instances", summary, made, about, "en"),
        "datePublished": made.date,
        "version": "1.0.0",
        "license": about.licence or sorted(summary.licences.keys() - {"", OTHERS}) or "not stated",
        **({"url": about.url} if about.url else {}),
        **({"citeAs": about.citation} if about.citation else {}),
        **({"creator": {"@type": "sc:Person", "name": about.creator}} if about.creator else {}),
        "distribution": [_file(name, digest) for name, digest in files.items()],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "pictures",
                "name": "pictures",
                "field": [_image(pictures), *(_text(pictures, column) for column in columns)],
            }
        ],
    }
    for name, questions in RAI.items():
        # What nobody answered is not there for a program either.
        if words := " ".join(filter(None, (answered(one, summary, made, about, "en") for one in questions))):
            told[f"rai:{name}"] = words
    return told


def _file(name: str, digest: str) -> dict[str, Any]:
    kinds = {"parquet": "application/x-parquet", "jsonl": "application/jsonlines"}
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": kinds[name.rpartition(".")[2]],
        "sha256": digest,
    }


def _image(file: str) -> dict[str, Any]:
    field = _field("image", "sc:ImageObject", file)
    field["source"]["transform"] = {"jsonPath": "bytes"}
    return field


def _text(file: str, column: str) -> dict[str, Any]:
    return _field(column, "sc:Text", file)


def _field(name: str, kind: str, file: str) -> dict[str, Any]:
    source = {"fileObject": {"@id": file}, "extract": {"column": name}}
    return {"@type": "cr:Field", "@id": f"pictures/{name}", "name": name, "dataType": kind, "source": source}
