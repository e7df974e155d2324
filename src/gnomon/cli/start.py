"""`gnomon init` and `gnomon new-id`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli.parser import record_of

if TYPE_CHECKING:
    import argparse

    from gnomon.cli.parser import Parser, Run
    from gnomon.cli.terminal import Terminal
    from gnomon.record.home import Home


def init(parser: Parser) -> Run:
    """Make a record, or give the one that is there another name.

    It is the folder `.gnomon/` here, or at the root of the Git repository around. The first run makes it, too, so this
    is needed only to choose its place or name. Prints the path of the record. Where `record.toml` is damaged, `--name`
    writes it again.
    """
    parser.option(
        "--name", metavar="NAME", help="what people call the record (the folder's name unless given)"
    )
    parser.example("gnomon init", "a record for this project")
    parser.example("gnomon --record ../credit init --name credit-scoring", "elsewhere, with a name")
    return _init


def _init(arguments: argparse.Namespace, terminal: Terminal) -> int:
    import os

    from gnomon.env import REAL
    from gnomon.record.home import as_record_folder, find_record, make_record, place_for_new_record
    from gnomon.session import require_supported_platform

    require_supported_platform()
    asked = record_of(arguments)
    path = (
        as_record_folder(asked)
        if asked
        else find_record(os.getcwd(), REAL) or place_for_new_record(os.getcwd(), REAL)
    )
    was_there = os.path.exists(path)
    home = make_record(path, REAL, name=arguments.name)
    if not was_there:
        said = "made the record"
    elif arguments.name is None or (arguments.name == home.name and home.is_intact):
        said = "there is a record already:"
    else:
        _write_name(home, arguments.name)
        said = "the record is now called"
    terminal.say(f"{said} `{terminal.clean(arguments.name or home.name)}`")
    terminal.write(terminal.clean(home.path))
    return 0


def _write_name(home: Home, name: str) -> None:
    """Write record.toml again, with this name; its id stays. Also what `gnomon verify` advises where it is damaged."""
    import os

    from gnomon.errors import DamagedFileError
    from gnomon.ids import is_hex
    from gnomon.record.files import replace_file
    from gnomon.record.home import RECORD_FILE, record_file

    if not is_hex(home.record_id, 32):
        raise DamagedFileError(
            f"`{home.path}/{RECORD_FILE}` does not say which record this is",
            hint="copy this file from another replica of the record",
        )
    replace_file(home.env, os.path.join(home.path, RECORD_FILE), record_file(home.record_id, name))


def new_id(parser: Parser) -> Run:
    """Print a new run id: 20 hex digits.

    Give it to all processes that share one run, in GNOMON_RUN_ID, before the launcher starts them.
    """
    parser.example("export GNOMON_RUN_ID=$(gnomon new-id)", "then: torchrun --nproc-per-node 8 train.py")
    return _new_id


def _new_id(arguments: argparse.Namespace, terminal: Terminal) -> int:  # noqa: ARG001
    from gnomon.env import REAL
    from gnomon.ids import RUN_ID_BYTES

    terminal.write(REAL.random_bytes(RUN_ID_BYTES).hex())
    return 0
