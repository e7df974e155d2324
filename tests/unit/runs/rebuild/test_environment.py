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
