"""Croissant in: what strangers may write, and what becomes of it."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode

import pytest

from gnomon.data.croissant.adding import prepare
from gnomon.data.croissant.read import MAX_BYTES, check, read
from gnomon.errors import BadArgumentError, DamagedFileError, MissingFileError, UnknownFormatError

DATA = b"a,b\n1,2\n"
FILE = {
    "@type": "cr:FileObject",
    "@id": "x.csv",
    "contentUrl": "x.csv",
    "sha256": hashlib.sha256(DATA).hexdigest(),
}


@pytest.fixture
def described(project):
    """Write a description of `x.csv`, which is there, with changes."""
    (project / "x.csv").write_bytes(DATA)

    def write(*files, **changes):
        said = {
            "conformsTo": "http://mlcommons.org/croissant/1.1",
            "name": "credit",
            "distribution": list(files) or [FILE],
            **changes,
        }
        (project / "c.json").write_text(json.dumps(said))
        return "c.json"

    return write


def test_words_with_and_without_prefixes_and_languages(described):
    found = read(
        described(
            **{
                "sc:license": {"@type": "sc:CreativeWork", "url": "https://spdx.org/licenses/MIT.html"},
                "name": {"en": "Credit", "de": "Kredit"},
                "description": [{"@value": "what it is", "@language": "en"}],
                "cr:citeAs": "@misc{x}",
                "rai:personalSensitiveInformation": ["age", "sex"],
                "version": 2,
                "cr:recordSet": {"@id": "rows", "cr:field": [{}, {}]},
            }
        )
    )
    assert (found.licence, found.name, found.description) == ("MIT", "Credit", "what it is")
    assert (found.citation, found.sensitivity, found.version) == ("@misc{x}", "age; sex", "2")
    assert found.record_sets == (("rows", 2),)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (b"[", DamagedFileError, "cannot be read as JSON"),
        (b"\xff", DamagedFileError, "cannot be read as JSON"),
        (b"[" * 100_000, DamagedFileError, "cannot be read as JSON"),
        (b"[1]", DamagedFileError, "it holds no object"),
        (b"{}", DamagedFileError, "does not say that it is Croissant"),
        (b'{"conformsTo": "https://x.org/1"}', DamagedFileError, "its `conformsTo` is https://x.org/1"),
        (b'{"conformsTo": "http://mlcommons.org/croissant/2.0"}', UnknownFormatError, "is Croissant 2.0"),
        (b" " * (MAX_BYTES + 1), DamagedFileError, "67,108,864 at most"),
    ],
)
def test_what_is_no_croissant_is_said(project, data, error, said):
    (project / "c.json").write_bytes(data)
    with pytest.raises(error) as raised:
        read("c.json")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "url", ["../x.csv", "/etc/passwd", "file:///etc/passwd", "a/../../b", "c:\\x", "", "a//b", ".."]
)
def test_a_place_outside_the_folder_is_refused(described, url):
    with pytest.raises(DamagedFileError, match="which is refused"):
        read(described({**FILE, "contentUrl": url, "@id": "ok"}))


@pytest.mark.parametrize(
    "sums", [{"sha256": "xyz"}, {"sha256": "0" * 32}, {"sha256": "https://github.com/x/issues/80"}]
)
def test_a_checksum_that_is_none_is_noted_and_nothing_is_taken_for_checked(described, sums):
    found = read(described({**FILE, **sums}))
    assert "the sha256 of `x.csv` is none that could be checked" in found.notes[0]
    assert check(found, ".").unpinned == ["x.csv"]


def test_a_checksum_may_be_in_base64(described):
    sums = {"sha256": None, "md5": b64encode(hashlib.md5(DATA).digest()).decode()}
    assert check(read(described({**FILE, **sums})), ".").checked == ["x.csv"]


def test_a_repository_is_no_file(described):
    """As Hugging Face describes its data sets: a Git repository, and sets of files in it."""
    repo = {
        "@type": "cr:FileObject",
        "@id": "repo",
        "contentUrl": "https://example.org/d",
        "encodingFormat": "git+https",
        "sha256": "x",
    }
    files = {"@type": "cr:FileSet", "@id": "files", "containedIn": {"@id": "repo"}, "includes": "*.csv"}
    found = read(described(repo, files))
    assert (found.files, found.notes) == (
        (),
        ("its files come from the repository https://example.org/d, which is not looked at",),
    )
    with pytest.raises(BadArgumentError, match="names no file by itself"):
        prepare(None, "c.json")
    assert prepare("x.csv", "c.json").notes[-1] == "it names no file by itself: nothing was checked"


def test_a_path_may_be_written_as_a_url(described, project):
    (project / "a b.csv").write_bytes(DATA)
    assert check(read(described({**FILE, "contentUrl": "a%20b.csv"})), ".").checked == ["a b.csv"]
    (project / "a%20b.csv").write_bytes(DATA)
    assert check(read(described({**FILE, "contentUrl": "a%20b.csv"})), ".").checked == ["a%20b.csv"]
    with pytest.raises(DamagedFileError, match="which is refused"):
        read(described({**FILE, "contentUrl": "%2e%2e/x.csv"}))


def test_odd_values_break_nothing(described):
    found = read(
        described(
            3, None, [], {"@type": 5}, {"@type": ["cr:FileObject"], "contentUrl": {"@id": "y.csv"}},
            license=[None, 3, {}], creator=7, recordSet=[3, {"field": 1}], url={"a": {"b": []}}, usageInfo=[1], name=[[]],
        )
    )  # fmt: skip
    assert [file.path for file in found.files] == ["y.csv"]


def test_files_are_checked_by_what_is_said_of_them(described, project):
    assert check(read(described()), ".").checked == ["x.csv"]
    md5 = {**FILE, "sha256": None, "md5": hashlib.md5(DATA).hexdigest()}
    assert check(read(described(md5)), ".").checked == ["x.csv"]
    assert check(read(described({**FILE, "sha256": None})), ".").unpinned == ["x.csv"]
    with pytest.raises(DamagedFileError, match="it should have 9 bytes, it has 8"):
        check(read(described({**FILE, "contentSize": "9 B"})), ".")
    (project / "x.csv").write_bytes(b"other")
    with pytest.raises(DamagedFileError, match="its sha256 should be"):
        check(read(described()), ".")


def test_a_link_out_of_the_folder_is_as_if_not_there(described, project, tmp_path):
    (tmp_path / "secret").write_bytes(DATA)
    (project / "x.csv").unlink()
    (project / "x.csv").symlink_to(tmp_path / "secret")
    assert [file.path for file in check(read(described()), ".").missing] == ["x.csv"]


def test_what_is_not_here_is_fetched_only_when_asked(described):
    remote = {**FILE, "@id": "y.csv", "contentUrl": "http://127.0.0.1:9/y.csv"}
    with pytest.raises(MissingFileError) as raised:
        prepare(None, described(FILE, remote))
    assert "1 of the 2 files" in str(raised.value)
    assert "`--fetch` downloads them" in str(raised.value)


def test_what_is_to_be_added_is_found_from_the_files(described, project):
    assert prepare(None, described()).path == "./x.csv"
    (project / "d").mkdir()
    (project / "d" / "y.csv").write_bytes(DATA)
    (project / "d" / "z.csv").write_bytes(DATA)
    two = [{**FILE, "@id": name, "contentUrl": f"d/{name}"} for name in ("y.csv", "z.csv")]
    assert prepare(None, described(*two)).path == "./d"
    (project / "copy.csv").write_bytes(DATA)
    assert prepare("copy.csv", described()).path == "copy.csv"
    (project / "copy.csv").write_bytes(b"other")
    with pytest.raises(DamagedFileError):
        prepare("copy.csv", described())
