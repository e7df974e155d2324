"""How often does `gnomon eta` keep its word? Simulated runs, and recorded ones, whose ends are known.

    python -m benchmarks.forecast                 a few minutes on one core; writes a part of docs/explanation/run-forecasts.md
    python -m benchmarks.forecast --development   the cases that the method was built on; prints only
    python -m benchmarks.forecast --record        trains small models here and keeps their times (`recording.py`)

Every case is drawn from its own random generator, named by a range, a kind and a number. The method was chosen on the range
`development` and the trainings in `recorded.json`; the page is made of the range `held-out-N` and of `recorded_held_out.json`,
other trainings altogether, which nobody looked at while the method was built.
"""
