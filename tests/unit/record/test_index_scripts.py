"""Texts in scripts without blanks between words: found by any part, shown as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gnomon
from gnomon.record import index_scripts, index_texts

NOTES = {
    "ja": "日本語の質問: 分割は？ 𠮷野のモデルv2",
    "zh": "学习率太大，损失发散了",
    "ko": "학습률이 너무 커서 손실이 발산했다",
    "th": "อัตราการเรียนรู้สูงเกินไป",
    "en": "the learning rate was too large",
}


@pytest.fixture
def record(project):
    for name, text in NOTES.items():
        with gnomon.run(name, seed=1) as run:
            run.note(text)
    return gnomon.open()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("質問", {"ja"}), ("分割", {"ja"}), ("日本語", {"ja"}), ("𠮷野", {"ja"}), ("モデルv2", {"ja"}), ("モデル", {"ja"}),
        ("質", {"ja"}),
        ("質問 分割", {"ja"}), ("問質", set()), ("質割", set()), ("質問は", set()), ("分*", {"ja"}),
        ("学习率", {"zh"}), ("损失发散", {"zh"}), ("손실", {"ko"}), ("학습률", {"ko"}), ("เรียนรู้", {"th"}), ("learning", {"en"}),
    ],
)  # fmt: skip
def test_any_part_of_it_is_found(record, words, names):
    assert {hit.name for hit in record.search(words)} == names


def test_an_excerpt_is_the_text_as_it_was_written_with_the_words_marked(record):
    [hit] = record.search("質問")
    assert hit.excerpt == NOTES["ja"]
    assert [hit.excerpt[start:end] for start, end in hit.marks] == ["質問"]
    [(_, _, _, excerpt)] = record.replica.index.search("分割")
    assert excerpt == NOTES["ja"]


def test_a_part_of_a_long_text_is_shown_as_it_was_written(record):
    long = "前の文。" * 3_000 + "ここに質問がある" + "後の文。" * 3_000
    with gnomon.run("long") as run:
        run.note(long)
    record = gnomon.open()
    [hit] = [one for one in record.search("質問") if one.name == "long"]
    assert "ここに質問がある" in hit.excerpt
    assert [hit.excerpt[start:end] for start, end in hit.marks] == ["質問"]
    [hit] = record.search("ここに*")
    assert index_scripts.SEPARATOR not in hit.excerpt


def test_what_is_read_from_the_table_of_words_is_as_it_was_written(record):
    def ask(database):
        rows = list(index_texts.texts_of_fields(database, ["note"]))
        return [text for _, _, text in rows], index_texts.texts_at(database, [row for row, _, _ in rows])

    read, at = record.replica.index.ask(ask)
    assert set(read) == set(NOTES.values()) == {text for _, text in at.values()}


def test_a_text_of_other_scripts_is_left_alone():
    for text in ("plain", "Größe", "модель", "उदाहरण"):
        assert index_scripts.spaced(text) is text


@given(st.text(st.sampled_from("a1 質問カなก็한。\x1f\n"), max_size=30))
def test_a_text_is_shown_as_it_was_written(text):
    assert index_scripts.as_written(index_scripts.spaced(text)) == text.replace(index_scripts.SEPARATOR, "")
