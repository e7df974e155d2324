"""Mixes of two recipes, piece by piece: files of the code and packages of the environment."""

from __future__ import annotations

import pytest

from gnomon.runs.rebuild.recipe import Code, Environment, Recipe
from gnomon.runs.rebuild.swap import Mix, with_code_file, with_package


def recipe(run, fingerprint, python, packages):
    return Recipe(
        run=run, title=run, name=None, group=None, status="finished", seed=1, params={},
        code=Code(run, {"fingerprint": fingerprint, "root_name": "project"}), words=("python", "train.py"), script="train.py",
        folder=".", nth=0, uses=(), environment=Environment(python, packages, ()), variables={}, machine={}, notes=(),
        duration_s=1.0, is_notebook=False, words_left_out=0, author=None, writers=("w",),
    )  # fmt: skip


A = recipe("a" * 20, "fa", "3.11.1", {"numpy": "1.0", "old": "1", "torch": "2"})
B = recipe("b" * 20, "fb", "3.12.1", {"numpy": "2.0", "new": "1", "torch": "2"})
FILES = frozenset({"a.py", "b.py"})
PACKAGES = frozenset({"environment/python", "environment/numpy", "environment/old", "environment/new"})


def test_a_code_with_one_file_of_another_is_neither_of_both():
    one = with_code_file(Mix(A), B, "b.py", FILES).recipe.code
    assert (one.taken, one.other) == (("b.py",), B.code)
    names = {code.fingerprint for code in (A.code, B.code, one)} | {
        with_code_file(Mix(A), B, "a.py", FILES).recipe.code.fingerprint
    }
    assert len(names) == 4 and None not in names
    assert len({code.key for code in (A.code, B.code, one)}) == 3


@pytest.mark.parametrize("order", [("a.py", "b.py"), ("b.py", "a.py")])
def test_all_files_of_another_code_are_that_code(order):
    mix = Mix(A)
    for path in order:
        mix = with_code_file(mix, B, path, FILES)
    assert mix.recipe.code == B.code
    assert set(mix.swapped) == {"code/a.py", "code/b.py"}


def test_a_code_that_is_not_wholly_known_has_no_name_when_mixed():
    unknown = recipe("c" * 20, None, "3.11.1", {})
    mixed = with_code_file(Mix(A), unknown, "a.py", FILES).recipe.code
    assert mixed.fingerprint is None and mixed.key not in (A.code.key, unknown.code.key)


@pytest.mark.parametrize(
    ("name", "python", "packages"),
    [
        ("python", "3.12.1", A.environment.packages),
        ("numpy", "3.11.1", {"numpy": "2.0", "old": "1", "torch": "2"}),
        ("old", "3.11.1", {"numpy": "1.0", "torch": "2"}),
        ("new", "3.11.1", {"numpy": "1.0", "old": "1", "torch": "2", "new": "1"}),
    ],
)
def test_a_package_is_swapped_added_or_taken_away_alone(name, python, packages):
    found = with_package(Mix(A), B, name, PACKAGES).recipe.environment
    assert (found.python, dict(found.packages)) == (python, dict(packages))


def test_all_packages_of_another_environment_are_that_environment():
    mix = Mix(A)
    for factor in sorted(PACKAGES):
        mix = with_package(mix, B, factor.partition("/")[2], PACKAGES)
    assert mix.recipe.environment == B.environment
