"""One task of one peer, in a fresh process of the peer's own environment. The driver starts it.

The errand is JSON in the only argument. The result goes as JSON to a file, for peers print what they like.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder would hide packages of the same name
    from benchmarks import tasks
    from benchmarks.peers import peer_class

    errand = json.loads(sys.argv[1])
    peer = peer_class(errand["peer"])(Path(errand["store"]))
    result = getattr(tasks, errand["task"])(peer, **errand["arguments"])
    Path(errand["out"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
