"""Models from files: what is loaded, what is refused before anything of it runs, and what the refusal says."""

import io
import json
import os
import pickle
import sys
import types
import zipfile

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from gnomon.checks.model import model_of
from gnomon.checks.model_files import loaded
from gnomon.errors import BadArgumentError, DamagedFileError, MissingExtraError, MissingFileError

CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=(80, 3))
Y = (X[:, 0] + 0.3 * CHANCE.normal(size=80) > 0).astype(int)


@pytest.fixture(autouse=True)
def one_thread():
    """OpenMP's threads wait for each other, which costs more than such small fits where other programs keep the cores busy."""
    with threadpool_limits(limits=1):
        yield


def kept(model, tmp_path, name="model.skops"):
    skops.io.dump(model, tmp_path / name)
    return tmp_path / name


TYPICAL = [
    make_pipeline(
        make_column_transformer((StandardScaler(), [0, 1]), remainder="passthrough"), LogisticRegression()
    ),
    RandomForestClassifier(5, random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
    HistGradientBoostingClassifier(max_iter=5, random_state=0, categorical_features=[2]),
    AdaBoostClassifier(n_estimators=3, random_state=0),
    BaggingClassifier(DecisionTreeClassifier(), n_estimators=3, max_features=2, random_state=0),
    StackingClassifier(
        [("a", DecisionTreeClassifier(random_state=0)), ("b", LogisticRegression())],
        RandomForestClassifier(3, random_state=0),
    ),
    make_pipeline(SelectKBest(k=2), SGDClassifier(random_state=0)),
    CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2, random_state=0), cv=2),
    MLPClassifier([4], max_iter=20, early_stopping=True, random_state=0),
    GaussianProcessClassifier(random_state=0),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", TYPICAL, ids=lambda model: type(model).__name__)
def test_typical_models_load_without_being_trusted_by_name(model, tmp_path):
    rows = X.copy()
    rows[:, 2] = np.abs(rows[:, 2] * 3).astype(int) % 4
    model.fit(rows, Y)
    found, evidence, notes = loaded(kept(model, tmp_path), (), "model")
    assert np.array_equal(found.predict(rows), model.predict(rows))
    assert evidence["path"] == "model.skops" and len(evidence["digest"]) == 64 and notes == []


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"`model`: there is no file `nowhere\.skops`"):
        model_of("nowhere.skops")
    with pytest.raises(BadArgumentError, match="is a folder"):
        model_of(tmp_path)


@pytest.mark.parametrize(
    "name", ["model.pkl", "model.joblib", "model.skops", "model.onnx", "model.sav", "MODEL.PKL"]
)
def test_a_pickle_is_never_loaded_whatever_its_name(name, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "it-ran"),)

    (tmp_path / name).write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(
        BadArgumentError, match=r"is a pickle.*runs whatever code is in it.*\n.*skops\.io\.dump"
    ):
        model_of(tmp_path / name)
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_a_file_of_joblib_is_known_by_its_bytes(compress, tmp_path):
    joblib.dump(LogisticRegression(), tmp_path / "model.joblib", compress=compress)
    os.rename(tmp_path / "model.joblib", tmp_path / "model.skops")
    with pytest.raises(BadArgumentError, match="is a pickle, whatever the name"):
        model_of(tmp_path / "model.skops")


def test_other_kinds_of_files_are_named(tmp_path):
    (tmp_path / "net.pt").write_bytes(b"PK\x03\x04")
    with pytest.raises(
        BadArgumentError, match=r"a file of PyTorch; models are read from `\.skops` and `\.onnx`"
    ):
        model_of(tmp_path / "net.pt")
    (tmp_path / "notes.txt").write_bytes(b"hello")
    with pytest.raises(BadArgumentError, match="of no kind that is loaded"):
        model_of(tmp_path / "notes.txt")


def hidden():
    """A function of nobody's list."""


def test_a_type_that_nobody_reviewed_is_named_and_nothing_runs(tmp_path):
    path = kept(make_pipeline(FunctionTransformer(os.getcwd), LogisticRegression()), tmp_path)
    with pytest.raises(
        BadArgumentError, match=r"not on the list.*`posix.getcwd`.*\n.*trusted=\['posix.getcwd'\]"
    ):
        model_of(path)


def test_a_type_that_is_trusted_by_name_or_itself_is_loaded(tmp_path):
    model = KNeighborsClassifier(algorithm="kd_tree").fit(X, Y)
    path = kept(model, tmp_path)
    with pytest.raises(
        BadArgumentError,
        match=r"`sklearn\.metrics\._dist_metrics\.EuclideanDistance64`, `sklearn\.neighbors\._kd_tree\.KDTree`",
    ):
        model_of(path)
    from sklearn.neighbors._kd_tree import KDTree

    found = model_of(path, trusted=["sklearn.metrics._dist_metrics.EuclideanDistance64", KDTree])
    assert np.array_equal(found.given.predict(X), model.predict(X))


@pytest.mark.parametrize("trusted", ["sklearn.Any", [3]])
def test_trusted_is_a_list_of_names(trusted, tmp_path):
    with pytest.raises(BadArgumentError, match="`trusted` must be a list of full names"):
        model_of(kept(LogisticRegression(), tmp_path), trusted=trusted)


@pytest.mark.parametrize("part", [0, 10, 300, -30])
def test_a_cut_file_is_damaged(part, tmp_path):
    path = kept(RandomForestClassifier(2).fit(X, Y), tmp_path)
    path.write_bytes(path.read_bytes()[:part])
    with pytest.raises(DamagedFileError, match=r"`.*model\.skops` cannot be read as a skops file"):
        model_of(path)


def test_an_archive_that_skops_did_not_write_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("data.pkl", b"")
    with pytest.raises(DamagedFileError, match="is an archive, but none that skops wrote"):
        model_of(tmp_path / "model.skops")


def test_an_archive_that_unpacks_to_more_than_any_model_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("gnomon.checks.model_files._UNPACKED", 1_000_000)
    with zipfile.ZipFile(tmp_path / "model.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 10_000_000)
    with pytest.raises(DamagedFileError, match="says that it unpacks to 10,000,000 bytes"):
        model_of(tmp_path / "model.skops")


def crafted(model, change, tmp_path):
    """Return a skops file whose arrays `change` has been let at."""
    source = io.BytesIO(skops.io.dumps(model))
    target = tmp_path / "crafted.skops"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(data))
                change(array)
                out = io.BytesIO()
                np.save(out, array)
                data = out.getvalue()
            new.writestr(name, data)
    return target


def set_field(field, value):
    def change(array):
        names = array.dtype.names or ()
        if field in names and array.size > 1:
            array[field][0] = value

    return change


@pytest.mark.parametrize(
    ("model", "field", "value", "words"),
    [
        (DecisionTreeClassifier(), "left_child", 10**6, "a child that is not there"),
        (DecisionTreeClassifier(), "right_child", 0, "a child that is not there, or one before it"),
        (DecisionTreeClassifier(), "feature", 3, "a column beyond the 3 that the model takes"),
        (RandomForestClassifier(2), "feature", -7, "a column beyond the 3"),
        (GradientBoostingClassifier(n_estimators=2), "left_child", 10**6, "a child that is not there"),
        (
            HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5),
            "left",
            10**6,
            "a child that is not there",
        ),
        (HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5), "right", 0, "or one before it"),
        (
            HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5),
            "feature_idx",
            9,
            "a column beyond the 3",
        ),
        (
            HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5),
            "is_categorical",
            1,
            "set of categories that is not there",
        ),
    ],
)
def test_a_tree_that_leads_out_of_its_own_memory_is_refused(model, field, value, words, tmp_path):
    path = crafted(model.fit(X, Y), set_field(field, value), tmp_path)
    with pytest.raises(DamagedFileError, match=words):
        model_of(path)


def test_a_forest_whose_trees_take_other_columns_is_refused(tmp_path):
    forest = RandomForestClassifier(2, random_state=0).fit(X, Y)
    forest.n_features_in_ = 1
    with pytest.raises(DamagedFileError, match="its trees take another number of columns"):
        model_of(kept(forest, tmp_path))


def test_a_schema_that_nests_without_end_is_damaged(tmp_path):
    deep = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "1"}
    for _ in range(400):
        deep = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [deep]}
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("schema.json", json.dumps({**deep, "protocol": 2, "_skops_version": "0.16.0"}))
    with pytest.raises((DamagedFileError, BadArgumentError)):
        model_of(tmp_path / "model.skops")


# ---------------------------------------------------------------- ONNX


def test_onnx_without_its_runtime_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "model.onnx").write_bytes(b"\x08\x0a")
    with pytest.raises(
        MissingExtraError, match=r"need the library `onnxruntime`.*\n.*pip install onnxruntime"
    ):
        model_of(tmp_path / "model.onnx")


def test_a_skops_file_without_skops_says_what_to_install(tmp_path, monkeypatch):
    path = kept(LogisticRegression(), tmp_path)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(MissingExtraError, match=r"gnomon\[trust\]"):
        model_of(path)


class Session:
    """What onnxruntime gives for a model of one input of three numbers, with labels and chances."""

    def __init__(self, data, providers):
        if data == b"broken":
            raise RuntimeError("INVALID_PROTOBUF: no graph")

    def get_inputs(self):
        return [types.SimpleNamespace(name="X", type="tensor(float)", shape=[None, 3])]

    def get_outputs(self):
        return [types.SimpleNamespace(name=name) for name in ("label", "chances")]

    def run(self, names, fed):
        assert fed["X"].dtype == np.float32
        label = (fed["X"][:, 0] > 0).astype(int)
        return [label if names == ["label"] else [{0: 1 - one, 1: one} for one in label]]


def test_onnx_takes_numbers_in_order(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", types.SimpleNamespace(InferenceSession=Session))
    (tmp_path / "model.onnx").write_bytes(b"\x08\x0a")
    model = model_of(tmp_path / "model.onnx")
    from gnomon.checks.model_inputs import inputs_of

    with inputs_of({"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), "c": X[:, 2].tolist()}) as (given, _):
        assert model.predict(given).tolist() == (X[:, 0] > 0).astype(int).tolist()
        assert model.chances(given).shape == (80, 2)
    (tmp_path / "model.onnx").write_bytes(b"broken")
    with pytest.raises(DamagedFileError, match="cannot be read as an ONNX model: INVALID_PROTOBUF"):
        model_of(tmp_path / "model.onnx")
