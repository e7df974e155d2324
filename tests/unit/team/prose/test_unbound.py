"""Which numbers are listed because they carry no binding, and what is no number at all."""

from __future__ import annotations

import time

import pytest

from gnomon.team.prose.unbound import unbound_in


def listed(text, taken=()):
    return [text[one.start : one.end] for one in unbound_in(text, taken)]


@pytest.mark.parametrize(
    "text",
    [
        "on 2026-11-23, at 17:54", "2026-11-23T17:54:01Z", "23.11.2026", "11/23/2026", "5 May 2026", "May 5th, 2026",
        "23. November",
        "in 2024 and since 1999", "(2023)", "Smith et al. 2023", "the 1990s", "2021–2023", "Q3 2025", "5 pm", "9 a.m.",
        "17:54 Uhr", "UTC+2",
        "v1.2.3", "2.0.1", "Python 3.11", "CUDA 12.1", "version 3", "the 1st, 2nd and 23rd", "Figure 3", "Fig. 2.1",
        "Table 4", "Section 2.3",
        "step 300", "epoch 12", "seed 7", "seeds 1, 2 and 3", "page 12", "#412", "§ 4", "[3]", "[1, 2]", "[^1]",
        "1. first", "2) second",
        "  3. third", "> 4. quoted", "- 5. in a list", "## 2.1 Results", "# 3 Results", "(1) one, (2) two", "resnet50",
        "GPT-4", "top-5", "F1",
        "A100", "x86", "4f1d77ab", "3D", "12th", "224x224", "covid-19", "three", "no numbers", "ISO 8601",
        "Abbildung 4",
    ],
)  # fmt: skip
def test_what_is_no_number_is_not_listed(text):
    assert listed(text) == []
    assert listed(f"So {text}; yes.") == [] or text[0] in " >-#" or text[:2] in ("1.", "2)")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("We had 3 runs.", ["3"]), ("AUC 0.914", ["0.914"]), ("0.914 ± 0.002", ["0.914 ± 0.002"]),
        ("12 % of 5,000 rows", ["12 %", "5,000"]),
        ("−0.3", ["−0.3"]), ("lr=0.01", ["0.01"]), ("|0.9|0.8|", ["0.9", "0.8"]), ("12ms and 4k", ["12ms", "4k"]),
        ("2000 steps", ["2000"]),
        ("after 2000 steps", ["2000"]), ("**0.9**", ["0.9"]), ("(0.9)", ["0.9"]), ("٣٫١٤", ["٣٫١٤"]),
        ("2.3× faster", ["2.3×"]),
        ("1e-5", ["1e-5"]), ("step 3.5", ["3.5"]), ("loss 0.31", ["0.31"]), ("from 0.91 to 0.93", ["0.91", "0.93"]),
        ("In 2024 it was 7", ["7"]),
        ("1. first 0.3", ["0.3"]), ("AUC: 1.", ["1"]), ("5 of 7", ["5", "7"]), ("100%", ["100%"]),
        ("a 10-fold cross-validation", ["10-fold"]),
    ],
)  # fmt: skip
def test_numbers_are_listed(text, numbers):
    assert listed(text) == numbers


def test_what_is_taken_is_not_looked_at():
    assert listed("0.9 and 0.8", [(0, 3)]) == ["0.8"]
    assert listed("0.9 and 0.8", [(0, 3), (8, 11)]) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["1 ", "a1 ", "0.914, ", "2024-", "May ", "(", "1.1", "step 1, ", "9", "-", "[1", "# 1\n", "é"]
)
def test_time_is_in_proportion_to_the_text(piece):
    def seconds(size):
        text = piece * (size // len(piece))
        started = time.process_time()
        listed(text)
        return time.process_time() - started

    seconds(1_000)
    assert seconds(100_000) < 40 * max(seconds(10_000), 0.005)


@pytest.mark.parametrize("bullet", ["-", "*", "+", "  -", "> -"])
def test_the_mark_of_an_item_is_no_sign_of_its_number(bullet):
    text = f"Did:\n{bullet} 2 runs\n{bullet} -3 below"
    found = [text[one.start : one.end] for one in unbound_in(text, [])]
    assert found == ["2", "-3"]
