"""Does `gnomon compare --groups` keep its word? Simulated cases, where the truth is known.

    python -m benchmarks.judge                 a few minutes on one core; writes docs/reference/comparison-figures.md
    python -m benchmarks.judge --development   the cases that the method was built on; writes nothing

Every case is drawn from its own random generator, named by a range, a kind of distribution and a number. The
method was chosen on the range `development`; the page is made of the range `held-out-N`, which nobody looked at while
the method was built. Whoever looks at it and then changes the method takes the next N, and says so on the page.
"""
