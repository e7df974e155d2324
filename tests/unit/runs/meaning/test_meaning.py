"""Search by meaning: what is near without sharing a word, what is kept, and what is said without the model."""

from __future__ import annotations

import os

import numpy as np
import pytest

import gnomon
from gnomon.errors import BadArgumentError, MissingExtraError
from gnomon.record.index_place import place_for
from gnomon.runs.meaning import find, model, vectors
from gnomon.team.writing import actions

NOTES = {
    "nan": "The loss ends as NaN above depth 6; clip the gradients.",
    "memory": "GPU ran out of memory with batch size 64.",
    "slow": "Fewer trees: inference is too slow for the service.",
    "split": "We split the data by customer, so that no customer is in train and test.",
    "unfair": "The income model selects women far less often than men.",
    "lunch": "Lunch is on Friday at noon.",
}
QUESTIONS = {
    "exploding gradients": "nan",
    "out of RAM": "memory",
    "latency": "slow",
    "leakage between training and evaluation": "split",
    "bias against gender": "unfair",
    "when do we eat": "lunch",
}


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("meaning") / ".gnomon"
    for name, note in NOTES.items():
        with gnomon.run(name, dir=folder) as run:
            run.note(note)
    return gnomon.open(folder)


@pytest.mark.slow
def test_what_is_near_is_found_whatever_its_words(record):
    first = {
        question: [hit.hits[0].name for hit in record.find_by_meaning(question).texts][:1]
        for question in QUESTIONS
    }
    right = [question for question, name in QUESTIONS.items() if first[question] == [name]]
    assert len(right) >= 5, first
    assert not set(record.find_by_meaning("exploding gradients").texts[0].hits[0].excerpt.split()) & {
        "exploding"
    }


@pytest.mark.slow
def test_what_people_wrote_is_found_too_and_can_be_asked_for_alone(project):
    with gnomon.run("a") as run:
        run.note("GPU ran out of memory")
    opened = gnomon.open()
    actions.say(actions.open_writing(opened, "question", "Which machine?", "x"), "The one with the most RAM")
    found = opened.find_by_meaning("not enough memory")
    assert {text.hits[0].kind for text in found.texts} == {"run", "question"}
    alone = opened.find_by_meaning("not enough memory", kind="question")
    assert [text.hits[0].name for text in alone.texts] == ["question:1 Which machine?"]


def test_a_hidden_run_is_left_out(project):
    with gnomon.run("a") as run:
        run.note("GPU ran out of memory")
    opened = gnomon.open()
    assert opened.find_by_meaning("RAM").texts
    opened.remove(run.id)
    assert opened.find_by_meaning("RAM").texts == []


def test_vectors_are_made_once_and_only_for_what_is_new(project, monkeypatch):
    with gnomon.run("a") as run:
        run.note("GPU ran out of memory")
    opened = gnomon.open()
    opened.find_by_meaning("RAM")
    made = []
    real = model.Model.vectors
    monkeypatch.setattr(model.Model, "vectors", lambda self, texts: made.extend(texts) or real(self, texts))
    opened.find_by_meaning("RAM")
    assert made == ["RAM"]
    opened.add_note(run.id, "It fits with half the batch")
    opened.find_by_meaning("RAM")
    assert made == ["RAM", "It fits with half the batch", "RAM"]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"\x00" * 999])
def test_a_damaged_file_of_vectors_is_made_again(project, damage):
    with gnomon.run("a") as run:
        run.note("GPU ran out of memory")
    opened = gnomon.open()
    before = opened.find_by_meaning("RAM")
    path = os.path.join(place_for(opened.home, opened.home.env).folder, "meaning.npz")
    with open(path, "wb") as file:
        file.write(damage)
    assert opened.find_by_meaning("RAM") == before
    assert np.load(path)["digests"].shape[0] == 2


def test_a_long_text_is_found_by_any_of_its_parts():
    text = "\n\n".join([f"Paragraph {nth}. " + "word " * 80 for nth in range(20)])
    parts = list(vectors.parts_of(text))
    assert all(len(part) <= vectors.STRETCH for part in parts)
    assert "".join(parts).replace("\n", "") == text.replace("\n", "")
    assert len(list(vectors.parts_of("x" * 10**6))) == vectors.MOST_STRETCHES
    assert list(vectors.parts_of(" \n\n ")) == []


def test_without_the_model_it_is_said_what_to_install(record, monkeypatch):
    monkeypatch.setattr(find, "_kept", [])
    monkeypatch.setattr(model, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'gnomon\[meaning\]'"):
        record.find_by_meaning("x")


def test_what_cannot_be_asked(record):
    for question in ("", " \n", 3):
        with pytest.raises(BadArgumentError, match="needs some text"):
            record.find_by_meaning(question)
    with pytest.raises(BadArgumentError, match="whole number from 1"):
        record.find_by_meaning("x", limit=0)
    with pytest.raises(BadArgumentError, match="got 'model'"):
        record.find_by_meaning("x", kind="model")
