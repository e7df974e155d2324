"""How well `gnomon why` finds planted causes, on data that scikit-learn ships: `python -m benchmarks.why`."""
