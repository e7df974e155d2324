"""`gnomon check …`: make a check of a table, a model or two tables, show what came of it, and write it down."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gnomon.checks.cli import EXIT_NOTE, code_of
from gnomon.errors import BadArgumentError, MissingFileError
from gnomon.runs.cli import open_record
from gnomon.runs.kept_files import lent

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from gnomon.checks.result import CheckResult
    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record

TABLE_HELP = "a CSV, Parquet, Arrow or JSON lines file, a folder of them, or a version of data: `credit@v3`"


def performance(parser: Parser) -> Run:
    """Check how good a model is: the metrics of its task with intervals, calibration, and where it is weak.

    TABLE holds what was true and what the model said. Slices are looked for in its other columns.
    """
    _table(parser)
    _columns_of_model(parser, is_target_needed=True)
    parser.option(
        "--require",
        metavar="DEMAND",
        action="append",
        default=[],
        help="such as `auc >= 0.9`; may be repeated",
    )
    parser.option("--metrics", metavar="NAMES", help="only these metrics; all of the task unless given")
    parser.option(
        "--task", choices=["binary", "multiclass", "regression"], help="found from the columns unless given"
    )
    parser.option("--slices", metavar="COLUMNS", help="look for weak slices in these columns only")
    parser.option("--no-slices", action="store_true", help="look for none")
    parser.option(
        "--max-slice-drop", metavar="DROP", type=float, help="how much worse a slice may be than the rest"
    )
    parser.option(
        "--max-calibration-error", metavar="ERROR", type=float, help="how far chances may be off, on average"
    )
    parser.option("--resamples", metavar="N", type=int, help="of the bootstrap")
    _common(parser)
    parser.example(
        "gnomon check performance test.csv --target income --score chance --of @1", "of the newest run"
    )
    parser.example('gnomon check performance test.csv --target y --score p --require "auc >= 0.9"', "in CI")
    return _maker("performance", ("table",), _performance_options)


def _performance_options(arguments: Namespace) -> dict[str, Any]:
    options = _model_options(arguments)
    options["require"] = tuple(arguments.require)
    options["metrics"] = _listed(arguments.metrics)
    options["slices"] = False if arguments.no_slices else _listed(arguments.slices) or True
    return options | _given(arguments, "task", "max_slice_drop", "max_calibration_error", "resamples")


def fairness(parser: Parser) -> Run:
    """Check whether groups of people fare alike: selection, true and false positive rates, calibration, with intervals.

    A gap fails where chance does not explain it and it is beyond --max-gap; a group that is too small to tell is said to be. The
    check of the same name before it, if there is one, says whether a gap grew.
    """
    _table(parser)
    _columns_of_model(parser, is_target_needed=False)
    parser.option("--groups", metavar="COLUMNS", required=True, help="what people are grouped by: `sex,race`")
    parser.option(
        "--metrics", metavar="NAMES", help="only these, such as `selection_rate,true_positive_rate`"
    )
    parser.option("--max-gap", metavar="GAP", type=float, help="how far groups may be apart (default: 0.1)")
    parser.option(
        "--max-growth",
        metavar="GROWTH",
        type=float,
        help="how much a gap may grow from one version to the next",
    )
    parser.option("--since", metavar="CHECK", complete="check", help="the earlier version to compare with")
    parser.option("--no-intersections", action="store_true", help="each column alone")
    parser.option("--resamples", metavar="N", type=int, help="add bootstrap intervals of so many resamples")
    _common(parser)
    parser.example(
        "gnomon check fairness test.csv --target income --prediction predicted --groups sex,race --of @1",
        "of the newest run",
    )
    return _maker("fairness", ("table",), _fairness_options)


def _fairness_options(arguments: Namespace) -> dict[str, Any]:
    options = _model_options(arguments)
    options["groups"] = _listed(arguments.groups)
    options["metrics"] = _listed(arguments.metrics)
    if arguments.no_intersections:
        options["intersections"] = False
    return options | _given(arguments, "max_gap", "max_growth", "resamples", "since")


def drift(parser: Parser) -> Run:
    """Check whether data moved: each column of CURRENT against REFERENCE, and all together.

    A column fails where chance does not explain the shift and it is beyond --max-shift, so many rows alone are no alarm.
    """
    parser.option("reference", metavar="REFERENCE", complete="lineage", help=TABLE_HELP)
    parser.option("current", metavar="CURRENT", complete="lineage", help="the other one")
    parser.option(
        "--columns",
        metavar="COLUMNS",
        help="only these; every column of either table unless given, and one that only one has fails",
    )
    parser.option("--ignore", metavar="COLUMNS", help="not these, such as ids and times")
    parser.option(
        "--max-shift", metavar="SHIFT", type=float, help="how far a distribution may move, from 0 to 1"
    )
    _common(parser)
    parser.example("gnomon check drift credit@v1 credit@v2", "two versions of data")
    parser.example(
        "gnomon check drift train.parquet today.csv --of @1", "what a model was trained on, and what comes in"
    )
    return _maker("drift", ("reference", "current"), _drift_options)


def _drift_options(arguments: Namespace) -> dict[str, Any]:
    return {
        "columns": _listed(arguments.columns), "ignore": _listed(arguments.ignore) or (), **_given(arguments, "max_shift")
    }  # fmt: skip


def leakage(parser: Parser) -> Run:
    """Check whether a test set says more than it should: rows that were trained on, columns that give the target away."""
    parser.option("train", metavar="TRAIN", complete="lineage", help=TABLE_HELP)
    parser.option("test", metavar="TEST", complete="lineage", help="the other one")
    parser.option("--target", metavar="COLUMN", required=True, help="the column that is predicted")
    parser.option("--columns", metavar="COLUMNS", help="only these features; all unless given")
    parser.option("--ignore", metavar="COLUMNS", help="not these")
    parser.option(
        "--key", metavar="COLUMNS", help="columns that name one person or thing: none may be in both"
    )
    parser.option(
        "--time",
        metavar="COLUMN",
        help="when a row is from: training rows after the first test row are leaks",
    )
    parser.option(
        "--max-overlap",
        metavar="SHARE",
        type=float,
        help="share of test rows that may be in the training set",
    )
    _common(parser)
    parser.example(
        "gnomon check leakage train.csv test.csv --target income --key person_id", "before training"
    )
    return _maker("leakage", ("train", "test"), _leakage_options)


def _leakage_options(arguments: Namespace) -> dict[str, Any]:
    return {
        "target": arguments.target, "columns": _listed(arguments.columns), "ignore": _listed(arguments.ignore) or (),
        "key": _listed(arguments.key), **_given(arguments, "time", "max_overlap"),
    }  # fmt: skip


def robustness(parser: Parser) -> Run:
    """Check how much worse a model gets where its inputs get worse: noise, missing values, other people than in training.

    MODEL is a `.skops` or `.onnx` file, or with --of a file that the run kept. A pickle is never loaded.
    """
    parser.option(
        "model",
        metavar="MODEL",
        complete="files",
        help="a `.skops` or `.onnx` file, or a kept file of the run",
    )
    parser.option("table", metavar="TABLE", complete="lineage", help=TABLE_HELP)
    parser.option("--target", metavar="COLUMN", required=True, help="what was true")
    parser.option(
        "--features", metavar="COLUMNS", help="what the model takes, in its order; what it says unless given"
    )
    parser.option(
        "--positive", metavar="CLASS", help="which value of the target a model means that answers 0 and 1"
    )
    parser.option(
        "--metric",
        metavar="NAME",
        help="the metric that may drop, of those of `check performance`; accuracy or R² unless given",
    )
    parser.option("--noise", metavar="STRENGTHS", help="in standard deviations: `0.1,0.3`")
    parser.option("--missing", metavar="SHARES", help="of cells that are blanked: `0.05,0.2`")
    parser.option(
        "--shifts",
        metavar="COLUMNS",
        help="other mixtures of people by these, any of the table; by those the model takes unless given",
    )
    parser.option("--no-shifts", action="store_true", help="no other mixtures of people")
    parser.option("--max-drop", metavar="DROP", type=float, help="how far the metric may drop")
    parser.option("--repeats", metavar="N", type=int, help="how often each disturbance is drawn")
    parser.option(
        "--trusted", metavar="TYPES", help="types in the model file that may be loaded, beside the known ones"
    )
    _common(parser)
    parser.example(
        "gnomon check robustness model.skops test.csv --target income --of @1", "the model that the run kept"
    )
    return _maker("robustness", ("model", "table"), _robustness_options)


def _robustness_options(arguments: Namespace) -> dict[str, Any]:
    options = {
        "target": arguments.target, "features": _listed(arguments.features), "trusted": tuple(_listed(arguments.trusted) or ()),
        **_given(arguments, "positive", "metric", "max_drop", "repeats"),
    }  # fmt: skip
    for name in ("noise", "missing"):
        if getattr(arguments, name) is not None:
            options[name] = _numbers(getattr(arguments, name), f"--{name}")
    if arguments.no_shifts and arguments.shifts is not None:
        raise BadArgumentError("`--shifts` and `--no-shifts` exclude each other", hint="give one of them")
    if arguments.no_shifts:
        options["shifts"] = False
    elif arguments.shifts is not None:
        options["shifts"] = _listed(arguments.shifts)
    return options


# ---------------------------------------------------------------- what they share


def _table(parser: Parser) -> None:
    parser.option("table", metavar="TABLE", complete="lineage", help=TABLE_HELP)


def _columns_of_model(parser: Parser, *, is_target_needed: bool) -> None:
    parser.option(
        "--target", metavar="COLUMN", required=is_target_needed, help="the column that holds what was true"
    )
    parser.option("--prediction", metavar="COLUMN", help="the column that holds what the model said")
    parser.option(
        "--score", metavar="COLUMN", help="the column that holds the chance that it gave; several with commas"
    )
    parser.option(
        "--positive", metavar="VALUE", help="which value is the positive one, where the columns hold words"
    )
    parser.option(
        "--threshold", metavar="CHANCE", type=float, help="from which score on it is a yes (default: 0.5)"
    )


def _common(parser: Parser) -> None:
    parser.option(
        "--of",
        metavar="RUN|VERSION",
        complete="run",
        help="what it is about, so that it is written down there",
    )
    parser.option(
        "--name", metavar="NAME", help="what it is called; checks of one name are versions of one another"
    )
    parser.option(
        "--level", metavar="CHANCE", type=float, help="of a false alarm, at most, in all (default: 0.05)"
    )
    parser.option("--seed", metavar="N", type=int, help="of what is drawn")
    parser.option("--no-record", action="store_true", help="write nothing down")
    parser.option("--all", action="store_true", help="every finding, every table, every row")
    parser.option("--json", action="store_true", help="print JSON: the whole result")
    parser.note(EXIT_NOTE)


def _model_options(arguments: Namespace) -> dict[str, Any]:
    scores = _listed(arguments.score)
    score: object = scores[0] if scores and len(scores) == 1 else scores
    given = _given(arguments, "positive", "threshold")
    return {"target": arguments.target, "prediction": arguments.prediction, "score": score, **given}


def _given(arguments: Namespace, *names: str) -> dict[str, Any]:
    """Return the options that were given; the check has its own values for the others."""
    return {name: value for name in names if (value := getattr(arguments, name)) is not None}


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise BadArgumentError(f"`{option}` must be numbers with commas between them; got {text!r}") from None


def _maker(kind: str, tables: Sequence[str], options_of: Any) -> Run:
    """Return what runs a check: its tables by argument, its options by what the check takes."""

    def run(arguments: Namespace, terminal: Terminal) -> int:
        options = options_of(arguments) | _given(arguments, "name", "level", "seed")
        given = [getattr(arguments, name) for name in tables]
        return _made(kind, given, options, arguments, terminal)

    return run


def _made(
    kind: str, given: list[Any], options: dict[str, Any], arguments: Namespace, terminal: Terminal
) -> int:
    from gnomon.checks import actions
    from gnomon.checks.told import write_result

    record = _record(arguments, terminal, given, needs_one=bool(arguments.of) or "since" in options)
    about = [record.checks.subject(arguments.of)] if record is not None and arguments.of else []
    since = None
    with ExitStack() as stack:
        if kind == "robustness":
            given[0] = _model(record, about, given[0], stack)
        if record is None:
            result = actions.function_of(kind)(*given, **options)
        else:
            if isinstance(options.get("since"), str):
                options["since"] = record.checks.called(options["since"])
            result, since = actions.make(record, kind, given, options, next(iter(about), None))
    if arguments.json:
        terminal.json(result.to_dict())
    else:
        write_result(result, terminal, with_all=arguments.all)
    if not arguments.no_record:
        _write(record, result, about, since, terminal)
    return code_of(result.verdict)


def _write(
    record: Record | None, result: CheckResult, about: list[str], since: str | None, terminal: Terminal
) -> None:
    from gnomon.checks import actions

    if record is None or not (about or any(one.get("data") for one in result.evidence)):
        terminal.say("not written down: `--of RUN` says what it is about")
        return
    id_ = actions.write(record, result, about, since=since)
    against = f", compared with check:{since[:8]}" if since else ""
    terminal.say(f"written down as check:{id_[:8]}{against}; `gnomon checks` lists it")


def _record(arguments: Namespace, terminal: Terminal, given: list[Any], *, needs_one: bool) -> Record | None:
    """Return the record; None where there is none and only files are looked at."""
    from gnomon.errors import NoRecordError

    try:
        return open_record(arguments, terminal)
    except NoRecordError:
        missing = next((one for one in given if not os.path.lexists(one)), None)
        if needs_one:
            raise
        if missing is not None:
            raise MissingFileError(
                f"there is no file `{missing}`, and no record here that could hold a data set of that name"
            ) from None
        return None


def _model(record: Record | None, about: list[str], word: str, stack: ExitStack) -> object:
    """Return a path where a model lies: a file, or a file that the run kept, for as long as the block lasts."""
    if os.path.lexists(word):
        return word
    run = next((one.partition(":")[2] for one in about if one.startswith("run:")), None)
    if record is None or run is None:
        raise MissingFileError(
            f"there is no model file `{word}`", hint="`--of RUN` looks among the files that a run kept"
        )
    return stack.enter_context(lent(record.run_of(run), word))
