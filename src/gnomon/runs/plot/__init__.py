"""Curves of runs: `gnomon plot`, `Record.plot()`, `RunView.plot()`.

The way of a question: `words` (which runs and metrics) → `lines` (points, smoothed, thinned out, or a group's mean) →
`picture` (a `Plot`) → `svg`, `html`, `png`, or a terminal. `scale` knows axes and ticks, `look` colours and text, `tones` which
lines share a colour, `few` which of many a terminal names.
"""
