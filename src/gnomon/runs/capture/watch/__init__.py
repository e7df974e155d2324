"""Listening to the files that a run opens: `gnomon run --watch-files`, `gnomon.run(watch_files=True)`.

`listener` and `readers` run inside the command that is watched, whatever Python it is: they use the standard library alone and
import nothing of Gnomon. `watching` starts them and gathers what they heard; `hearsay` makes inputs and outputs of it.
Design: docs/internals/lineage.md, "Watching files".
"""
