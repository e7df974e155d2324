"""P17: a remote, or who may write to it, cannot run code, write outside the record, or exhaust the machine.

The victim is a process of its own under an audit hook (`tests/hostile_victim.py`); a canary folder lies beside the record.
The table in docs/reference/what-a-remote-can-do.md is made from the rows here: `make docs`.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import DETECTED, HARMLESS, NOT_DETECTED, Attacker, forged, put, row
from people import DeviceEnv, Person, tree_of

from gnomon.errors import DamagedFileError, GnomonError
from gnomon.objects.pack import END, MAGIC
from gnomon.session import close_all
from gnomon.sync.heads import read_head
from gnomon.sync.names import sealed_file
from gnomon.sync.receive import receive

TESTS = Path(__file__).parents[1]
RUN = "0123456789abcdef"
MOST_MB, MOST_CPU_S = 512, 60

pytestmark = pytest.mark.slow


class Scene:
    """A victim with a record, a folder remote that an attacker may write to, and a canary that nobody may touch."""

    def __init__(self, root):
        self.root = root
        self.remote = root / "remote"
        self.victim = Person(root, "victim").found()
        self.victim.run(f"0001{RUN}")
        self.victim.sync(self.remote)
        close_all()
        self.canary = root / "canary"
        self.canary.mkdir()
        (self.canary / "precious").write_bytes(b"do not touch")
        self.evil = Attacker(DeviceEnv(root / "evil"), self.victim.home.record_id)

    def publish(self, *files, sizes=None, **changed):
        """Put files (path, bytes) at the remote, and a head that lists them."""
        for path, data in files:
            put(self.remote, path, data)
        listed = [(path, (sizes or {}).get(path, len(data))) for path, data in files]
        put(self.remote, *self.evil.head(listed, **changed))

    def meet(self, url=None, **variables):
        """Have the victim sync twice with the remote and use its replica; nothing that must not happens."""
        before = tree_of(self.canary), sorted(os.listdir(self.root))
        surroundings = {
            **os.environ,
            "GNOMON_CONFIG_DIR": self.victim.env.config_folder(), "GNOMON_CACHE_DIR": self.victim.env.cache_folder(),
            "PYTHONPATH": f"{TESTS}:{TESTS.parent / 'src'}", "VICTIM": self.victim.path, "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.root / "victim"), **variables,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, TESTS / "hostile_victim.py", self.victim.path, url or str(self.remote), str(self.root / "victim")],
            env=surroundings, cwd=self.root / "victim", capture_output=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        met = json.loads(done.stdout)
        assert met["events"] == []
        assert (tree_of(self.canary), sorted(os.listdir(self.root))) == before
        assert met["peak_mb"] < MOST_MB, met["peak_mb"]
        assert met["cpu_s"] < MOST_CPU_S, met["cpu_s"]
        assert any("points of loss" in line for line in met["said"])
        return met


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def says(met, text):
    return any(text in line for line in [*met["notes"], *met["said"], met["error"] or ""])


# ---------------------------------------------------------------- names and paths


@row(
    "lists names with `..`, absolute paths, NUL, newlines, terminal escapes, look-alikes",
    HARMLESS,
    "names match one pattern or are counted and left alone; what is shown is escaped",
)
def test_names(scene):
    met = scene.meet("evil:Names")
    assert says(met, "are no heads; they were left alone")
    assert all(line.isprintable() for line in met["notes"])


@pytest.mark.parametrize(
    "path",
    ["../canary/precious", "/etc/passwd", "log/../../canary/x.bundle.jsonl", f"log/{'a' * 32}/../../../canary/precious",
     f"log/{'a' * 32}/{'b' * 32}.bundle.jsonl\0.head", f"log/{'a' * 32}/{'b' * 32}.bundle.jsonl\n", "record.toml", ".gitignore"],
)  # fmt: skip
@row(
    "signs a head whose list or `gone` names paths (`..`, absolute, other files of the record)",
    DETECTED,
    "the head is refused, all of it",
)
def test_paths_in_a_head(tmp_path, path):
    evil = Attacker(DeviceEnv(tmp_path / "evil"), "ab" * 16)
    for name, data in (evil.head([(path, 5)]), evil.head([], gone=[path])):
        with pytest.raises(DamagedFileError, match="which no head may"):
            read_head(name, data, "ab" * 16)


@row(
    "names in a head's `seen` or `over` what is shown to people (terminal escapes, megabytes)",
    DETECTED,
    "the head is refused",
)
def test_words_in_a_head(scene):
    scene.publish(seen=[["\x1b]0;owned\x07", "\n", 3, "x" * 1000]])
    scene.publish(over=["\x1b[2J"], serial=1)
    met = scene.meet()
    assert says(met, "it names heads that no replica can have made")
    assert not any("\x1b" in line for line in met["notes"])


# ---------------------------------------------------------------- links, pipes


@row(
    "puts symbolic links, pipes or sockets where files are listed (folder)",
    DETECTED,
    "not opened: the files count as missing and are named",
)
def test_links_and_pipes(scene):
    bundle, data = scene.evil.named("log", ".bundle.jsonl", "bundle", b"x\n")
    pipe, _ = scene.evil.named("points", ".parquet", "segment", b"y")
    scene.publish((bundle, data), (pipe, b"y"))
    os.unlink(scene.remote / bundle), os.unlink(scene.remote / pipe)
    os.symlink(scene.canary / "precious", scene.remote / bundle)
    os.mkfifo(scene.remote / pipe)
    met = scene.meet()
    assert says(met, "not at the remote")
    assert not any("precious" in path or path == bundle for path in scene.victim.files())


@row(
    "puts a pipe in the place of `record.toml` (folder)",
    DETECTED,
    "nobody waits for it: it counts as missing",
)
def test_a_pipe_as_record_file(scene):
    scene.meet()
    os.unlink(scene.remote / "record.toml")
    os.mkfifo(scene.remote / "record.toml")
    assert "holds no record any more" in scene.meet()["error"]


@pytest.mark.parametrize("level", ["log", "log/writer", "heads/writer"])
@row(
    "puts a link in the place of a folder that we write into (folder)",
    DETECTED,
    "refused: nothing is written, made or deleted through it",
)
def test_linked_folder_at_the_remote(scene, level):
    writer = next(iter(os.listdir(scene.remote / "log")))
    place = scene.remote / level.replace("writer", writer)
    shutil.rmtree(place)
    place.symlink_to(scene.canary, target_is_directory=True)
    scene.victim.run(f"0002{RUN}")
    close_all()
    met = scene.meet()
    assert "nothing is written through it" in met["error"]


@pytest.mark.parametrize(
    "level",
    [
        "log",
        "points",
        "erased",
        "heads",
        "log/own",
        "points/own",
        "objects/own",
        "heads/own",
        "log/other",
        "heads/other",
    ],
)
@row(
    "brings a replica (by stick, rsync, unpacking) in which a folder is a link",
    DETECTED,
    "refused: nothing is written through it",
)
def test_linked_folder_in_the_replica(scene, level):
    from gnomon.record.keys import load_device_key

    own = load_device_key(scene.victim.env).writer
    data = scene.evil.named("log", ".bundle.jsonl", "bundle", b"x\n")
    scene.publish(data)
    place = Path(scene.victim.path) / level.replace("own", own).replace("other", scene.evil.writer)
    if place.exists():
        shutil.rmtree(place)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(scene.canary, target_is_directory=True)
    with contextlib.suppress(GnomonError, OSError):
        scene.victim.run(f"0002{RUN}")
        scene.victim.keep(b"bytes" * 1000)
    with contextlib.suppress(GnomonError, OSError):
        close_all()
    with contextlib.suppress(GnomonError, OSError):
        scene.victim.sync(scene.remote)
    assert os.listdir(scene.canary) == ["precious"]
    assert tree_of(scene.canary) == {"precious": b"do not touch"}


@row(
    "puts hard links to files of yours into a folder remote",
    HARMLESS,
    "files are replaced, never written in place; a link's target keeps its bytes",
)
def test_hard_links(scene):
    for path in tree_of(scene.remote):
        os.unlink(scene.remote / path) if path != "record.toml" else None
        if path != "record.toml":
            os.link(scene.canary / "precious", scene.remote / path)
    scene.victim.run(f"0002{RUN}")
    close_all()
    scene.meet()


# ---------------------------------------------------------------- sizes


@row(
    "sends a head of 64 MiB and a byte, or many that are large together",
    DETECTED,
    "left out unread, by the listed size; never more than that is read",
)
def test_huge_heads(scene):
    path, data = scene.evil.head([])
    put(scene.remote, path, data.ljust((64 << 20) + 1))
    for number in range(6):
        other = Attacker(DeviceEnv(scene.root / f"evil{number}"), scene.victim.home.record_id)
        files = [(f"log/{other.writer}/{at:032x}.bundle.jsonl", 0) for at in range(150_000)]
        put(scene.remote, *other.head(files))
    met = scene.meet()
    assert says(met, "all heads together may have")


@row(
    "sends a head that lists a million files",
    DETECTED,
    "heads of more than 20 MiB together (some 200,000 files) are left out and named",
)
def test_a_million_files(scene):
    files = [(f"log/{scene.evil.writer}/{at:032x}.bundle.jsonl", 0) for at in range(1_000_000)]
    put(scene.remote, *scene.evil.head(files))
    assert says(scene.meet(), "is left out")


@pytest.mark.parametrize("place", ["files", "seen", "unknown", "number"])
@row("sends JSON that nests or counts without end", DETECTED, "the head is refused")
def test_json_bombs(scene, place):
    deep = "[" * 200_000 + "]" * 200_000
    files = (
        f'[["{scene.evil.named("log", ".bundle.jsonl", "bundle", b"")[0]}",1,{deep}]]'
        if place == "files"
        else "[]"
    )
    size = "9" * 5000 if place == "number" else "1"
    extra = f'"zzz":{deep},' if place == "unknown" else ""
    seen = deep if place == "seen" else "[]"
    raw = (
        f'{{"files":{files},"gone":[],"lane":"{"ab" * 8}","over":[],{extra}"record":"{scene.victim.home.record_id}",'
        f'"seen":{seen},"serial":{size},"time_us":1,"v":1,"writer":"{scene.evil.writer}"}}'
    ).encode()
    put(scene.remote, *forged(scene.evil.key, raw))
    assert says(scene.meet(), "does not have the form of a head")


@row(
    "states sizes of 2^60, or sizes that lie",
    DETECTED,
    "2^50 and more is refused with its head; a file that is longer or shorter than stated is not stored",
)
def test_sizes_that_lie(scene):
    one = scene.evil.named("log", ".bundle.jsonl", "bundle", b"x" * 100)
    scene.publish(one, sizes={one[0]: 1 << 60})
    two = scene.evil.named("objects", ".pack", "pack", b"y" * (8 << 20))
    other = Attacker(DeviceEnv(scene.root / "other"), scene.victim.home.record_id)
    put(scene.remote, *two)
    put(scene.remote, *other.head([(two[0], 5)]))
    small = [scene.evil.named("log", ".bundle.jsonl", "bundle", b"z" * size) for size in (100, 101)]
    liar = Attacker(DeviceEnv(scene.root / "liar"), scene.victim.home.record_id)
    for path, data in small:
        put(scene.remote, path, data)
    put(scene.remote, *liar.head([(small[0][0], 5), (small[1][0], 200)]))
    met = scene.meet()
    assert says(met, "which no head may, or not with this size")
    assert says(met, "it has more than 5 bytes")
    assert not {two[0], *(path for path, _ in small)} & scene.victim.files().keys()


@row("sends a file without end", DETECTED, "no more than the stated size is taken, and a piece of 1 MiB")
def test_endless_file(scene):
    def endless():
        for count in range(5):
            assert count < 3, "it goes on reading"
            yield bytes(1 << 20)

    path, _ = scene.evil.named("objects", ".pack", "pack", b"y")
    with pytest.raises(DamagedFileError, match="it has more than"):
        receive(scene.victim.home, sealed_file(path), 1 << 20, endless())
    assert path not in scene.victim.files()


@row(
    "lists files of others with another size",
    HARMLESS,
    "the size that the file's own writer signed counts",
)
def test_sizes_of_the_files_of_others(scene):
    other = Person(scene.root, "other")
    other.clone(scene.remote)
    other.run(f"0003{RUN}")
    other.sync(scene.remote)
    close_all()
    theirs = [path for path in tree_of(scene.remote) if path.startswith(("log/", "points/"))]
    put(scene.remote, *scene.evil.head([(path, 1 << 40) for path in theirs]))
    scene.victim.sync(scene.remote)
    assert scene.victim.files().keys() >= set(theirs)


@row(
    "says that files of others went for an erasure (`gone`)",
    NOT_DETECTED,
    "until there are members any writer may say so: those files are not fetched. What is here stays; whoever may write could also"
    " delete them",
)
def test_gone_of_others(scene):
    other = Person(scene.root, "other")
    other.clone(scene.remote)
    other.run(f"0003{RUN}")
    other.sync(scene.remote)
    close_all()
    theirs = sorted(tree_of(scene.remote).keys() - scene.victim.files().keys())
    put(
        scene.remote,
        *scene.evil.head([], gone=[path for path in theirs if path.startswith(("log/", "points/"))]),
    )
    before = scene.victim.files()
    scene.victim.sync(scene.remote)
    after = scene.victim.files()
    assert not [path for path in theirs if path.startswith("log/") and path in after]
    assert {path for path in before if not path.startswith("heads/")} <= after.keys()


@row(
    "states more bytes than your disk has",
    DETECTED,
    "the sync ends before it fetches, and says so. It does not go on without the writer: whoever may write can stop others so",
)
def test_more_than_the_disk(scene):
    one = scene.evil.named("log", ".bundle.jsonl", "bundle", b"x" * 100)
    scene.publish(one, sizes={one[0]: 1 << 49})
    assert "are to come, but the disk" in scene.meet()["error"]


@row("lists names without end", DETECTED, "given up after 500,000 names")
@pytest.mark.parametrize("store", ["EndlessListing", "EndlessTombstones"])
def test_endless_listing(scene, store):
    assert "which no team makes" in scene.meet(f"evil:{store}")["error"]


@row("serves a `record.toml` of 1 GB", DETECTED, "64 KiB are read: it is damaged")
def test_huge_record_file(scene):
    assert "is damaged" in scene.meet("evil:HugeRecordFile")["error"]


# ---------------------------------------------------------------- content that is rightly named


def pack_of(objects):
    """Return the bytes of a pack of format 1: (id, codec, stated size, stored bytes) each."""
    body, entries, at = b"", [], len(MAGIC)
    for name, codec, size, stored in objects:
        entries.append(
            f'{{"codec":"{codec}","object":"{name}","offset":{at},"size":{size},"stored":{len(stored)}}}'
        )
        body, at = body + stored, at + len(stored)
    index = f"[{','.join(entries)}]".encode()
    return MAGIC + body + index + at.to_bytes(8, "little") + len(index).to_bytes(4, "little") + END


@pytest.mark.parametrize("stated", [10, 1 << 59])
@row(
    "publishes a pack whose bytes unpack to gigabytes, or whose index states 2^59",
    DETECTED,
    "never more is unpacked than stated, in pieces of 1 MiB; `verify` names the object",
)
def test_zstd_bomb_in_a_pack(scene, stated):
    from gnomon.objects.pack import zstd

    packer = zstd.ZstdCompressor()
    bomb = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(1500)), packer.flush()])
    scene.publish(scene.evil.named("objects", ".pack", "pack", pack_of([("ab" * 32, "zstd", stated, bomb)])))
    met = scene.meet()
    assert says(met, "damage objects/")


@row(
    "publishes a pack whose index is JSON that means more than it weighs, or claims 4 GiB",
    DETECTED,
    "the index is matched entry by entry; its stated size is held against the file",
)
def test_index_of_a_pack(scene):
    deep = b"[" * 100_000
    at = len(MAGIC)
    one = MAGIC + deep + at.to_bytes(8, "little") + len(deep).to_bytes(4, "little") + END
    two = MAGIC + deep + at.to_bytes(8, "little") + ((1 << 32) - 1).to_bytes(4, "little") + END
    scene.publish(*(scene.evil.named("objects", ".pack", "pack", data) for data in (one, two)))
    assert says(scene.meet(), "damage objects/")


def parquet_with(metadata, field_metadata=None, rows=1):
    import pyarrow as pa
    import pyarrow.parquet as pq

    field = pa.field("value", pa.float64(), metadata=field_metadata)
    table = pa.table([pa.array([1.0] * rows)], schema=pa.schema([field], metadata=metadata))
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


class Bomb:
    """Unpickled, it would touch the canary."""

    def __reduce__(self):
        return os.system, ("touch canary/owned ../canary/owned",)


@row(
    "publishes Parquet whose Arrow metadata names extension types that unpickle (as CVE-2026-41486 did)",
    DETECTED,
    "no metadata but our own key is looked at, and that as JSON; nothing is unpickled; `verify` names the file",
)
def test_extension_types(scene):
    import pickle

    bomb = pickle.dumps(Bomb())
    kinds = [{b"ARROW:extension:name": name, b"ARROW:extension:metadata": bomb}
             for name in (b"arrow.py_extension_type", b"ray.data.arrow_tensor", b"arrow.json", b"pandas.object")]  # fmt: skip
    table = {b"gnomon": bomb, b"pandas": bomb, b"ARROW:schema": base64.b64encode(bomb)}
    files = [parquet_with({**table, b"n": bytes([at])}, kind) for at, kind in enumerate(kinds)]
    scene.publish(*(scene.evil.named("points", ".parquet", "segment", data) for data in files))
    assert says(scene.meet(), "damage points/")


@row(
    "publishes Parquet that states a billion rows in a few kB",
    DETECTED,
    "no more rows are taken than the covers state, and `verify` names the file",
)
def test_parquet_bomb(scene):
    cover = {b"gnomon": json.dumps({"v": 1, "covers": []}).encode()}
    data = parquet_with(cover, rows=30_000_000)
    scene.publish(scene.evil.named("points", ".parquet", "segment", data))
    assert says(scene.meet(), "damage points/")


@row(
    "publishes logs, points and packs that are noise",
    DETECTED,
    "left out by every reader; `verify` names each",
)
def test_noise(scene):
    noise = os.urandom(50_000)
    files = [
        scene.evil.named("log", ".bundle.jsonl", "bundle", noise),
        scene.evil.named("points", ".parquet", "segment", b"PAR1" + noise + b"PAR1"),
        scene.evil.named("objects", ".pack", "pack", MAGIC + noise),
    ]
    scene.publish(*files)
    met = scene.meet()
    for part in ("log", "points", "objects"):
        assert says(met, f"damage {part}/"), part


@row(
    "publishes a log of one line of 100 MB, or lines that nest without end",
    DETECTED,
    "a line has at most a megabyte or so: refused by its length",
)
def test_long_lines(scene):
    files = [
        scene.evil.named("log", ".bundle.jsonl", "bundle", data)
        for data in (b'{"entry":"' + b"a" * (100 << 20), b"[" * (4 << 20) + b"\n")
    ]
    scene.publish(*files)
    assert says(scene.meet(), "damage log/")


# ---------------------------------------------------------------- a machine that answers by SSH

SSH = """\
import sys
args, word = sys.argv, sys.argv[-1].rsplit(" ", 1)[1]
out = sys.stdout.buffer
def say(text): out.write(f"{word} {text}\\n".encode()); out.flush()
say("hello")
RECORD = open(RECORD_FILE, "rb").read()
for line in sys.stdin.buffer:
    request = line.decode().split()
    if request[0] == "r" and request[1] == "record.toml" and MODE not in ("promises", "numbers", "silent"):
        say(f"ok {len(RECORD)}"); out.write(RECORD); out.flush()
    elif request[0] == "r" and MODE == "promises":
        say("ok 999999999999999999")
        while True: out.write(b"x" * (1 << 20))
    elif request[0] == "r" and MODE == "numbers":
        say("ok " + "9" * 60000)
    elif request[0] == "r" and MODE == "silent":
        import time; time.sleep(600)
    elif request[0] == "r":
        say("no missing")
    elif request[0] == "l" and MODE == "listing":
        n = 0
        while True:
            line = b"-rw-r--r-- 1 0 0 %b Jan 1 00:00 heads/%d\\n"
            out.write(line % (b"\\xc2\\xb2", n) + line % (b"12", n)); n += 1
    else:
        say("end" if request[0] == "l" else "ok")
"""


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        ("promises", "promises"),
        ("numbers", "promises"),
        ("listing", "the other side answered"),
        ("silent", "nothing came for 2 s"),
    ],
)
@row(
    "answers by SSH with more bytes than were asked for, numbers of 60,000 digits, listings without end, or silence",
    DETECTED,
    "the connection is ended and the answer named; silence after 5 minutes",
)
def test_ssh_that_lies(scene, mode, what):
    fake = scene.root / "victim" / "fake_ssh.py"
    fake.write_text(f"MODE, RECORD_FILE = {mode!r}, {str(scene.remote / 'record.toml')!r}\n{SSH}")
    met = scene.meet("ssh://host/srv/team", GNOMON_SSH=f"{sys.executable} {fake}")
    assert what in met["error"], met["error"]


@row(
    "answers a byte a minute, for ever (bucket, Git)",
    NOT_DETECTED,
    "each answer that brings something starts the time anew: a bucket's request ends after an hour, Git's over HTTP below a byte"
    " a second for a minute; Git's over SSH never. Ctrl-C leaves both sides whole",
)
def test_time_limits_of_the_transports_are_set():
    from gnomon.sync.bucket import IDLE_S, REQUEST_S
    from gnomon.sync.git_address import environment

    assert (IDLE_S, REQUEST_S) == (60, 3600)
    assert environment()["GIT_HTTP_LOW_SPEED_TIME"] == "60"


@row(
    "swaps a folder for a link in the moment between our look and our write (a folder that others may write to)",
    NOT_DETECTED,
    "a person with an account on the same machine can win that race; use a remote of your own, or one that is a server",
)
def test_races_are_not_promised():
    from gnomon.sync import folder

    assert "O_NOFOLLOW" not in Path(folder.__file__).read_text(
        encoding="utf-8"
    )  # were it so, this row would be wrong


def test_the_victim_would_notice(scene):
    """The audit hook sees a write, a program and an unpickling: or the tests above are worth nothing."""
    script = (
        "import sys, os, pickle; sys.path.insert(0, sys.argv[1]); from hostile_victim import Watch; w = Watch([sys.argv[2]]);"
        "sys.addaudithook(w); w.is_on = True; open(sys.argv[3], 'a').close(); os.system('true');"
        "pickle.loads(pickle.dumps(Watch)); exec('1'); os.mkdir(sys.argv[3] + 'x'); w.is_on = False; print('\\n'.join(w.events))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, TESTS, scene.victim.path, scene.canary / "precious"],
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    for event in ("open ", "os.system", "pickle.find_class", "exec", "os.mkdir"):
        assert event in done.stdout, event
