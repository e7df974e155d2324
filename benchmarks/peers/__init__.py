"""The trackers that are compared: one module each.

To add one: write a subclass of `base.Peer` in a module here and name it in `MODULES`.
Floors are peers that nobody would use: what a tracker cannot beat, or what people write by hand.
"""

import importlib

from benchmarks.peers.base import Peer

MODULES = {
    "memory": "floors:Memory",
    "jsonl": "floors:JsonLines",
    "jsonl-flush": "floors:FlushedJsonLines",
    "gnomon": "gnomon:Gnomon",
    "gnomon-bucket": "gnomon:GnomonBucket",
    "gnomon-pages": "gnomon:GnomonPages",
    "trackio": "trackio:Trackio",
    "tensorboardx": "tensorboardx:TensorboardX",
    "wandb": "wandb:Wandb",
    "mlflow-sqlite": "mlflow:MlflowSqlite",
    "mlflow-file": "mlflow:MlflowFile",
    "aim": "aim:Aim",
    "dvc": "versioners:Dvc",
    "dvc-verify": "versioners:DvcVerify",
    "git-lfs": "versioners:GitLfs",
    "restic": "versioners:Restic",
    "borg": "versioners:Borg",
    "casync": "versioners:Casync",
}
FLOORS = ("memory", "jsonl", "jsonl-flush")
VERSIONERS = tuple(name for name, place in MODULES.items() if place.startswith("versioners:"))
TRACKERS = tuple(
    name for name in MODULES if name not in (*FLOORS, *VERSIONERS, "gnomon-bucket", "gnomon-pages")
)


def peer_class(name: str) -> type[Peer]:
    """Return the class of a peer; this imports the adapter, never the tracker itself."""
    module, cls = MODULES[name].split(":")
    return getattr(importlib.import_module(f"benchmarks.peers.{module}"), cls)
