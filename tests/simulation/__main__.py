"""Run many stories, from `tests/`: `python -m simulation --seeds 1000`. Exit code 1 where one has a fault."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter

from simulation.team import Story


def main():
    """Run the seeds that were asked for, tell each that fails, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=30)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began, hours, failed = time.perf_counter(), 0.0, 0
    happened, lies = Counter(), Counter()
    for seed in range(asked.first, asked.first + asked.seeds):
        story = Story(seed, steps=asked.steps)
        faults = story.run()
        hours += story.hours
        happened.update(story.happened)
        lies.update(story.remote.counts)
        if faults:
            failed += 1
            print(f"seed {seed}: {'; '.join(faults[:4])}", flush=True)
    took = time.perf_counter() - began
    print(f"{asked.seeds} seeds, {hours:,.0f} simulated hours in {took:,.0f} s; {failed} with faults")
    print("done:", ", ".join(f"{name} {count:,}" for name, count in sorted(happened.items())))
    print("lies:", ", ".join(f"{name} {count:,}" for name, count in sorted(lies.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
