"""A command is found again, and changed only where it gives the value that was recorded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.rebuild import command

WORDS = "python src/train.py data.csv --lr 0.1 --depth=3 -s 7 --fast model.width=4 +opt.eps=1e-8 --names a b --shift -1.5".split()
START = command.start_of(WORDS, "src/train.py")


@pytest.mark.parametrize(
    ("words", "script", "start"),
    [
        (["python", "train.py", "--lr", "1"], "train.py", 2),
        (["python", "-O", "/home/x/train.py", "a"], "src/train.py", 3),
        (["python", "-m", "pkg.train", "--lr", "1"], None, 3),
        (["python", "-c", "print(1)", "a"], None, 3),
        (["./train.sh", "a"], "train.sh", 1),
        (["torchrun", "--nproc", "2", "train.py", "x"], "train.py", 4),
    ],
)
def test_arguments_begin_after_the_script(words, script, start):
    assert command.start_of(words, script) == start


def test_options_are_found_in_every_spelling():
    found = {key: one.value for key, one in command.options_of(WORDS, START).items()}
    assert found == {
        "lr": "0.1", "depth": "3", "s": "7", "fast": None, "model.width": "4", "opt.eps": "1e-8", "names": "a b", "shift": "-1.5"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "new", "words"),
    [
        ("lr", 0.1, 0.2, ["--lr", "0.2"]),
        ("depth", 3, 4, ["--depth=4"]),
        ("model.width", 4, 8, ["model.width=8"]),
        ("eps", 1e-8, 1e-6, ["+opt.eps=1e-06"]),
        ("fast", True, False, []),
        ("shift", -1.5, 2, ["--shift", "2"]),
    ],
)
def test_a_value_is_changed_in_place(name, value, new, words):
    option = command.option_for(command.options_of(WORDS, START), name, value)
    changed = command.with_value(WORDS, option, new)
    rest = [*WORDS[: option.at], *words, *WORDS[option.at + len(option.words) :]]
    assert list(changed) == rest


def test_an_option_with_another_value_is_not_the_parameters():
    assert command.option_for(command.options_of(WORDS, START), "lr", 0.3) is None
    assert command.option_for(command.options_of(WORDS, START), "rate", 0.1) is None


def test_the_seed_is_found_by_its_name():
    words = ["python", "t.py", "--random-state", "3"]
    assert command.seed_option(command.options_of(words, 2)).value == "3"
    assert command.seed_option(command.options_of(["python", "t.py", "--seed"], 2)) is None


def test_an_option_is_taken_over_from_another_command():
    other = command.options_of(["python", "train.py", "--lr=0.9", "--extra", "1"], 2)
    assert "0.1" not in command.with_option(WORDS, START, "lr", other["lr"])
    assert "--lr=0.9" in command.with_option(WORDS, START, "lr", other["lr"])
    assert command.with_option(WORDS, START, "extra", other["extra"])[-2:] == ("--extra", "1")
    assert "--fast" not in command.with_option(WORDS, START, "fast", None)


def test_what_is_left_without_options():
    assert command.rest_of(WORDS, START) == ("python", "src/train.py", "data.csv")


names = st.sampled_from(["lr", "depth", "wd", "beta-1"])
values = st.one_of(
    st.integers(-99, 99), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["adam", "sgd"])
)


@given(st.dictionaries(names, values, min_size=1), st.data())
def test_changing_one_option_leaves_the_others(params, data):
    words = ["python", "t.py"]
    for name, value in params.items():
        words += [f"--{name}", str(value)] if data.draw(st.booleans()) else [f"--{name}={value}"]
    name = data.draw(st.sampled_from(sorted(params)))
    new = data.draw(values)
    options = command.options_of(words, 2)
    option = command.option_for(options, name, params[name])
    assert option is not None
    after = command.options_of(command.with_value(words, option, new), 2)
    assert command.says(after[command.key_of(name)], new)
    assert {key: one.value for key, one in after.items() if key != command.key_of(name)} == {
        key: one.value for key, one in options.items() if key != command.key_of(name)
    }
