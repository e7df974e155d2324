"""The words of Croissant: its context, types of values, kinds of files, licences."""

from __future__ import annotations

import re
from typing import Any

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
RAI_CONFORMS_TO = "http://mlcommons.org/croissant/RAI/1.0"
CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/", "dct": "http://purl.org/dc/terms/", "prov": "http://www.w3.org/ns/prov#",
    "annotation": "cr:annotation", "arrayShape": "cr:arrayShape", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "containedIn": "cr:containedIn", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "excludes": "cr:excludes", "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isArray": "cr:isArray", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "name": {"@container": "@language"}, "parentField": "cr:parentField", "path": "cr:path", "readLines": "cr:readLines",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sdVersion": "cr:sdVersion", "separator": "cr:separator",
    "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform", "unArchive": "cr:unArchive",
    "value": "cr:value",
}  # fmt: skip
# The words and their places are those of the specification's appendix and of `mlcroissant`, which both read.

DATA_TYPES = {
    "integer": "sc:Integer", "float": "sc:Float", "bool": "sc:Boolean", "text": "sc:Text", "date": "sc:Date",
    "timestamp": "sc:DateTime", "time": "sc:Time", "empty": "sc:Text", "other": "sc:Text",
}  # fmt: skip
"""By our word for the type of a column. Nested and binary columns have none."""

FORMATS = {
    ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".tab": "text/tab-separated-values",
    ".parquet": "application/x-parquet", ".pq": "application/x-parquet", ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines", ".json": "application/json", ".png": "image/png", ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".txt": "text/plain", ".md": "text/markdown",
    ".arrow": "application/vnd.apache.arrow.file", ".feather": "application/vnd.apache.arrow.file", ".zip": "application/zip",
    ".tar": "application/x-tar", ".html": "text/html", ".xml": "application/xml", ".yaml": "application/yaml",
    ".yml": "application/yaml",
}  # fmt: skip
OTHER_FORMAT = "application/octet-stream"

_SPDX = "https://spdx.org/licenses/"
_SPDX_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{2,60}\Z")


def licence_url(said: str) -> str:
    """Return a licence as Croissant wants it: a URL where it is one, or the short name of one.

    >>> licence_url("CC-BY-4.0"), licence_url("https://x.org/l"), licence_url("ask Ms Miller")
    ('https://spdx.org/licenses/CC-BY-4.0', 'https://x.org/l', 'ask Ms Miller')
    """
    return (
        f"{_SPDX}{said}"
        if _SPDX_ID.match(said) and ("-" in said or said in ("MIT", "Unlicense", "Zlib", "ISC"))
        else said
    )


def licence_name(said: str) -> str:
    """Return a licence as we write it: the short name where it is one of SPDX.

    >>> licence_name("https://spdx.org/licenses/CC-BY-4.0.html"), licence_name("https://x.org/l")
    ('CC-BY-4.0', 'https://x.org/l')
    """
    for start in (_SPDX, "http://spdx.org/licenses/", "https://choosealicense.com/licenses/"):
        if said.startswith(start):
            return said[len(start) :].removesuffix(".html").removesuffix(".json").rstrip("/") or said
    return said


def format_of(path: str) -> str:
    """Return the kind of a file by its name, as Croissant says it; a compressed file has that of its content."""
    name = path.lower()
    for packed in (".gz", ".zst", ".xz", ".bz2"):
        name = name.removesuffix(packed)
    dot = name.rfind(".")
    return FORMATS.get(name[dot:], OTHER_FORMAT) if dot > name.rfind("/") else OTHER_FORMAT
