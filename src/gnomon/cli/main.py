"""The `gnomon` command: finds the command that is meant, runs it, and says what went wrong.

Always true: data goes to stdout and talk to stderr; an exit code of 0 means that all of what was asked is done. Only
the chosen command's module is imported.

Exit codes: 0 done; 1 something failed (the disk, the system, a bug); 2 the command is wrong; 3 the record is damaged or
cannot be read; 130 interrupted; 141 the reader of the output went away. `gnomon run` ends as its command did, by the same signal
too (a command's function says so with a negative number).
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from gnomon.cli import commands
from gnomon.env import REAL
from gnomon.errors import CommandNotFoundError, GnomonError, RecordError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.cli.parser import Declare
    from gnomon.cli.terminal import Terminal

SELDOM = (100_000, 20, 50)
"""When a command looks for cycles to free: it is over soon, makes hardly any, and may hold a million cells."""
DONE, FAILED, WRONG_COMMAND, DAMAGED, INTERRUPTED, READER_GONE = 0, 1, 2, 3, 130, 141
EXIT_CODES = {
    DONE: "done; for `verify` and `doctor`: nothing is wrong",
    FAILED: "something failed: the disk or the system refused, `doctor` found something, or Gnomon has a bug",
    WRONG_COMMAND: "the command is wrong: an unknown option, no such run, no record; nothing was written",
    DAMAGED: "the record is damaged or cannot be read (`verify` lists what and where)",
    INTERRUPTED: "interrupted from the keyboard",
    READER_GONE: "whoever read the output stopped reading, as in `gnomon runs | head -1`",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (that of the process unless given) and return its exit code."""
    from gnomon.cli.terminal import Terminal

    if argv is None:
        gc.set_threshold(*SELDOM)
        REAL.is_command = True
    terminal = Terminal()
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv), terminal)
        terminal.flush()
        return code if code >= 0 else _die_of(-code, terminal)
    except BrokenPipeError:
        _let_go_of_output(terminal)
        return READER_GONE
    except KeyboardInterrupt:
        terminal.say("interrupted")
        return INTERRUPTED
    except GnomonError as error:
        _say_error(terminal, error.message, error.code, error.hint)
        return exit_code(error)
    except (OSError, MemoryError) as error:
        _let_go_of_output(terminal)
        _say_error(terminal, _system_words(error), None, _system_hint(error))
        return FAILED
    except Exception as error:  # noqa: BLE001  the trace is printed; a person needs to know what to do with it
        _say_bug(terminal, error)
        return FAILED
    finally:
        terminal.end()


def exit_code(error: GnomonError) -> int:
    """Return the exit code that an error ends a command with."""
    if isinstance(error, CommandNotFoundError):
        return error.exit_code
    return (
        WRONG_COMMAND
        if isinstance(error, UsageError)
        else DAMAGED
        if isinstance(error, RecordError)
        else FAILED
    )


def _run(words: list[str], terminal: Terminal) -> int:
    record: str | None = None
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-h", "--help"):
            _help(terminal, words)
            return DONE
        if word == "--version":
            terminal.write(version_line())
            return DONE
        if word in ("-C", "--record"):
            if not words:
                raise UsageError(f"`{word}` needs a path", hint="for instance `gnomon --record project runs`")
            record = words.pop(0)
        elif word.startswith("--record="):
            record = word.partition("=")[2]
        else:
            raise UsageError(
                f"`gnomon` has no option `{word}`", hint=_near(word, ["--record", "--help", "--version"])
            )
    if not words:
        from gnomon.cli.help import overview

        terminal.say(overview())
        return WRONG_COMMAND
    name, words = commands.split(words)
    if name == "help":
        _help(terminal, words)
        return DONE
    if name == "__complete":
        from gnomon.cli.complete import answer

        return answer(words, terminal)
    return _run_command(name, words, record, terminal)


def _run_command(name: str, words: list[str], record: str | None, terminal: Terminal) -> int:
    from gnomon.cli.parser import HelpWanted, build

    family = commands.FAMILIES.get(name)
    if family and words and not words[0].startswith("-") and name not in commands.TAKES_A_WORD:
        raise UsageError(
            f"`gnomon {name}` has no command `{words[0]}`", hint=_near(words[0], family, f"gnomon {name}")
        )
    parser, run = build(name, declaration(name))
    try:
        arguments = parser.parse(words)
    except HelpWanted:
        terminal.write(parser.help_text(lambda title: terminal.style(title, "bold")))
        return DONE
    if record is not None and not hasattr(arguments, "record"):
        arguments.record = record
    return run(arguments, terminal) or DONE


def declaration(name: str) -> Declare:
    """Return the function that declares a command. Raises UsageError for an unknown one."""
    target = commands.find(name)
    if target is None:
        hint = commands.CALLED_ELSEWHERE.get(name.lower()) or _near(name, commands.built_in())
        raise UsageError(f"there is no command `{name}`", hint=hint)
    from importlib import import_module

    module, _, function = target.partition(":")
    declare: Callable[..., object] = getattr(import_module(module), function)
    return declare  # type: ignore[return-value]


def version_line() -> str:
    """Return the versions of Gnomon and Python."""
    from gnomon import __version__

    return f"gnomon {__version__} (Python {'.'.join(map(str, sys.version_info[:3]))}, {sys.platform})"


def _help(terminal: Terminal, words: list[str]) -> None:
    from gnomon.cli.help import overview
    from gnomon.cli.parser import build

    def paint(title: str) -> str:
        return terminal.style(title, "bold")

    if words:
        name, _ = commands.split(words)
        terminal.write(build(name, declaration(name))[0].help_text(paint))
    else:
        terminal.write(overview(paint))


def _near(word: str, known: object, command: str = "gnomon") -> str:
    from gnomon.cli.parser import did_you_mean

    return did_you_mean(word, known) or f"`{command} --help` lists all commands"  # type: ignore[arg-type]


# --- what went wrong


def _say_error(terminal: Terminal, message: str, code: str | None, hint: str | None) -> None:
    lines = terminal.clean_lines(message)
    lines[-1] += f" ({code})" if code else ""
    terminal.say(f"{terminal.style('error:', 'bold', 'red', talk=True)} {lines[0]}")
    for line in lines[1:]:
        terminal.say(line)
    if hint:
        hints = terminal.clean_lines(hint)
        terminal.say(f"{terminal.style('hint:', 'bold', 'cyan', talk=True)} {hints[0]}")
        for line in hints[1:]:
            terminal.say(f"      {line}")


def _system_words(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    if isinstance(error, OSError) and error.filename is not None:
        path = (
            os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else str(error.filename)
        )
        return f"`{path}`: {error.strerror or error}"
    return f"the system refused: {error}"


def _system_hint(error: BaseException) -> str | None:
    return "`gnomon doctor` checks the surroundings" if isinstance(error, OSError) else None


def _say_bug(terminal: Terminal, error: BaseException) -> None:
    import traceback

    for line in "".join(traceback.format_exception(error)).rstrip().splitlines():
        terminal.say(terminal.clean(line))
    message = f"Gnomon has a bug: {type(error).__name__}"
    _say_error(terminal, message, None, "the record is not at risk; please report the lines above")


def _die_of(number: int, terminal: Terminal) -> int:
    """End by a signal, as the command that was run did, so that whoever started us sees the same."""
    import resource
    import signal

    from gnomon.session import close_all

    close_all()
    terminal.end()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # those that nobody may change
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(OSError, ValueError):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    return 128 + number  # a signal that ends nobody


def _let_go_of_output(terminal: Terminal) -> None:
    """Where the output takes nothing more, keep Python from complaining once again when it exits."""
    try:
        terminal.out.flush()
    except (OSError, ValueError):
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, terminal.out.fileno())
            os.close(nothing)
        except (OSError, ValueError):  # not a real stream: nothing to silence
            pass


if __name__ == "__main__":
    sys.exit(main())
