"""`%load_ext gnomon` in a real kernel: cells, outputs, order; what a crash leaves; what is withheld."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gnomon
from gnomon.env import REAL
from gnomon.objects.store import ObjectStore
from tests.unit.interop.kernels import LOAD, kernel, save
from tests.unit.interop.test_notebook_outputs import png
from tests.unit.scrub.planted import planted

pytestmark = pytest.mark.slow

ENDED = "run = __import__('gnomon').run()\nrun.finish()"


def notebook(project):
    with gnomon.open(project) as record:
        (found,) = record.notebooks()
        return found


def texts(cell):
    return [(one.kind if one.kind != "stream" else one.stream, one.text) for one in cell.outputs]


def show(*words):
    done = subprocess.run(
        [sys.executable, "-m", "gnomon", "show", *words], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_cells_outputs_and_order(project):
    save(project / "train.ipynb", [("a", LOAD), ("b", "x"), ("c", "y"), ("d", "z")])
    with kernel(project, JPY_SESSION_NAME=str(project / "train.ipynb")) as front:
        front.run(LOAD, "a")
        front.run(
            "import gnomon, sys\nrun = gnomon.run()\nprint('hello')\nprint('oh', file=sys.stderr)\n40 + 2",
            "b",
        )
        status, outputs = front.shown("run.log(loss=0.5)\nrun.finish()\n1 / 0", "c")
        assert status == "error" and [one["ename"] for one in outputs if "ename" in one] == [
            "ZeroDivisionError"
        ]
        front.run("'after the run'", "d")
    found = notebook(project)
    assert found.name == "train.ipynb"
    assert [(cell.number, cell.execution_count, cell.id, cell.place, cell.status, cell.error) for cell in found.cells] == [
        (1, 1, "a", 1, "ok", None), (2, 2, "b", 2, "ok", None), (3, 3, "c", 3, "error", "ZeroDivisionError"),
        (4, 4, "d", 4, "ok", None),
    ]  # fmt: skip
    assert found.cells[0].source == LOAD
    assert texts(found.cells[1]) == [("out", "hello\n"), ("err", "oh\n"), ("result", "42")]
    (error,) = found.cells[2].outputs
    assert "ZeroDivisionError: division by zero" in error.text and "\x1b" not in error.text
    assert found.order.is_in_order
    with gnomon.open(project) as record:
        run = record.run(record.runs().to_pylist()[0]["id"])
        assert run.name == "train.ipynb"
        assert [cell.number for cell in run.cells] == [1, 2, 3], "up to the run's end"
        assert [cell.is_during for cell in run.cells] == [False, True, True]
        assert [piece.text for piece in run.console()] == ["hello\n", "oh\n"], "once"
        assert run.captured.part("python")
    text = show(run.id)
    assert (
        "\nnotebook\n  file   train.ipynb\n  cells  3 cells run\n  order  run once each, from top to bottom\n"
        in text
    )
    text = show(run.id, "--cells")
    assert (
        "\nIn [2]  cell 2  " in text
        and "\n  stdout:\n    hello\n  stderr:\n    oh\n  result:\n    42\n" in text
    )
    assert "after the run" not in text
    told = json.loads(show(run.id, "--json"))["captured"]["notebook"]
    assert (told["in_order"], told["cells"], told["faults"]) == (True, 3, [])
    listed = json.loads(show(run.id, "--cells", "--json"))["cells"]
    assert listed[0]["source"] == LOAD and listed[1]["outputs"][2]["text"] == "42"


def test_a_notebook_without_a_run_is_recorded_too(project):
    with kernel(project) as front:
        front.run(LOAD)
        front.run("print('alone')")
    found = notebook(project)
    assert [cell.source for cell in found.cells] == [LOAD, "print('alone')"]
    assert "alone" in show(found.process[:10], "--cells")
    with gnomon.open(project) as record:
        assert len(record.runs()) == 0


def test_out_of_order_and_edited_and_run_again(project):
    save(project / "x.ipynb", [("a", LOAD), ("b", "x = 1"), ("c", "x = 2"), ("d", ENDED)])
    with kernel(project) as front:  # nobody says where the file is: the one that holds the cell
        for source, cell in [
            (LOAD, "a"),
            ("x = 2", "c"),
            ("x = 1", "b"),
            ("x = 3", "c"),
            (ENDED, "d"),
            (ENDED, "d"),
        ]:
            assert front.run(source, cell) == "ok"
    found = notebook(project)
    assert found.order.faults == (
        "cell 3 ran before cell 2",
        "cell 3 was run again after it was changed",
        "cell 4 was run 2 times",
    )
    with gnomon.open(project) as record:
        first = record.run(record.runs(sort="created:asc").to_pylist()[0]["id"])
    text = show(first.id)
    order = (
        "order  not from top to bottom: cell 3 ran before cell 2; cell 3 was run again after it was changed\n"
    )
    assert order in text, "what was run again after the run's end is not its own"


def test_a_cell_that_was_never_run_and_one_that_is_not_saved(project):
    save(project / "x.ipynb", [("a", LOAD), ("b", "x = 1"), ("c", "x = 2")])
    with kernel(project) as front:
        front.run(LOAD, "a")
        front.run("x = 2", "c")
        assert notebook(project).order.faults == ("cell 2 was never run",)
        front.run("x = 3", "new")
        assert notebook(project).order.is_in_order is None
        save(project / "x.ipynb", [("a", LOAD), ("c", "x = 2"), ("new", "x = 3")])
        front.run("x = 3", "last")
        save(project / "x.ipynb", [("a", LOAD), ("c", "x = 2"), ("new", "x = 3"), ("last", "x = 3")])
    assert notebook(project).order.is_in_order, "the file is read once more at the end"


def test_vscode_names_cells_by_an_address(project):
    save(project / "v.ipynb", [("a", LOAD), ("b", "x = 1")])
    with kernel(project) as front:
        front.run(
            f"__vsc_ipynb_file__ = {str(project / 'v.ipynb')!r}\n{LOAD}",
            "vscode-notebook-cell:/home/jo/v.ipynb#W0",
        )
        front.run("x = 1", "vscode-notebook-cell:/home/jo/v.ipynb#W1")
        front.run("x = 2", "vscode-notebook-cell:/home/jo/v.ipynb#W1")
    found = notebook(project)
    assert found.name == "v.ipynb" and [cell.id for cell in found.cells][1:] == ["b", "b"]
    assert "cell 2 was run again after it was changed" in found.order.faults
    assert b"/home/jo" not in b"".join(path.read_bytes() for path in project.rglob("*.jsonl"))


def test_nbclient_runs_a_file(project, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    monkeypatch.setenv("JPY_SESSION_NAME", "file.ipynb")
    save(project / "file.ipynb", [("a", LOAD), ("b", "print('from nbclient')\n7 * 6"), ("c", ENDED)])
    document = nbformat.read(project / "file.ipynb", as_version=4)
    nbclient.NotebookClient(document, timeout=60, resources={"metadata": {"path": str(project)}}).execute()
    assert document.cells[1].outputs[0].text == "from nbclient\n", "what the notebook shows is as it was"
    found = notebook(project)
    assert texts(found.cells[1]) == [("out", "from nbclient\n"), ("result", "42")]
    assert found.order.is_in_order, found.order


def test_a_killed_kernel_loses_only_the_end_of_its_cell(project):
    with kernel(project) as front:
        front.run(LOAD)
        front.run("print('before')")
        front.send("import os, signal\nprint('never seen')\nos.kill(os.getpid(), signal.SIGKILL)")
        deadline = time.monotonic() + 30
        while front.manager.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
    found = notebook(project)
    assert [cell.status for cell in found.cells] == ["ok", "ok", "interrupted"]
    assert [cell.execution_count for cell in found.cells] == [1, 2, 3]
    assert "SIGKILL" in found.cells[2].source and texts(found.cells[1]) == [("out", "before\n")]
    assert "interrupted" in show(found.process, "--cells")


def test_a_long_cell_shows_so_far_what_it_printed(project):
    with kernel(project) as front:
        front.run(LOAD)
        front.run("import gnomon.interop.notebook as module\nmodule.FIRST_LOOK_AFTER_S = 0.0")
        front.send("import time, os\nprint('so far')\ntime.sleep(3)\nos._exit(3)")
        deadline = time.monotonic() + 30
        while front.manager.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
    last = notebook(project).cells[-1]
    assert (last.status, texts(last)) == ("interrupted", [("out", "so far\n")])


def test_pictures_html_and_updates(project):
    data = base64.b64encode(png()).decode()
    with kernel(project) as front:
        front.run(LOAD)
        code = f"""
from IPython.display import HTML, Image, display
import base64
picture = Image(data=base64.b64decode("{data}"), format="png")
display(picture)
display(HTML("<b>only html</b>"))
handle = display("first", display_id=True)
print("between")
handle.update("second")
picture"""
        status, outputs = front.shown(code)
        assert status == "ok" and sum("image/png" in one.get("data", ()) for one in outputs) == 2
        front.run("from IPython.display import clear_output\nprint('a')\nclear_output(wait=True)\nprint('b')")
        front.run(
            "class Both:\n  def _repr_html_(self): return '<i>x</i>'\n  def __repr__(self): return 'plain'\nBoth()"
        )
        front.run("%%capture kept\nprint('captured')\ndisplay('captured')")
        front.run("handle.update('third')")
    cells = notebook(project).cells
    image, html, updated, between, result = cells[1].outputs
    assert image.read("image/png") == png() and image.media == result.media, "stored once"
    assert html.read("text/html") == b"<b>only html</b>"
    assert (updated.text, between.text) == ("'second'", "between\n")
    assert texts(cells[2]) == [("out", "b\n")]
    assert texts(cells[3]) == [("result", "plain")] and cells[3].outputs[0].left_out == {"text/html": 8}
    assert texts(cells[4]) == [], "as in the notebook"
    assert texts(cells[5]) == [("display", "'third'")]
    store = ObjectStore(REAL, str(project / ".gnomon/objects"))
    assert sum(store.read(one) == png() for one in store.objects()) == 1


def test_ten_megabytes(project):
    with kernel(project) as front:
        front.run(LOAD)
        assert front.run("for n in range(200_000): print('x' * 50)") == "ok"
        assert front.run("print('y' * (10 << 20))") == "ok"
    many, one = notebook(project).cells[1:]
    assert sum(len(output.text) for output in many.outputs) < 500_000
    assert many.outputs[-1].skipped_bytes > 9_000_000 and one.outputs[-1].skipped_bytes > 9_000_000
    assert sum(path.stat().st_size for path in project.rglob("*.jsonl")) < 4_000_000


def test_shell_magics_children_and_async(project):
    with kernel(project) as front:
        front.run(LOAD)
        front.run("!echo from a shell")
        front.run("%%bash\necho from bash\necho oh >&2")
        front.run(
            "import asyncio\nasync def f():\n    await asyncio.sleep(0.05)\n    print('awaited')\nawait f()"
        )
        front.run("%%timeit -n1 -r1\npass")
        front.run("get_ipython().run_cell('print(1)', store_history=True)\nprint(2)")
        front.run("import subprocess, time\nsubprocess.run(['echo', 'a child'])\ntime.sleep(0.5)")
        front.run("def broken(:")
        front.run("raise SystemExit")
        front.run("%unknown_magic")
        front.run("   ")
    cells = notebook(project).cells
    assert texts(cells[1]) == [("out", "from a shell\n")]
    assert sorted(texts(cells[2])) == [("err", "oh\n"), ("out", "from bash\n")]
    assert texts(cells[3]) == [("out", "awaited\n")]
    assert "per loop" in texts(cells[4])[0][1]
    assert texts(cells[5])[0] == ("out", "1\n2\n"), "a cell in a cell is the outer one's"
    assert ("out", "a child\n") in texts(cells[6])
    assert (cells[7].status, cells[7].error, cells[7].outputs[0].kind) == ("error", "SyntaxError", "error")
    assert (cells[8].status, cells[8].error) == ("error", "SystemExit")
    assert len(cells) == 10 and cells[9].source == "%unknown_magic"


def test_what_threads_print_between_cells_is_on_the_console(project):
    with kernel(project) as front:
        front.run(LOAD)
        front.run("import gnomon, threading\nrun = gnomon.run()")
        front.run("threading.Timer(0.3, lambda: print('late')).start()\nprint('now')")
        time.sleep(1)
        front.run("run.finish()")
    with gnomon.open(project) as record:
        run = record.run(record.runs().to_pylist()[0]["id"])
        assert [piece.text for piece in run.console()] == ["now\n", "late\n"]
        assert [texts(cell) for cell in run.cells] == [[], [], [("out", "now\n")], []]


def test_a_run_before_the_extension(project):
    """The console was listened to until then; nothing is kept twice afterwards."""
    with kernel(project) as front:
        front.run("import gnomon\nrun = gnomon.run()\nprint('first')")
        front.run(LOAD)
        front.run("print('second')")
        front.run("run.finish()")
    with gnomon.open(project) as record:
        run = record.run(record.runs().to_pylist()[0]["id"])
        assert sorted(piece.text for piece in run.console()) == ["first\n", "second\n"]
        assert run.notebook.order.unknown[0] == "1 cell was run before the notebook was recorded"
        assert [cell.execution_count for cell in run.cells] == [2, 3, 4]


def test_twice_again_and_off(project):
    with kernel(project) as front:
        front.run(LOAD)
        front.run("import gnomon\ngnomon.load_ipython_extension(get_ipython())\n" + LOAD)
        front.run("print('once')")
        front.run("%reload_ext gnomon")
        front.run("print('still')")
        front.run("%unload_ext gnomon")
        status, outputs = front.shown("import sys\nprint(type(sys.stdout).__name__)\n5")
        assert (status, outputs[0]["text"]) == ("ok", "Tee\n"), (
            "the console is listened to again, as without us"
        )
        _, outputs = front.shown(
            "shell = get_ipython()\nprint(*vars(shell), *vars(shell.display_pub), *vars(shell.displayhook))"
        )
        assert not {"_showtraceback", "publish", "write_format_data"} & set(outputs[0]["text"].split())
        front.run(LOAD)
        front.run("print('again')")
    with gnomon.open(project) as record:
        cells = [cell for found in record.notebooks() for cell in found.cells]
    sources = [cell.source for cell in cells]
    assert sources.count("print('once')") == sources.count("print('still')") == 1
    assert sources[-2:] == [LOAD, "print('again')"] and "%unload_ext gnomon" in sources
    assert not any("type(sys.stdout)" in source for source in sources)
    assert [texts(cell) for cell in cells if cell.source.startswith("print(")] == [
        [("out", "once\n")], [("out", "still\n")], [("out", "again\n")],
    ]  # fmt: skip


@pytest.mark.parametrize("setting", ["off", "command,code"])
def test_what_is_not_wanted_is_not_kept(project, setting):
    with kernel(project, GNOMON_CAPTURE=setting) as front:
        status, outputs = front.shown(LOAD)
        assert status == "ok" and "the cells of this notebook are not kept" in outputs[0]["text"]
        front.run("import gnomon\nwith gnomon.run() as run: print('hello')")
    with gnomon.open(project) as record:
        assert record.notebooks() == [] and len(record.runs()) == 1
        assert record.run(record.runs().to_pylist()[0]["id"]).cells == []


def test_cells_alone(project):
    with kernel(project, GNOMON_CAPTURE="cells") as front:
        front.run(LOAD)
        front.run("print('hello')\nimport gnomon\nwith gnomon.run(): pass")
    with gnomon.open(project) as record:
        run = record.run(record.runs().to_pylist()[0]["id"])
        assert texts(run.cells[1]) == [("out", "hello\n")] and run.captured.part("python") == {}


def test_off_touches_no_disk(project):
    with kernel(project, GNOMON_CAPTURE="off") as front:
        front.run(LOAD)
        front.run("1")
    assert not (project / ".gnomon").exists()


def test_a_disk_that_refuses_does_not_disturb(project):
    (project / ".gnomon").write_text("a file where the record should be")
    with kernel(project) as front:
        assert front.run(LOAD) in ("ok", "error")
        assert front.shown("print('goes on')\n3")[1][0]["text"] == "goes on\n"


def test_a_thousand_cells(project):
    with kernel(project) as front:
        front.run(LOAD)
        for number in range(1000):
            front.run(f"print({number})")
    found = notebook(project)
    assert len(found.cells) == 1001 and texts(found.cells[1000]) == [("out", "999\n")]
    assert found.cells_left_out == 0


def test_more_cells_than_are_kept_are_counted(project):
    with kernel(project) as front:
        front.run(LOAD + "\nimport gnomon.interop.notebook as module\nmodule.MAX_CELLS = 3")
        for number in range(5):
            front.run(f"print({number})")
    found = notebook(project)
    assert (len(found.cells), found.cells_left_out) == (3, 3)
    assert "3 cells were run after the last one that was kept" in found.order.unknown


def test_pictures_beyond_the_limit_are_named(project):
    with kernel(project) as front:
        front.run(LOAD)
        front.run(
            f"import gnomon.interop.notebook as module\nmodule._recording._bytes_left = {len(png()) + 10}"
        )
        for data in (png(), png(), png(pixel=b"\0\1")):
            text = base64.b64encode(data).decode()
            front.run(
                f"from IPython.display import Image\nimport base64\nImage(data=base64.b64decode('{text}'))"
            )
    first, again, other = [cell.outputs[0] for cell in notebook(project).cells[2:]]
    assert first.media == again.media and again.read("image/png") == png(), "what is stored once counts once"
    assert other.media == {} and other.left_out["image/png"] == len(png())


def test_nothing_of_ipython_is_loaded_without_need(project):
    code = """
import sys
import gnomon
assert callable(gnomon.load_ipython_extension) and callable(gnomon.unload_ipython_extension)
with gnomon.run(): pass
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"IPython", "ipykernel", "traitlets"}, loaded
"""
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "GNOMON_CAPTURE": "on"}, timeout=60
    )


def test_in_a_terminal_too(project):
    """IPython without a kernel prints what it shows; it is kept once."""
    code = """
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance(history_manager=None) if False else InteractiveShell.instance()
shell.run_cell("%load_ext gnomon", store_history=True)
shell.run_cell("print('hello')\\ndisplay('shown')\\n6 * 7", store_history=True)
shell.run_cell("1 / 0", store_history=True)
"""
    world = {**os.environ, "GNOMON_CAPTURE": "on", "IPYTHONDIR": os.environ["XDG_CONFIG_HOME"]}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=world, timeout=60)
    assert done.returncode == 0 and "hello\n'shown'\n" in done.stdout and "42" in done.stdout, done
    cells = notebook(project).cells
    assert texts(cells[1]) == [("out", "hello\n"), ("display", "'shown'"), ("result", "42")]
    (error,) = cells[2].outputs
    assert (error.kind, cells[2].error) == ("error", "ZeroDivisionError")


# --- secrets

WAYS = ("source", "print", "err", "result", "display", "traceback", "html", "shell", "update", "markdown")
SHOWN = """
import json, os, sys
from IPython.display import HTML, Markdown, display
texts = json.load(open(os.environ["PLANT"]))
handle = display("", display_id=True)
for text in texts["print"]: print(text)
for text in texts["err"]:
    sys.stderr.write(text[: len(text) // 2]); sys.stderr.flush(); sys.stderr.write(text[len(text) // 2 :] + "\\n")
for text in texts["display"]: display({"text/plain": text}, raw=True)
for text in texts["html"]: display(HTML(f"<p>{text}</p>"))
for text in texts["markdown"]: display(Markdown("text: " + text))
"""


def test_nothing_planted_is_in_the_bytes_of_the_record(project, tmp_path):
    plant = {way: planted(700 + number) for number, way in enumerate(WAYS)}
    (tmp_path / "plant.json").write_text(
        json.dumps({way: [text for _, _, text in plant[way]] for way in WAYS})
    )
    with kernel(project, PLANT=str(tmp_path / "plant.json"), HOME=str(tmp_path)) as front:
        front.run(LOAD)
        for _, _, text in plant["source"]:
            front.run("# " + text.replace("\n", "\n# "))
            if "\n" not in text and "\0" not in text:
                front.run(f"setting = 1 # {text}\n1 / 0")  # the traceback quotes the source
        assert front.run(SHOWN) == "ok"
        for number in range(len(plant["result"])):
            front.run(f"texts['result'][{number}]")
            front.run(f"handle.update({{'text/plain': texts['update'][{number}]}}, raw=True)")
            front.run(f"raise ValueError(texts['traceback'][{number}])")
            front.run(f"import subprocess\nprint(subprocess.run(['echo', texts['shell'][{number}]]) and '')")
        front.run("import gnomon\nwith gnomon.run(): pass")
    assert len(notebook(project).cells) > 300
    subprocess.run([sys.executable, "-m", "gnomon", "runs"], check=True, capture_output=True)
    blobs = everything_on_disk(project)
    assert sum(map(len, blobs)) > 500_000
    slipped = sorted(
        (way, kind)
        for way in WAYS
        for kind, secret, _ in plant[way]
        if any(secret.encode() in blob for blob in blobs)
    )
    assert slipped == []
    with gnomon.open(project) as record:
        run = record.run(record.runs().to_pylist()[0]["id"])
        assert {"cell source", "cell output", "cell output out", "cell output err", "cell traceback"} <= {
            one.where for one in run.withheld
        }


def everything_on_disk(project: Path) -> list[bytes]:
    """Return all bytes that Gnomon wrote: raw, unpacked, and with JSON escapes undone."""
    folders = [
        project / ".gnomon",
        *(Path(os.environ[name]) / "gnomon" for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME")),
    ]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found = [path.read_bytes() for path in files]
    for path in files:
        if path.suffix == ".jsonl":
            found += [strings(json.loads(line)) for line in path.read_bytes().splitlines()]
    store = ObjectStore(REAL, str(project / ".gnomon/objects"))
    return found + [store.read(one) for one in store.objects()]


def strings(value: object) -> bytes:
    if isinstance(value, dict):
        return b"\n".join(map(strings, [*value.keys(), *value.values()]))
    if isinstance(value, list):
        return b"\n".join(map(strings, value))
    return str(value).encode("utf-8", "surrogatepass")
