"""Does a decision notice that its evidence changed? Simulated teams, where it is known what happened.

    python -m benchmarks.decisions                 a few minutes on one core; writes the figures of a page
    python -m benchmarks.decisions --development   the cases that it was built on; prints only

The figures stand between two marks in docs/explanation/evidence-changed.md. Every case is drawn from its own random
generator, named by a range and a number. What counts as a contradiction was chosen on the range `development`; the page
is made of the range `held-out-N`, which nobody looked at before. Whoever looks at it and then changes the rules takes
the next N, and says so on the page (`page.HISTORY`).
"""
