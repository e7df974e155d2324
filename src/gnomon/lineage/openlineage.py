"""Runs as OpenLineage events: what other catalogues (Marquez, DataHub, OpenMetadata, …) read.

A run is a START and, once it ended, a COMPLETE, FAIL or ABORT with all its inputs and outputs; one that goes on is a RUNNING.
Bytes are named by their digest (`object/<digest>`), so what one run kept and another read is one data set there too, and
versions of data by their name, with the version and the digest as facets. Nothing is sent anywhere.

Always true: the same run gives the same run id (a UUID made of its own id) and the same events, in every replica.
Format: openlineage.io/spec/2-0-2; what it has no place for stands in the facets `gnomon_run` and `gnomon_data`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from gnomon import __version__
from gnomon.data.entries import DESCRIBED
from gnomon.errors import UnknownSubjectError
from gnomon.runs.state import OPEN
from gnomon.runs.table import iso_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

_SPEC = "https://openlineage.io/spec"
EVENT = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
PRODUCER = f"urn:gnomon:{__version__}"
_FACETS = {
    "version": "1-0-1/DatasetVersionDatasetFacet", "schema": "1-2-0/SchemaDatasetFacet",
    "documentation": "1-1-0/DocumentationDatasetFacet", "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "inputStatistics": "1-0-0/InputStatisticsInputDatasetFacet", "jobType": "2-0-4/JobTypeJobFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet", "parent": "1-2-0/ParentRunFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet", "sourceCodeLocation": "1-1-0/SourceCodeLocationJobFacet",
    "ownership": "1-0-1/OwnershipDatasetFacet", "symlinks": "1-0-1/SymlinksDatasetFacet",
}  # fmt: skip
_OWN = frozenset({"gnomon_run", "gnomon_data"})
_ENDS = {"finished": "COMPLETE", "failed": "FAIL", "stopped": "ABORT"}
_MOST_COLUMNS = 1_000


def events(record: Record, runs: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the events of these runs (whole ids), in their order."""
    record.replica.update(record.progress)
    for run in runs:
        yield from _Run(record, record.run(run)).events()


def run_uuid(run: str) -> str:
    """Return the UUID that OpenLineage asks a run to have, made of the run's own id.

    >>> run_uuid("d0f258dcb335f6cd911f") == run_uuid("d0f258dcb335f6cd911f")
    True
    """
    return str(uuid5(NAMESPACE_URL, f"urn:gnomon:run:{run}"))


class _Run:
    def __init__(self, record: Record, run: RunView) -> None:
        self._record = record
        self._run = run
        state = record.replica.index.state("run", run.id)
        self._state: dict[str, Any] = state if isinstance(state, dict) else {}
        self._namespace = f"gnomon://{quote(record.name, safe='')}"

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the start, and the end or what is known so far."""
        state = self._state
        began_s = state["created_us"] / 1e6
        yield self._event("START", began_s, [], [])
        ends = [one["ended_us"] for one in state["processes"].values() if one.get("ended_us")]
        is_over = state["status"] != OPEN
        kind = _ENDS.get(state["status"], "RUNNING") if is_over else "RUNNING"
        yield self._event(
            kind, max(ends) / 1e6 if is_over and ends else began_s, self._inputs(), self._outputs()
        )

    def _event(
        self, kind: str, time_s: float, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]
    ) -> dict[str, Any]:
        return {
            "eventType": kind,
            "eventTime": iso_time(time_s),
            "producer": PRODUCER,
            "schemaURL": EVENT,
            "run": {"runId": run_uuid(self._run.id), "facets": self._run_facets(kind)},
            "job": {"namespace": self._namespace, "name": self._job(self._state, self._run.id), "facets": self._job_facets()},
            "inputs": inputs,
            "outputs": outputs,
        }  # fmt: skip

    def _job(self, state: Mapping[str, Any], run: str) -> str:
        return str(state["label"] or state["name"] or run[:8])

    def _run_facets(self, kind: str) -> dict[str, Any]:
        state = self._state
        facets = {
            "gnomon_run": {
                "id": self._run.id, "name": state["name"], "group": state["group"], "status": state["status"],
                "author": state["author"], "tags": sorted(state["tags"]),
                "params": {str(key): str(value)[:200] for key, value in list(state["params"].items())[:200]},
            },
        }  # fmt: skip
        parent = state["parent"]
        if parent is not None:
            facets["parent"] = {
                "run": {"runId": run_uuid(parent)},
                "job": {"namespace": self._namespace, "name": self._job_of(parent)},
            }
        version = self._run.captured.part("python").get("version")
        if version:
            facets["processing_engine"] = {"name": "Python", "version": str(version)}
        errors = [one["error"] for one in state["processes"].values() if one.get("error")]
        if kind == "FAIL":
            facets["errorMessage"] = {
                "message": str((errors or ["failed"])[0]),
                "programmingLanguage": "PYTHON",
            }
        return {name: _facet(name, facet) for name, facet in facets.items()}

    def _job_of(self, run: str) -> str:
        try:
            state = self._record.replica.index.state("run", run)
        except UnknownSubjectError:
            return run[:8]
        return self._job(state, run) if isinstance(state, dict) else run[:8]

    def _job_facets(self) -> dict[str, Any]:
        facets: dict[str, dict[str, Any]] = {
            "jobType": {"processingType": "BATCH", "integration": "GNOMON", "jobType": "RUN"}
        }
        code = self._run.captured.part("code")
        if code.get("remote") and code.get("commit"):
            facets["sourceCodeLocation"] = {
                "type": "git",
                "url": _as_url(code["remote"]),
                "version": code["commit"],
            }
            if code.get("branch"):
                facets["sourceCodeLocation"]["branch"] = code["branch"]
        return {name: _facet(name, facet) for name, facet in facets.items()}

    # --- data

    def _inputs(self) -> list[dict[str, Any]]:
        found = []
        for used in self._state["uses"]:
            statistics = {"inputStatistics": {"size": used["size"], "fileCount": used["files"]}}
            found.append(
                {
                    **self._dataset(used, used["name"]),
                    "inputFacets": {name: _facet(name, one) for name, one in statistics.items()},
                }
            )
        return found

    def _outputs(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for made in (*self._state["kept"], *self._state["wrote"]):
            dataset = self._dataset({**made, "version": None}, made["name"])
            statistics = {"size": made["size"], "fileCount": made.get("files", 1)}
            dataset["outputFacets"] = {"outputStatistics": _facet("outputStatistics", statistics)}
            found.setdefault(dataset["name"], dataset)
        return list(found.values())

    def _dataset(self, said: Mapping[str, Any], called: str) -> dict[str, Any]:
        facets: dict[str, dict[str, Any]] = {}
        state = self._version(said.get("version"))
        if state is not None:
            name = str(state["name"])
            facets["version"] = {"datasetVersion": f"v{state['number']}"}
            if state.get("column_names"):
                facets["schema"] = {
                    "fields": [{"name": column} for column in state["column_names"][:_MOST_COLUMNS]]
                }
            if state["author"]:
                facets["ownership"] = {"owners": [{"name": state["author"]}]}
            if state["object"]:
                same = {"namespace": self._namespace, "name": f"object/{state['object']}", "type": "BLAKE3"}
                facets["symlinks"] = {"identifiers": [same]}
            facets["gnomon_data"] = {
                "id": said["version"],
                "digest": state["object"],
                **{field: state[field] for field in DESCRIBED},
            }
        else:
            digest = said["object"]
            name = f"object/{digest}" if digest else f"unpinned/{called}"
            facets["documentation"] = {"description": called}
            facets["gnomon_data"] = {"id": said.get("version"), "digest": digest}
        return {
            "namespace": self._namespace, "name": name,
            "facets": {key: _facet(key, facet) for key, facet in facets.items()},
        }  # fmt: skip

    def _version(self, version: str | None) -> dict[str, Any] | None:
        """Return the state of a version that is in this replica."""
        if version is None:
            return None
        try:
            state = self._record.replica.index.state("data", version)
        except UnknownSubjectError:
            return None
        return state if isinstance(state, dict) and state["name"] is not None else None


def _facet(name: str, facet: Mapping[str, Any]) -> dict[str, Any]:
    where = f"urn:gnomon:facet:{name}:1" if name in _OWN else f"{_SPEC}/facets/{_FACETS[name]}.json"
    return {"_producer": PRODUCER, "_schemaURL": where, **facet}


def _as_url(remote: str) -> str:
    """Return the address of a Git remote as a URL; the short form of SSH is none.

    >>> _as_url("git@example.org:team/code.git"), _as_url("https://example.org/code.git")
    ('ssh://git@example.org/team/code.git', 'https://example.org/code.git')
    """
    host, colon, path = remote.partition(":")
    return f"ssh://{host}/{path}" if colon and "@" in host and "/" not in host else remote
