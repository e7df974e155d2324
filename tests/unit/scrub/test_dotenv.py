"""The `.env` files of a folder tell which values are secret."""

from __future__ import annotations

import os

import pytest

from gnomon.scrub.dotenv import MAX_BYTES, secrets_of_folder
from gnomon.scrub.scrubber import Scrubber


def test_secretly_named_variables_are_read_and_no_others(tmp_path):
    (tmp_path / ".env").write_text(
        "# my settings\nexport DB_PASSWORD='plum-4471x' # old\nHF_TOKEN = hf-tango-22  # mine\nHOST=db.test\nLR=0.1\n\n=\nno\n"
    )
    (tmp_path / ".env.local").write_text('MYTOKEN="a b=c9"\n')
    (tmp_path / ".env.example").write_text("API_KEY=example-77x\n")
    (tmp_path / "prod.env").write_text("API_KEY=other-77x\n")
    (tmp_path / ".environment").write_text("API_KEY=other-78x\n")
    (tmp_path / ".env.d").mkdir()
    assert secrets_of_folder(str(tmp_path)) == [
        ("DB_PASSWORD", "plum-4471x"),
        ("HF_TOKEN", "hf-tango-22"),
        ("MYTOKEN", "a b=c9"),
    ]


def test_trouble_is_taken_as_absence(tmp_path):
    assert secrets_of_folder(str(tmp_path / "none")) == []
    (tmp_path / ".env").write_bytes(
        b"DB_PASSWORD=\xff\xfe1234567\n" + b"#" * MAX_BYTES + b"\nAPI_KEY=beyond-77x\n"
    )
    assert [name for name, _ in secrets_of_folder(str(tmp_path))] == ["DB_PASSWORD"]
    (tmp_path / ".env").unlink()
    os.symlink(tmp_path / "nowhere", tmp_path / ".env")
    assert secrets_of_folder(str(tmp_path)) == []


@pytest.mark.parametrize("value", ["plum-4471x", "ordinarywords-in-a-row9"])
def test_a_scrubber_that_knows_them_withholds_them_anywhere(tmp_path, value):
    (tmp_path / ".env").write_text(f"DB_PASSWORD={value}\n")
    scrubber = Scrubber()
    scrubber.know_variables(secrets_of_folder(str(tmp_path)))
    assert scrubber.text(f"trying {value} now", "console") == "trying [withheld: password] now"
