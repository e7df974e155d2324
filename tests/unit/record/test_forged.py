"""What somebody can write into a record who holds no device key, or the wrong one: it is found, and not used."""

from __future__ import annotations

import pytest

from gnomon.errors import DamagedEntryError
from gnomon.record import kinds
from gnomon.record.bundle import bundle_small_files
from gnomon.record.entries import CLOSED
from gnomon.record.home import open_home
from gnomon.record.index import Index
from gnomon.record.lines import parse_line, without_body
from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN
from gnomon.record.verify import LogVerifier, verify_record_file
from gnomon.verification import Verification
from tests.unit.record.made_record import MadeLog, MadeRecord, bundle, made_key

kinds.register(
    kinds.Feature(
        "coin",
        kinds={"coin.seen": "somebody saw it"},
        fold=lambda live: sorted(str(entry.body.get("by")) for entry in live),
        cells=lambda coin, state, stats: {"by": state},
    )
)


@pytest.fixture
def record(tmp_path):
    return MadeRecord(tmp_path / "record")


def coins(number: int, *names: str, **options) -> MadeLog:
    log = MadeLog(number, **options)
    for name in names:
        log.add("coin.seen", "coin:a", {"by": name})
    return log


def seen(index: Index) -> list[str]:
    index.update()
    return index.state("coin", "a") if "coin" in index.types() else []


def damage(record: MadeRecord) -> dict[str, str]:
    """What is damaged, by file: the first thing that is said of it."""
    found: dict[str, str] = {}
    for problem in Verification(record.home):
        if problem.severity == DAMAGE:
            found.setdefault(problem.file, problem.what)
    return found


# ---------------------------------------------------------------- certificates


def test_a_log_in_anothers_name_shows_nothing_and_is_named(record):
    forged = coins(1, "thief", is_certified=False)
    record.put_log(forged)
    index = Index(record.home)
    assert seen(index) == []
    (problem,) = index.problems()
    assert problem.file == forged.path
    assert problem.what == f"log {forged.id} has no certificate here: 1 entries of it are not used"
    assert "number 0" not in damage(record)[forged.path]


def test_an_opening_without_its_body_certifies_nothing(record):
    log = coins(1, "thief")
    record.put(log.path, without_body(log.lines[0]) + log.lines[1])
    assert seen(Index(record.home)) == []
    assert damage(record)[log.path].startswith("no file here has the certificate of log ")


def test_the_certificate_of_another_key_certifies_nothing(record):
    log, other = MadeLog(1, is_certified=False), MadeLog(1, writer=5)
    log.add("log.opened", f"log:{log.id}", other.lines[0][other.lines[0].index(b'"body":{') + 7 : -2])
    log.add("coin.seen", "coin:a", {"by": "thief"})
    record.put_log(log)
    assert seen(Index(record.home)) == []
    assert log.path in damage(record)


def test_an_opening_of_another_subject_is_named(record):
    log, good = MadeLog(1, is_certified=False), MadeLog(1)
    log.add("log.opened", "log:" + "a" * 32, good.lines[0][good.lines[0].index(b'"body":{') + 7 : -2])
    record.put_log(log)
    assert "is not its writer's" in " ".join(problem.what for problem in Verification(record.home))


@pytest.mark.parametrize("is_first", [True, False])
def test_entries_count_as_soon_as_the_certificate_comes_in_another_file(record, is_first):
    log = coins(1, *"abc")
    bare = b"".join([without_body(log.lines[0]), *log.lines[1:]])
    copy = f"log/{'0' * 32 if is_first else 'f' * 32}/{log.id}.bundle.jsonl"
    record.put(copy, bare)
    index = Index(record.home)
    assert seen(index) == []
    record.put(log.path, log.lines[0])
    assert seen(index) == list("abc")
    assert index.problems() == []
    assert index.export() == Index(record.home).export()
    record.remove(log.path)
    assert seen(index) == []


def test_what_was_set_aside_is_remembered_by_the_next_process(record):
    log = coins(1, *"ab")
    record.put(log.path, log.lines[1] + log.lines[2])
    first = Index(record.home)
    assert seen(first) == []
    first.close()
    record.put(f"log/{'f' * 32}/x.jsonl", log.lines[0])
    assert seen(Index(record.home)) == ["a", "b"]


def test_an_entry_that_names_another_writer_than_its_log_is_not_used(record):
    log = coins(1, "a")
    log.add("coin.seen", "coin:a", {"by": "thief"}, writer=made_key(9).writer)
    log.add("coin.seen", "coin:a", {"by": "b"})
    record.put_log(log)
    index = Index(record.home)
    assert seen(index) == ["a", "b"]
    assert any("names another writer than its log has" in problem.what for problem in index.problems())
    assert damage(record)[log.path].startswith(f"it names writer {made_key(9).writer[:8]}")


def test_a_good_log_is_whole(record):
    log = coins(1, "a")
    log.close()
    record.put_log(log)
    assert damage(record) == {}


# ---------------------------------------------------------------- close marks


def ends(log: MadeLog) -> list[bytes]:
    """Lines that look like close marks and are none."""
    bare, bad = MadeLog(1), MadeLog(1)
    for one in (bare, bad):
        one.lines, one._prev = list(log.lines), log._prev
    bare.add(CLOSED, f"log:{log.id}", {})
    bad.add(CLOSED, f"log:{log.id}", {"signature": "0" * 128})
    return [without_body(bare.lines[-1]), bad.lines[-1]]


@pytest.mark.parametrize("which", [0, 1])
def test_what_only_looks_like_a_close_mark_lets_nobody_delete_the_log(record, which):
    log = coins(1, "a")
    end = ends(log)[which]
    path = record.put(log.path, log.data + end)
    assert bundle_small_files(record.home, log.writer, enough=1) == []
    assert path.exists()
    assert damage(record)[log.path].startswith("the close mark of log ")


def test_a_signed_close_mark_lets_the_log_go_into_a_bundle(record):
    log = coins(1, "a")
    log.close()
    record.put_log(log)
    assert len(bundle_small_files(record.home, log.writer, enough=1)) == 1


def test_a_log_that_is_not_certified_is_not_joined(record):
    log = coins(1, "a", is_certified=False)
    log.close()
    record.put_log(log)
    assert bundle_small_files(record.home, log.writer, enough=1) == []


def test_a_file_is_not_let_go_for_a_close_mark_that_nobody_signed(record):
    from gnomon.sync.let_go import _log_is_covered

    for end, is_covered in [(end, False) for end in ends(coins(1, "a"))] + [(b"", True)]:
        log = coins(1, "a")
        if not end:
            log.close()
        data = log.data + end
        path, joined = bundle(data)
        covering, loose = record.put(path, joined), record.put(log.path, data)
        assert _log_is_covered(record.home, str(loose), [str(covering)]) is is_covered


# ---------------------------------------------------------------- bodies

BAD_BODIES = {
    "no JSON": b"{nope}",
    "a list": b"[1]",
    "empty": b"",
    "NaN": b'{"a":NaN}',
    "no UTF-8": b'{"a":"\xff"}',
    "white space": b'{"a": 1}',
    "half a surrogate pair": b'{"a":"\\ud800"}',
    "a raw control character": b'{"a":"\x01"}',
    "a number with a leading zero": b'{"a":01}',
    "deep": b'{"a":' * 256 + b"{}" + b"}" * 256,
    "very deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "16 MiB and one byte": b'{"a":"' + b"x" * ((16 << 20) - 7) + b'"}',
    "40 MiB": b'{"a":"' + b"x" * (40 << 20) + b'"}',
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_is_none_is_found_and_its_line_not_used(record, name):
    log = coins(1, "a")
    log.add("coin.seen", "coin:a", BAD_BODIES[name])
    record.put_log(log)
    with pytest.raises(DamagedEntryError):
        parse_line(log.lines[-1])
    index = Index(record.home)
    assert seen(index) == ["a"]
    assert log.path in {problem.file for problem in index.problems()}
    assert log.path in damage(record)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        '{"a":"é ☃ b"}'.encode(),
        b'{"a":"\\ud83d\\ude00 [[[["}',
        b'{"a":1e999,"b":-0,"c":[]}',
        b'{"a":' * 255 + b"{}" + b"}" * 255,
        b'{"a":"' + b"x" * ((16 << 20) - 8) + b'"}',
    ],
    ids=["empty", "unicode", "a pair", "numbers", "as deep as may be", "16 MiB"],
)
def test_any_body_that_is_one_is_read(body):
    log = MadeLog(1)
    log.add("coin.seen", "coin:a", body)
    assert parse_line(log.lines[-1]).body_raw == body


# ---------------------------------------------------------------- bundles, record.toml, versions


def closed(*numbers: int) -> list[MadeLog]:
    logs = [coins(number, "a", "b") for number in numbers]
    for log in logs:
        log.close()
    return sorted(logs, key=lambda log: log.id)


def test_a_bundle_has_its_logs_in_order_each_in_one_piece_to_a_last_line_feed(record):
    one, two, three = closed(1, 2, 3)
    bad = {
        "not in order": two.data + one.data + three.data,
        "interleaved": one.lines[0] + two.lines[0] + b"".join(one.lines[1:] + two.lines[1:]),
        "a line twice": one.lines[0] + one.data,
        "no last line feed": (one.data + two.data)[:-1],
        "torn": one.data[:-50],
    }
    for name, data in bad.items():
        path, data = bundle(data)
        record.put(path, data)
        assert path in damage(record), name
        record.remove(path)
    record.put(*bundle(one, two, three))
    assert damage(record) == {}


def test_more_keys_in_record_toml_are_no_damage_and_a_name_may_hold_the_word_check(record):
    from gnomon.record.hashing import derive

    def checked(text: str) -> bytes:
        return f'{text}check = "{derive("record.toml", text.encode())[:8].hex()}"\n'.encode()

    start = f'format = 1\nrecord = "{record.home.record_id}"\n'
    file = record.folder / ".gnomon" / "record.toml"
    for text, said in [
        (f'{start}name = "x"\nmore = 3\n', []),
        (f'{start}name = "a check of cheques"\n', []),
        (f'{start}name = "x"\ncheckx = 3\n', []),
        (start, ["it has no `name` that is a text"]),
        ('format = 1\nrecord = "zz"\nname = "x"\n', ["`record` in it is 'zz', and must be 32 hex digits"]),
    ]:
        file.write_bytes(checked(text))
        found = verify_record_file(open_home(record.home.path, record.env))
        assert [problem.what for problem in found] == said
    file.write_bytes(checked(start + 'name = "x"\n') + b"more = 1\n")
    (problem,) = verify_record_file(open_home(record.home.path, record.env))
    assert problem.what == "it does not match its own check: damaged, or edited by hand"


def test_an_entry_of_a_newer_version_is_neither_damage_nor_whole(record):
    from gnomon.record.hashing import derive_hex

    log = coins(1, "a", "b")
    head = log.lines[1][84 - 1 : log.lines[1].index(b"}") + 1].replace(b'"v":1,', b'"v":2,')
    newer = b'{"entry":"%b","head":%b}\n' % (derive_hex("entry", head).encode(), head)
    record.put(log.path, log.lines[0] + newer + log.lines[2])
    looked = Verification(record.home)
    assert [problem.severity for problem in looked] == [UNKNOWN]
    assert not looked.is_whole


def test_a_folder_with_the_name_of_a_log_is_skipped(record):
    (record.folder / ".gnomon" / coins(1).path / "x").mkdir(parents=True)
    assert list(Verification(record.home)) == []


def test_two_histories_are_told_once_and_not_as_missing_entries(record):
    log = coins(1, "a")
    other = log.fork()
    for one in (log, other):
        one.add("coin.seen", "coin:a", {"by": f"{one is log}"})
    verifier = LogVerifier(record.home)
    path, data = bundle(log.data + other.lines[-1])
    record.put(path, data)
    (problem,) = [*verifier.verify(path), *verifier.unproven()]
    assert problem.severity == DAMAGE
    assert "has two histories" in problem.what


def test_a_torn_last_line_of_a_log_is_a_notice(record):
    log = coins(1, "a")
    record.put(log.path, log.data + log.lines[1][:40])
    (problem,) = Verification(record.home)
    assert problem.severity == NOTICE
