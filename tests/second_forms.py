"""What is text in a record, read by `docs/internals/record-format.md` alone: entries, heads, tombstones, trees.

Part of `second_verifier.py`. All that is wrong is a `Damage`.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MIB = 1 << 20
SHAPES = {digits: f"[0-9a-f]{{{digits}}}" for digits in ("16", "32", "64", "128")} | {
    "int": "0|-?[1-9][0-9]{0,18}",
    "count": "0|[1-9][0-9]{0,18}",
    "word": "[a-z0-9.:_-]+",
    "maybe": 'null|"[a-z0-9.:_-]+"',
    "list": '[][",a-z0-9./]*',
    "subjects": '[",a-z0-9.:_-]*',
    "text": r'"[^"\\]*(?:\\.[^"\\]*)*"',
    "{": r"\{",
    "file": r"log/W/W(?:\.open)?\.bundle\.jsonl|points/W/W(?:\.parquet|\.[0-9a-f]{8}\.salvage)|objects/W/W\.pack",
}
SHAPES["file"] = SHAPES["file"].replace("W", SHAPES["32"])


class Damage(Exception):
    """What is not as the page says."""


def must(claim: object, what: str) -> None:
    if not claim:
        raise Damage(what)


def h(context: str, data: bytes) -> bytes:
    return blake3(data, derive_key_context=f"gnomon v1 {context}").digest()


def hash_of(opened: BinaryIO, context: str) -> str:
    hasher = blake3(derive_key_context=f"gnomon v1 {context}")
    while piece := opened.read(MIB):
        hasher.update(piece)
    return hasher.digest()[:16].hex()


def check_record_toml(text: bytes) -> str:
    told = tomllib.loads(text.decode())
    must(told.get("format") == 1, f"format {told.get('format')!r} is unknown")
    must(re.fullmatch(SHAPES["32"], str(told.get("record"))), "`record` is no 32 hex digits")
    must(isinstance(told.get("name"), str), "`name` is no text")
    found = re.fullmatch(rb'((?:.*\n)*)check = "([0-9a-f]{16})"\n', text)
    must(found and h("record.toml", found[1])[:8].hex().encode() == found[2], "`check` does not fit")
    return told["record"]


def form(template: str) -> re.Pattern[bytes]:
    """A pattern for canonical JSON: `<name:shape>` stands for a value, all else for itself."""
    literals, names, shapes = (re.split(r"<(\w+):([^>]+)>", template)[part::3] for part in range(3))
    groups = [f"(?P<{name}>{SHAPES[shape]})" for name, shape in zip(names, shapes, strict=True)]
    pairs = zip(literals, [*groups, ""], strict=True)
    return re.compile("".join(re.escape(literal) + group for literal, group in pairs).encode(), re.DOTALL)


def items(pattern: re.Pattern[bytes], listed: bytes) -> Iterator[re.Match[bytes]]:
    """The elements of a JSON array, given without its brackets."""
    at = 0
    while at < len(listed):
        found = pattern.match(listed, at)
        must(found and listed[found.end() : found.end() + 1] in b",", f"a list is not canonical at byte {at}")
        yield found
        at = found.end() + 1
    must(not listed.endswith(b","), "a list ends with a comma")


def ascending(values: list, what: str) -> None:
    must(all(a < b for a, b in pairwise(values)), f"{what} is not sorted or has repeats")


TEXT, SPACE = re.compile(SHAPES["text"].encode(), re.DOTALL), re.compile(rb"[ \t\r]")
ENTRY = form(
    '{"entry":"<entry:64>","head":<head:{>"author":<author:maybe>,"body":"<body:64>","kind":"<kind:word>",'
    '"log":"<log:32>","over":[<over:list>],"prev":<prev:maybe>,"seq":<seq:count>,"size":<size:count>,'
    '"subject":"<subject:word>","time_us":<time:int>,"v":<v:int>,"writer":"<writer:32>"}'
)
BODY = form(',"salt":"<salt:32>","body":<body:{>')
HEAD = form(
    '{"head":<head:{>"files":[<files:list>],"gone":[<gone:list>],"lane":"<lane:16>","over":[<over:list>],'
    '"record":"<record:32>","seen":[<seen:list>],"serial":<serial:count>,"time_us":<time:int>,"v":<v:int>,'
    '"writer":"<writer:32>"}'
)
SIGNATURE = form(',"key":"<key:64>","signature":"<signature:128>"}\n')
LISTED, PUBLISHED = form('["<path:file>",<size:count>]'), form('"<path:file>"')
SEEN = form('["<writer:32>","<lane:16>",<serial:count>,"<hash:32>"]')
HASH, SHORT_HASH = form('"<hash:64>"'), form('"<hash:32>"')
TOMBSTONE = form(
    '{"key":"<key:32>","objects":[<objects:list>],"public":"<public:64>","subjects":[<subjects:subjects>],'
    '"time_us":<time:count>,"v":<v:count>'
)
SUBJECT, TOMBSTONE_END = form('"<subject:word>"'), form(',"signature":"<signature:128>"}\n')
TREE_FILE = form('{"mode":<mode:count>,"object":"<id:64>","path":<path:text>,"size":<size:count>}')
BAD_PATH = re.compile(r"\\|\0|^[A-Za-z]:|(?:^|/)\.{0,2}(?:/|$)")


P = 2**255 - 19
_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD83D3D706A17C7
SMALL_ORDER = {0, 1, P - 1, _OF_ORDER_8, P - _OF_ORDER_8}


def y_of(point: bytes) -> int:
    return int.from_bytes(point, "little") & (2**255 - 1)


def signed(key: bytes, signature: bytes, message: bytes) -> None:
    must(y_of(key) < P and y_of(key) not in SMALL_ORDER, "the key is one that any signature fits")
    must(y_of(signature[:32]) not in SMALL_ORDER, "the signature's R is of small order")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise Damage("the signature is not one of this key over this") from None


def no_constant(word: str) -> None:
    raise Damage(f"the body has {word}, which is no JSON")


def read_entry(line: bytes) -> dict:
    """The parts of a line; all that section 5 says of one line is checked."""
    found = ENTRY.match(line)
    must(found, "not in the form of an entry")
    part = {name: value.decode() for name, value in found.groupdict().items()} | {"json": None}
    must(part["v"] == "1", f"version {part['v']} of heads is unknown")
    hashed = h("entry", line[found.start("head") : found.end()])
    must(hashed.hex() == part["entry"], "the entry hash does not fit the head")
    ascending([item["hash"] for item in items(HASH, found["over"])], "`over`")
    part["seq"], part["prev"] = int(part["seq"]), part["prev"].strip('"')
    must(max(part["seq"], int(part["size"]), abs(int(part["time"]))) < 2**63, "a number is over 64 bits")
    must((part["prev"] == "null") == (part["seq"] == 0), "`prev` does not fit `seq`")
    if line[found.end() :] != b"}\n":
        salted = BODY.match(line, found.end())
        must(salted and line.endswith(b"}}\n"), "what follows the head is not in its form")
        body = line[salted.start("body") : -2]
        commitment = h("body", bytes.fromhex(salted["salt"].decode()) + body).hex()
        must(commitment == part["body"], "the body does not fit its commitment")
        must(int(part["size"]) == len(body) <= 16 * MIB, "the body has not the stated size, or over 16 MiB")
        must(not SPACE.search(TEXT.sub(b"", body)), "the body has white space outside strings")
        must(depth(body) <= 256, "the body nests deeper than 256")
        part["json"] = json.loads(body.decode(), parse_int=str, parse_constant=no_constant)
        must(json.dumps(part["json"], ensure_ascii=False).encode(), "the body has half a surrogate pair")
    return part


def depth(body: bytes) -> int:
    level = deepest = 0
    for byte in TEXT.sub(b"", body):
        level += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, level)
    return deepest


class Chain:
    """Checks the order of the entries in one file: of one log, or of the logs of a bundle."""

    def __init__(self) -> None:
        self.last: dict | None = None

    def add(self, entry: dict, is_after_damage: bool) -> None:
        last, self.last = self.last, entry
        if last is None or entry["log"] != last["log"]:
            must(last is None or last["log"] < entry["log"], "logs of a bundle are not in order of their ids")
            must(is_after_damage or entry["seq"] == 0, "the log does not begin with number 0")
            return
        must(entry["writer"] == last["writer"], "another writer than the log's")
        if not is_after_damage:
            must(entry["seq"] == last["seq"] + 1, f"number {entry['seq']} follows {last['seq']}")
            must(entry["prev"] == last["entry"], "`prev` is not the entry before")
            must(last["kind"] != "log.closed", "an entry follows the close mark")


def is_entry(line: bytes) -> bool:
    try:
        return bool(read_entry(line))
    except (Damage, ValueError, RecursionError):
        return False


def check_tree(data: bytes) -> None:
    """Whether bytes that look like a tree (section 9) are one; no object says that it is meant to be one."""
    if not data.startswith(b'{"files":[{"mode":') or not data.endswith(b'],"v":1}'):
        return
    paths = []
    for item in items(TREE_FILE, data[10:-8]):
        path = json.loads(item["path"].decode())
        must(json.dumps(path, ensure_ascii=False).encode() == item["path"], f"path {path!r} is not canonical")
        must(not BAD_PATH.search(path) and len(path.encode()) <= 4096, f"path {path!r} is not allowed")
        must(int(item["mode"]) <= 0o777, f"the mode of {path!r} is over 0777")
        paths.append(path)
    ascending(paths, "files")
    folders = {path[: slash.start()] for path in paths for slash in re.finditer("/", path)}
    must(folders.isdisjoint(paths), "a path is both a file and a folder")


def check_head(text: bytes, place: tuple[str, str, str], name: str, record: str) -> None:
    """Check a head (section 12); `place` is writer, lane and serial of its path."""
    must(h("head", text)[:16].hex() == name, "the name is not the hash of the bytes")
    found = HEAD.match(text)
    tail = found and SIGNATURE.fullmatch(text, found.end())
    must(tail and found["v"] == b"1", "not in the form of a head of version 1")
    told = (found["writer"].decode(), found["lane"].decode(), found["serial"].decode().zfill(10))
    must(told == place, "its writer, lane or serial is another than its path says")
    must(record in ("", found["record"].decode()), "it is of another record")
    key = bytes.fromhex(tail["key"].decode())
    must(h("writer", key)[:16].hex() == place[0], "the key is not the writer's")
    message = b"gnomon v1 head\0" + h("head", text[found.start("head") : found.end()])
    signed(key, bytes.fromhex(tail["signature"].decode()), message)
    ascending([item["path"] for item in items(LISTED, found["files"])], "`files`")
    ascending([item["path"] for item in items(PUBLISHED, found["gone"])], "`gone`")
    ascending([item["hash"] for item in items(SHORT_HASH, found["over"])], "`over`")
    must(all(items(SEEN, found["seen"])), "`seen` is not in its form")


def check_tombstone(text: bytes, name: str) -> None:
    """Check the form, name and signature of a tombstone (section 10)."""
    must(h("tombstone", text)[:16].hex() == name, "the name is not the hash of the bytes")
    found = TOMBSTONE.match(text)
    tail = found and TOMBSTONE_END.fullmatch(text, found.end())
    must(tail and found["v"] == b"1", "not in the form of a tombstone of version 1")
    ascending([item["hash"] for item in items(SHORT_HASH, found["objects"])], "`objects`")
    ascending([item["subject"] for item in items(SUBJECT, found["subjects"])], "`subjects`")
    message = b"gnomon v1 tombstone\0" + h("tombstone", text[: found.end()] + b"}")
    signed(bytes.fromhex(found["public"].decode()), bytes.fromhex(tail["signature"].decode()), message)
