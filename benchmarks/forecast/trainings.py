"""Small trainings of scikit-learn on the data that it ships, each a generator that yields after every step.

The method of forecasts was made on these, and on some of `more_trainings.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

Training = Callable[[int], Iterator[None]]


def trainings() -> dict[str, tuple[int | None, Training]]:
    """Return, by name, how many steps it states (None: it does not) and the training."""
    return {
        "linear model, 150 epochs": (150, linear_epochs),
        "network, at most 200 epochs, stops early": (200, network_that_stops),
        "gradient boosting, 120 trees": (120, boosting),
        "histogram boosting, warm starts": (60, histogram_boosting),
        "forest that grows, scored each time": (50, growing_forest),
        "k-means with a silhouette now and then": (240, clusters),
        "random search": (40, random_search),
        "learning curve": (30, learning_curve),
        "features chosen one by one": (None, features_one_by_one),
        "cross-validation": (40, cross_validation),
    }


def linear_epochs(seed: int) -> Iterator[None]:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import SGDClassifier

    x, y = load_digits(return_X_y=True)
    model = SGDClassifier(random_state=seed)
    for _ in range(150):
        model.partial_fit(x[:1400], y[:1400], classes=range(10))
        model.score(x[1400:], y[1400:])
        yield


def network_that_stops(seed: int) -> Iterator[None]:
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    x, y = load_digits(return_X_y=True)
    model = MLPClassifier((64,), random_state=seed)
    best, waited = 0.0, 0
    for _ in range(200):
        model.partial_fit(x[:1200], y[:1200], classes=range(10))
        score = model.score(x[1200:], y[1200:])
        best, waited = (score, 0) if score > best else (best, waited + 1)
        yield
        if waited == 15:
            return


def boosting(seed: int) -> Iterator[None]:
    from sklearn.datasets import load_digits
    from sklearn.ensemble import GradientBoostingClassifier

    x, y = load_digits(return_X_y=True)
    model = GradientBoostingClassifier(random_state=seed, warm_start=True, max_depth=2, subsample=0.5)
    for trees in range(1, 121):
        model.set_params(n_estimators=trees).fit(x[:500], y[:500])
        yield


def histogram_boosting(seed: int) -> Iterator[None]:
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = load_breast_cancer(return_X_y=True)
    model = HistGradientBoostingClassifier(
        random_state=seed, warm_start=True, early_stopping=False, max_leaf_nodes=8
    )
    for trees in range(1, 61):
        model.set_params(max_iter=trees).fit(x, y)
        model.score(x, y)
        yield


def growing_forest(seed: int) -> Iterator[None]:
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier

    x, y = load_digits(return_X_y=True)
    model = RandomForestClassifier(random_state=seed, warm_start=True)
    for number in range(1, 51):
        model.set_params(n_estimators=3 * number).fit(x[:1400], y[:1400])
        model.score(x[1400:], y[1400:])
        yield


def clusters(seed: int) -> Iterator[None]:
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.datasets import load_digits
    from sklearn.metrics import silhouette_score

    x, _ = load_digits(return_X_y=True)
    model = MiniBatchKMeans(10, random_state=seed, n_init=1)
    for step in range(240):
        model.partial_fit(x[step * 7 % 1500 :][:256])
        if step % 24 == 23:
            silhouette_score(x, model.predict(x))
        yield


def random_search(seed: int) -> Iterator[None]:
    import random

    from sklearn.datasets import load_digits
    from sklearn.model_selection import cross_val_score
    from sklearn.svm import SVC

    x, y = load_digits(return_X_y=True)
    rng = random.Random(seed)
    for _ in range(40):
        model = SVC(C=10 ** rng.uniform(-2, 3), gamma=10 ** rng.uniform(-5, -2))
        cross_val_score(model, x[:300], y[:300], cv=3)
        yield


def learning_curve(seed: int) -> Iterator[None]:
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier

    x, y = load_digits(return_X_y=True)
    for part in range(1, 31):
        model = RandomForestClassifier(15, random_state=seed).fit(x[: 50 * part], y[: 50 * part])
        model.score(x[1500:], y[1500:])
        yield


def features_one_by_one(seed: int) -> Iterator[None]:
    import random

    from sklearn.datasets import load_wine
    from sklearn.model_selection import cross_val_score
    from sklearn.naive_bayes import GaussianNB

    x, y = load_wine(return_X_y=True)
    rng = random.Random(seed)
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < x.shape[1]:
        left = [one for one in range(x.shape[1]) if one not in chosen]
        scores = {one: cross_val_score(GaussianNB(), x[:, [*chosen, one]], y, cv=3).mean() for one in left}
        one = max(left, key=lambda one: (scores[one], rng.random()))
        yield
        if scores[one] < best - 0.01:
            return
        best = max(best, scores[one])
        chosen.append(one)


def cross_validation(seed: int) -> Iterator[None]:
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import KFold

    x, y = load_breast_cancer(return_X_y=True)
    for train, test in KFold(40, shuffle=True, random_state=seed).split(x):
        RandomForestClassifier(10, random_state=seed).fit(x[train], y[train]).score(x[test], y[test])
        yield
