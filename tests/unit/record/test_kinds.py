"""Features: the kernel knows none; a package that is installed adds one, found when its subjects are first met."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from gnomon.errors import BadArgumentError
from gnomon.record import kinds
from gnomon.record.kinds import Feature
from tests.unit.record.made_record import MadeLog, MadeRecord

PLUGIN = '''
"""A tiny plug-in: greenhouses, with a temperature."""
from gnomon.record.fold import register
from gnomon.record.kinds import Feature

def fold(live):
    heat = register(live, "greenhouse.heated", "celsius")
    return {"celsius": heat.value, "conflict": not heat.is_settled}

FEATURE = Feature(
    "greenhouse",
    kinds={"greenhouse.heated": "somebody set its temperature"},
    fold=fold,
    cells=lambda house, state, stats: {"celsius": state["celsius"]},
    texts=lambda state: [("label", f"at {state['celsius']} degrees")],
    commands={"heat": "greenhouse_plugin:heat"},
)

def heat(): ...
'''


def install(folder, name: str, source: str, entry_points: str) -> None:
    """Put a package as pip would leave it into a folder."""
    (folder / f"{name}.py").write_text(source)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[gnomon.features]\n{entry_points}\n")


def in_a_new_process(code: str, *folders) -> str:
    paths = [str(folder) for folder in folders] + [path for path in sys.path if path]
    setup = f"import sys; sys.path[:0] = {paths!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + textwrap.dedent(code)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def greenhouses(tmp_path):
    record = MadeRecord(tmp_path / "record")
    log = MadeLog(1)
    log.add("greenhouse.heated", "greenhouse:a1", {"celsius": 21})
    log.add("greenhouse.heated", "greenhouse:b2", {"celsius": 17.5})
    record.put_log(log)
    return tmp_path / "record"


ASK = """
from tests.unit.record.made_record import MadeRecord
from gnomon.record import kinds
from gnomon.record.index import Index
index = Index(MadeRecord({folder!r}).home)
index.update()
print(index.subjects("greenhouse"), index.columns("greenhouse", ["celsius"])["celsius"], index.keys("greenhouse"))
print(index.state("greenhouse", "a1"), [found[1] for found in index.search("degrees")], kinds.find_command("heat"))
print([problem.what for problem in index.problems()])
"""


@pytest.mark.slow
def test_a_package_that_is_installed_adds_a_feature(greenhouses, tmp_path):
    (tmp_path / "site").mkdir()
    install(tmp_path / "site", "greenhouse_plugin", PLUGIN, "greenhouse = greenhouse_plugin:FEATURE")
    assert in_a_new_process(ASK.format(folder=str(greenhouses)), tmp_path / "site").splitlines() == [
        "['a1', 'b2'] [21, 17.5] ['celsius']",
        "{'celsius': 21, 'conflict': False} ['a1', 'b2'] greenhouse_plugin:heat",
        "[]",
    ]


@pytest.mark.slow
def test_entries_of_an_unknown_kind_are_kept_and_fold_once_their_package_is_there(greenhouses, tmp_path):
    """The same index, before the package is installed, with it, and after it is removed again."""
    without = ["['a1', 'b2'] [None, None] []", "None [] None", "[]"]
    assert in_a_new_process(ASK.format(folder=str(greenhouses))).splitlines() == without
    (tmp_path / "site").mkdir()
    install(tmp_path / "site", "greenhouse_plugin", PLUGIN, "greenhouse = greenhouse_plugin:FEATURE")
    found = in_a_new_process(ASK.format(folder=str(greenhouses)), tmp_path / "site").splitlines()
    assert found[0] == "['a1', 'b2'] [21, 17.5] ['celsius']"
    assert in_a_new_process(ASK.format(folder=str(greenhouses))).splitlines() == without


@pytest.mark.slow
def test_a_plugin_that_cannot_be_loaded_is_told_and_stops_nothing(greenhouses, tmp_path):
    (tmp_path / "site").mkdir()
    install(
        tmp_path / "site", "broken_plugin", "raise RuntimeError('no licence')", "x = broken_plugin:FEATURE"
    )
    install(tmp_path / "site", "odd_plugin", "FEATURE = 3", "y = odd_plugin:FEATURE")
    install(
        tmp_path / "site",
        "thief",
        "from gnomon.record.kinds import Feature\nF = Feature('log', kinds={}, fold=list)",
        "z = thief:F",
    )
    lines = in_a_new_process(ASK.format(folder=str(greenhouses)), tmp_path / "site").splitlines()
    assert lines[0] == "['a1', 'b2'] [None, None] []"
    assert "plug-in `x` (broken_plugin:FEATURE) cannot be loaded: RuntimeError: no licence" in lines[2]
    assert "it is a int, not a `Feature`" in lines[2]
    assert "subject type `log` is Gnomon's own" in lines[2]


@pytest.mark.slow
def test_no_entry_points_are_read_while_all_types_are_known(tmp_path):
    record = MadeRecord(tmp_path / "record")
    log = MadeLog(1)
    log.add("log.opened", f"log:{log.id}")
    record.put_log(log)
    out = in_a_new_process(
        f"""
        from tests.unit.record.made_record import MadeRecord
        from gnomon.record.index import Index
        index = Index(MadeRecord({str(tmp_path / "record")!r}).home)
        index.update()
        import sys
        print(index.types(), "importlib.metadata" in sys.modules)
        """
    )
    assert out == "['log'] False\n"


def test_a_declared_feature_is_imported_when_its_type_is_met(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "lazy_feature.py").write_text(PLUGIN.replace('"greenhouse",', '"lazy",'))
    monkeypatch.setattr(kinds, "_declared", {})
    monkeypatch.setattr(kinds, "_features", {})
    kinds.declare("lazy", "lazy_feature:FEATURE", version=1)
    assert kinds.known_version("lazy") == 1
    assert "lazy_feature" not in sys.modules
    feature = kinds.find("lazy")
    assert (feature.subject, kinds.find("lazy")) == ("lazy", feature)


def test_a_declaration_that_does_not_fit_is_an_error(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "old_feature.py").write_text(PLUGIN)
    monkeypatch.setattr(kinds, "_declared", {})
    monkeypatch.setattr(kinds, "_features", {})
    kinds.declare("greenhouse", "old_feature:FEATURE", version=2)
    with pytest.raises(BadArgumentError, match="is not version 2 of the feature of `greenhouse`"):
        kinds.find("greenhouse")


def test_a_subject_type_has_one_feature(monkeypatch):
    monkeypatch.setattr(kinds, "_features", {})
    feature = kinds.register(Feature("one", kinds={}, fold=list))
    assert kinds.register(feature) is feature
    with pytest.raises(BadArgumentError, match="subject type `one` has a feature already"):
        kinds.register(Feature("one", kinds={}, fold=list))


def test_the_kernels_own_types_have_no_feature():
    assert kinds.find("log") is None
    assert kinds.known_version("wal") == 0
