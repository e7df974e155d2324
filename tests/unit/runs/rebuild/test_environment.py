"""By which commands an environment is made."""

from __future__ import annotations

import sys

import pytest

from gnomon.runs.capture.packages import Distribution
from gnomon.runs.rebuild import environment


@pytest.mark.parametrize(
    ("version", "has"), [("22.3", True), ("26.1.2", True), ("22.2.1", False), ("9.0", False), ("", False)]
)
def test_pip_installs_into_another_environment_from_22_3_on(monkeypatch, version, has):
    monkeypatch.setattr(environment.shutil, "which", lambda _: None)
    found = [Distribution("pip", version, "")] if version else []
    monkeypatch.setattr(environment, "distributions", lambda: found)
    venv, install = environment._steps("/py", "/env", "/env/bin/python", ["--no-deps"], ["numpy==2.0"])
    assert ("--without-pip" in venv) == has
    assert install[0] == (sys.executable if has else "/env/bin/python")
    assert ("--python" in install) == has
    assert install[-2:] == ["--no-deps", "numpy==2.0"]


def test_uv_makes_it_where_it_is(monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda _: "/bin/uv")
    venv, install = environment._steps("/py", "/env", "/env/bin/python", [], ["numpy==2.0"])
    assert venv[0] == install[0] == "/bin/uv"
    assert environment._steps("/py", "/env", "/env/bin/python", [], []) == [venv]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            (
                "ERROR: Ignored the following versions that require a different python version: 1.21.2 Requires-Python\n"
                "ERROR: Could not find a version that satisfies the requirement x==9 (from versions: 1.0, 1.1)\n"
                "ERROR: No matching distribution found for x==9\n[notice] A new release of pip is available\n"
            ),
            "No matching distribution found for x==9",
        ),
        (
            (
                "  × No solution found when resolving dependencies:\n"
                "  ╰─▶ Because there is no version of x==9 and you require\n"
                "      x==9, we can conclude that your requirements are\n      unsatisfiable.\n"
            ),
            "Because there is no version of x==9 and you require x==9, we can conclude that your requirements are unsatisfiable.",
        ),
        (
            (
                "ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.\n\n"
                "The conflict is caused by:\n    The user requested a==1\n    b 2 depends on a==2\n"
            ),
            (
                "Cannot install a==1 and b==2 because these package versions have conflicting dependencies. "
                "The conflict is caused by: The user requested a==1 b 2 depends on a==2"
            ),
        ),
        ("a line\nERROR: disk full\nmore\n", "disk full"),
        ("one\ntwo\nthree\n", "two three"),
        ("", ""),
    ],
)
def test_of_what_a_tool_says_the_reason_is_kept(said, told):
    assert environment.telling(said) == told
