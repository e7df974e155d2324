"""Images, tables, figures and the like go through `run.log` into the record, and come back."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import numpy as np
import pytest

import gnomon
from gnomon.errors import BadArgumentError, NotStoredError
from gnomon.runs.values import writing as values_writing


def the_run():
    record = gnomon.open()
    (one,) = record.runs().ids
    return record.run(one)


def picture(seed=0, size=16):
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


def test_an_image_beside_a_number(project):
    with gnomon.run() as run:
        for step in (3, 4):
            run.log({"loss": 0.5, "samples": gnomon.Image(picture(step), caption=f"step {step}")}, step=step)
    found = the_run()
    assert found.metrics == {"loss": 0.5} and list(found.series("loss").step) == [3, 4]
    first, second = found.values("samples")
    assert (first.kind, first.step, first.meta["width"], first.meta["caption"]) == ("image", 3, 16, "step 3")
    assert np.array_equal(first.read().to_numpy(), picture(3))
    assert np.array_equal(second.read().to_numpy(), picture(4))
    assert second.data()[:8] == b"\x89PNG\r\n\x1a\n" and second.media_type == "image/png"
    assert found.values(step=3)[0].step == 3 and found.values("nothing") == []
    assert not list(gnomon.open().verify(deep=True))


def test_a_row_of_rich_values_only_is_a_step(project):
    with gnomon.run() as run:
        run.log({"a": gnomon.Text("one")})
        run.log({"a": gnomon.Text("two")})
        run.log(loss=1)
    found = the_run()
    assert [value.step for value in found.values("a")] == [0, 1]
    assert list(found.series("loss").step) == [2]
    assert [value.read() for value in found.values("a")] == ["one", "two"]


@pytest.mark.slow
def test_figures_and_pictures_need_no_wrapper(project):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    import plotly.graph_objects as go
    from PIL import Image

    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    with gnomon.run() as run:
        run.log(
            {"curve": figure, "plotly": go.Figure(go.Scatter(y=[1, 2])), "pil": Image.fromarray(picture())},
            step=1,
        )
    plt.close(figure)
    found = {value.series: value for value in the_run().values()}
    assert {name: value.kind for name, value in found.items()} == {
        "curve": "figure",
        "plotly": "figure",
        "pil": "image",
    }
    assert set(found["curve"].parts) == {"figure.png", "figure.svg"}
    assert json.loads(found["plotly"].data("figure.json"))["data"][0]["y"]


def test_equal_values_are_stored_once(project):
    with gnomon.run() as run:
        for step in range(20):
            run.log({"x": gnomon.Image(picture())}, step=step)
    objects = {part["object"] for value in the_run().values("x") for part in value._parts}
    assert len(objects) == 1 and len(the_run().values("x")) == 20
    packs = list((project / ".gnomon/objects").rglob("*.pack"))
    assert len(packs) == 1


def test_a_value_that_breaks_a_rule_is_counted_and_said_once(project, caplog):
    with caplog.at_level(logging.WARNING), gnomon.run() as run:
        for _ in range(3):
            run.log({"x": gnomon.Image(np.zeros((2, 2, 7))), "loss": 1.0})
    assert len(caplog.records) == 1 and "`x`" in caplog.text and "(2, 2, 7)" in caplog.text
    found = the_run()
    assert found.processes[0].unusable_values == 3 and found.values() == []
    assert found.stats["loss", 0].count == 3


def test_a_strict_run_raises(project):
    with pytest.raises(NotStoredError, match=r"\(2, 2, 7\)"), gnomon.run(strict=True) as run:
        run.log({"x": gnomon.Image(np.zeros((2, 2, 7)))})


def test_limits_of_a_value_and_of_a_run(project, monkeypatch, caplog):
    monkeypatch.setattr(values_writing, "MAX_VALUE_BYTES", 400)
    monkeypatch.setattr(values_writing, "MAX_VALUES", 2)
    with caplog.at_level(logging.WARNING), gnomon.run() as run:
        run.log({"big": gnomon.Text("x" * 500)})
        for n in range(4):
            run.log({"small": gnomon.Text(f"{n}")})
    assert len(the_run().values()) == 2 and the_run().processes[0].unusable_values == 3
    assert "at most 400 are stored of one value" in caplog.text


@pytest.mark.slow
def test_values_wait_no_longer_than_a_second(project):
    run = gnomon.run()
    run.log({"x": gnomon.Text("now")})
    import time

    end = time.monotonic() + 10
    while not the_run().values("x"):
        assert time.monotonic() < end
        time.sleep(0.05)
    run.finish()


def test_a_full_disk_loses_the_value_and_says_so(project, monkeypatch, caplog):
    from gnomon.objects.store import ObjectStore

    def full(self, datas):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ObjectStore, "put_many", full)
    with caplog.at_level(logging.WARNING), gnomon.run() as run:
        run.log({"x": gnomon.Text("gone"), "loss": 1.0})
    assert "1 images or other values could not be stored" in caplog.text
    assert the_run().metrics == {"loss": 1.0} and the_run().values() == []


def test_threads_may_log_values(project):
    from threading import Thread

    with gnomon.run() as run:
        threads = [
            Thread(
                target=lambda n=n: [run.log({f"t{n}": gnomon.Text(f"{n} {k}")}, step=k) for k in range(20)]
            )
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = the_run().values()
    assert len(found) == 80
    assert {value.read() for value in found} == {f"{n} {k}" for n in range(4) for k in range(20)}


@pytest.mark.slow
def test_from_the_command_line(project):
    with gnomon.run("x") as run:
        run.log({"samples": gnomon.Image(picture(1)), "words": gnomon.Text("hello *you*")}, step=1)
        run.log({"samples": gnomon.Image(picture(2))}, step=2)

    def cli(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done

    shown = cli("show", run.id).stdout
    assert "samples" in shown and "image" in shown and "1 to 2" in shown
    cli("get", run.id, "samples", "--to", "last.png")
    cli("get", run.id, "samples", "--step", "1", "--to", "first.png")
    assert (project / "last.png").read_bytes() == the_run().values("samples")[-1].data()
    assert (project / "first.png").read_bytes() == the_run().values("samples")[0].data()
    assert "at step 9" in cli("get", run.id, "samples", "--step", "9", "--to", "x.png", code=2).stderr
    assert "no part `nope`" in cli("get", run.id, "words", "--part", "nope", "--to", "x", code=2).stderr
    (value,) = [
        one for one in json.loads(cli("show", run.id, "--json").stdout)["values"] if one["series"] == "words"
    ]
    assert value["parts"] == {"text.md": 11}


def test_a_notebook_shows_a_picture(project):
    with gnomon.run() as run:
        run.log({"a": gnomon.Image(picture()), "t": gnomon.Text("x")})
    found = {value.series: value._repr_mimebundle_() for value in the_run().values()}
    assert "image/png" in found["a"] and set(found["t"]) == {"text/plain"}


def test_a_part_that_is_not_there(project):
    with gnomon.run() as run:
        run.log({"t": gnomon.Text("x")})
    with pytest.raises(BadArgumentError, match="no part `y`"):
        the_run().values()[0].data("y")


class TorchLike:
    """What a scalar tensor of torch looks like from outside."""

    __module__ = "torch"

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value

    def __float__(self):
        return float(self.value)

    def __index__(self):
        if isinstance(self.value, int):
            return self.value
        raise TypeError("only integer tensors of a single element can be converted to an index")


def test_scalars_of_torch(project):
    with gnomon.run() as run:
        for step in range(3):
            run.log({"a": TorchLike(0.5 + step), "b": TorchLike(2), "c": 1.5}, step=step)
            run.log({"a": TorchLike(0.25), "b": TorchLike(float("nan"))}, step=10 + step)
        run.log({"big": TorchLike(2**63 + 1)})
    found = the_run()
    assert list(found.series("a").value) == [0.5, 0.25, 1.5, 0.25, 2.5, 0.25]
    assert (
        list(found.series("b").value)[::2] == [2.0, 2.0, 2.0]
        and np.isnan(found.series("b").value[1::2]).all()
    )
    assert found.metrics["big"] == 2**63 + 1


def test_a_tensor_of_several_numbers_is_no_number(project, caplog):
    class Several(TorchLike):
        __module__ = "torch"

        def item(self):
            raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")

        def __float__(self):
            raise ValueError("only one element tensors can be converted")

    with caplog.at_level(logging.WARNING), gnomon.run() as run:
        run.log({"x": Several([1, 2]), "loss": TorchLike(0.5)})
    assert the_run().metrics == {"loss": 0.5} and the_run().processes[0].unusable_values == 1


def test_a_data_frame_needs_no_wrapper(project):
    import pandas
    import polars

    with gnomon.run() as run:
        run.log(
            {"pandas": pandas.DataFrame({"a": [1, 2]}), "polars": polars.DataFrame({"b": ["x"]}), "loss": 1.0}
        )
    found = {value.series: value for value in the_run().values()}
    assert {name: value.kind for name, value in found.items()} == {"pandas": "table", "polars": "table"}
    assert found["pandas"].meta["rows"] == 2 and found["polars"].meta["rows"] == 1


def test_each_series_that_is_no_number_is_said_once(project, caplog):
    with caplog.at_level(logging.WARNING), gnomon.run() as run:
        for _ in range(3):
            run.log({"a": [1, 2], "b": "0.9", "c": None, "d": gnomon.Image(np.zeros((2, 2, 7)))})
    said = [record.message for record in caplog.records]
    assert len(said) == 4 and [
        name for name in "abcd" if sum(f"`{name}`" in text for text in said) == 1
    ] == list("abcd")
    with caplog.at_level(logging.WARNING), gnomon.run() as run:
        for n in range(200):
            run.log({f"x{n}": None})
    assert len(caplog.records) == 4 + 20


# --- forks, handlers, other threads


def script(text, project, timeout=60):
    import textwrap

    path = project / "script.py"
    path.write_text(textwrap.dedent(text))
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_forked_child_logs_its_own_values_and_none_of_its_parents(project):
    script(
        """
        import gnomon, os
        with gnomon.run() as run:
            run.log({"parent": gnomon.Text("before the fork")})
            if os.fork() == 0:
                run.log({"child": gnomon.Text("in the child")}, step=100)
                run.finish()
                from gnomon.session import close_all
                close_all()
                os._exit(0)
            os.wait()
        """,
        project,
    )
    found = [(value.series, value.step, value.read()) for value in the_run().values()]
    assert found == [("child", 100, "in the child"), ("parent", 0, "before the fork")]


@pytest.mark.slow
def test_forks_while_values_are_stored_never_hang(project):
    script(
        """
        import gnomon, os, threading, time
        from gnomon.session import close_all
        with gnomon.run() as run:
            run.log({"w": gnomon.Text("warm")}); run._values.flush()  # a fork in the middle of an import is Python's own trap
            stop = threading.Event()
            def store():
                n = 0
                while not stop.is_set():
                    run.log({"v": gnomon.Text(str(n))}, step=n); run._values.flush(); n += 1; time.sleep(0.0005)
            thread = threading.Thread(target=store); thread.start()
            for _ in range(15):
                pid = os.fork()
                if pid == 0:
                    run.log(x=1.0); run.log({"c": gnomon.Text("c")}); run.finish(); close_all(); os._exit(0)
                os.waitpid(pid, 0)
            stop.set(); thread.join()
        """,
        project,
    )
    values = the_run().values()
    assert sum(value.series == "c" for value in values) == 15
    steps = [value.step for value in values if value.series == "v"]
    assert steps == list(range(len(steps)))


@pytest.mark.slow
def test_a_signal_handler_that_ends_the_run_while_values_are_stored(project):
    out = script(
        """
        import gnomon, os, signal, sys
        from gnomon.objects.store import ObjectStore
        run = gnomon.run()
        def end(*_):
            run.log({"late": gnomon.Text("from the handler")}); run.finish("stopped"); print("ended", flush=True); sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        original = ObjectStore.put_many
        def slow(self, datas):
            ObjectStore.put_many = original
            os.kill(os.getpid(), signal.SIGTERM)
            return original(self, datas)
        ObjectStore.put_many = slow
        run.log({"x": gnomon.Text("early")})
        run.finish()
        """,
        project,
    )
    assert out == "ended\n" and the_run().status == "stopped"
    assert {value.series for value in the_run().values()} >= {"late"}


def test_encoding_does_not_hold_up_other_threads(project, monkeypatch):
    from threading import Event, Thread

    import gnomon.runs.run as module

    begun, go_on = Event(), Event()
    original = module._encoded

    def slow(value):
        if isinstance(value, gnomon.Text):
            begun.set()
            assert go_on.wait(20)
        return original(value)

    monkeypatch.setattr(module, "_encoded", slow)
    with gnomon.run() as run:
        thread = Thread(target=lambda: run.log({"t": gnomon.Text("x")}))
        thread.start()
        assert begun.wait(20)
        run.log({"first": 1.0, "of a new set": 2.0})  # would wait if the lock were held
        go_on.set()
        thread.join()
    assert the_run().metrics["first"] == 1.0 and len(the_run().values("t")) == 1
