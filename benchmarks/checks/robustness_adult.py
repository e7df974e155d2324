"""The Adult census data and a typical model for it, as examples/adult/train.py has them, but as tables with names."""

import lzma
from pathlib import Path

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

DATA = Path(__file__).parents[2] / "examples" / "adult" / "adult.csv.xz"
NUMBERS = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
WORDS = ["workclass", "marital_status", "occupation", "relationship", "race", "sex", "native_country"]


def adult():
    """Return the training rows, the test rows, and the names of the features."""
    with lzma.open(DATA, "rt", encoding="utf-8") as file:
        rows = pd.read_csv(file, keep_default_na=False)
    of = {split: part.drop(columns="split").reset_index(drop=True) for split, part in rows.groupby("split")}
    return of["train"], of["test"], NUMBERS + WORDS


def of_trees(features):
    """Return an unfitted pipeline over these features in their order: words as numbers, then gradient boosting."""
    words = [place for place, name in enumerate(features) if name in WORDS]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer([("words", encoder, words)], remainder="passthrough")
    return Pipeline([("columns", columns), ("model", HistGradientBoostingClassifier(random_state=0))])
