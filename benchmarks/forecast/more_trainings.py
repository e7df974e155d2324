"""More small trainings, each a generator that yields after every step; what follows the last one is work at the end.

They do what those of `trainings.py` do not: evaluate now and then, load at the beginning, save and evaluate at the end, get
longer as they learn, change their pace by plan. `DEVELOPMENT` was looked at while the method was made; `HELD_OUT` was not.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.forecast.trainings import Training


def _digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x / 16, y


class _Network:
    """A small network of two layers, trained by hand: batches of any size and width."""

    def __init__(self, seed: int, inside: int, hidden: int, outside: int) -> None:
        rng = np.random.default_rng(seed)
        self.first = rng.normal(0, inside**-0.5, (inside, hidden))
        self.second = rng.normal(0, hidden**-0.5, (hidden, outside))

    def scores(self, x: np.ndarray) -> np.ndarray:
        return np.maximum(x @ self.first, 0) @ self.second

    def learn(self, x: np.ndarray, y: np.ndarray, rate: float) -> None:
        inside = np.maximum(x @ self.first, 0)
        scores = inside @ self.second
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        shares[np.arange(len(y)), y] -= 1
        back = (shares @ self.second.T) * (inside > 0)
        self.second -= rate * inside.T @ shares / len(y)
        self.first -= rate * x.T @ back / len(y)


# --- looked at while the method was made


def cached_after_the_first_epoch(seed: int) -> Iterator[None]:
    rng = np.random.default_rng(seed)
    kept: list[np.ndarray] = []
    net = _Network(seed, 256, 128, 10)
    for epoch in range(60):
        for batch in range(80):
            if epoch == 0:
                raw = rng.normal(size=(128, 256))
                kept.append(np.linalg.svd(raw, full_matrices=False)[0] @ np.eye(256)[:128])
            net.learn(kept[batch] @ np.eye(256), rng.integers(0, 10, 128), 0.1)
        yield


def pictures_that_grow(seed: int) -> Iterator[None]:
    rng = np.random.default_rng(seed)
    for side, steps in ((12, 60), (18, 60), (26, 60)):
        net = _Network(seed, side * side, 256, 10)
        for _ in range(steps):
            for _ in range(4):
                net.learn(rng.normal(size=(256, side * side)), rng.integers(0, 10, 256), 0.01)
            yield


def text_in_batches(seed: int) -> Iterator[None]:
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier

    rng = np.random.default_rng(seed)
    words = np.array([f"word{at}" for at in range(5000)])
    vectors, model = HashingVectorizer(n_features=2**14), SGDClassifier(loss="log_loss", random_state=seed)
    for step in range(120):
        labels = rng.integers(0, 2, 150)
        texts = [" ".join(words[rng.zipf(1.3, 90) % (4000 + 500 * label)]) for label in labels]
        model.partial_fit(vectors.transform(texts), labels, classes=[0, 1])
        if step % 20 == 19:
            for _ in range(5):
                model.score(vectors.transform(texts), labels)
        yield


def walks_that_get_shorter(seed: int) -> Iterator[None]:
    rng = np.random.default_rng(seed)
    side = 34
    values = np.zeros((side, side, 4))
    for _ in range(250):
        row, column, moves = 0, 0, 0
        while (row, column) != (side - 1, side - 1) and moves < 40_000:
            free = rng.random() < 0.1
            move = (
                int(rng.integers(4)) if free else int(np.argmax(values[row, column] + 1e-6 * rng.random(4)))
            )
            then_row = min(max(row + (0, 0, 1, -1)[move], 0), side - 1)
            then_column = min(max(column + (1, -1, 0, 0)[move], 0), side - 1)
            best = values[then_row, then_column].max()
            values[row, column, move] += 0.3 * (0.97 * best - 1 - values[row, column, move])
            row, column, moves = then_row, then_column, moves + 1
        yield


def saves_and_scores_at_the_end(seed: int) -> Iterator[None]:
    from sklearn.neighbors import KNeighborsClassifier

    x, y = _digits()
    net = _Network(seed, 64, 256, 10)
    rng = np.random.default_rng(seed)
    for step in range(90):
        for _ in range(80):
            batch = rng.integers(0, 1400, 128)
            net.learn(x[batch], y[batch], 0.2)
        if step % 15 == 14:
            np.savez_compressed(io.BytesIO(), net.first, net.second)
            np.mean(net.scores(x[1400:]).argmax(axis=1) == y[1400:])
        yield
    for _ in range(8):
        KNeighborsClassifier().fit(net.scores(x), y).score(net.scores(x), y)
    np.savez_compressed(io.BytesIO(), *[net.first] * 4)


def mixture_until_it_settles(seed: int) -> Iterator[None]:
    from sklearn.mixture import GaussianMixture

    x, _ = _digits()
    model = GaussianMixture(30, warm_start=True, max_iter=1, reg_covar=1e-3, random_state=seed)
    best, waited = -np.inf, 0
    for _ in range(80):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one round at a time does not converge
            model.fit(np.vstack([x] * 3))
        better = model.lower_bound_ > best + 1e-3
        best, waited = max(best, model.lower_bound_), 0 if better else waited + 1
        yield
        if waited == 6:
            return


# --- held out


def network_with_evaluations(seed: int) -> Iterator[None]:
    from sklearn.neighbors import KNeighborsClassifier

    x, y = _digits()
    net = _Network(seed, 64, 200, 10)
    rng = np.random.default_rng(seed)
    for step in range(150):
        for _ in range(70):
            batch = rng.integers(0, 1400, 128)
            net.learn(x[batch], y[batch], 0.2)
        if step % 30 == 29:
            for _ in range(6):
                KNeighborsClassifier().fit(net.scores(x[:1400]), y[:1400]).score(net.scores(x), y)
        yield
    np.savez_compressed(io.BytesIO(), net.first, net.second)
    KNeighborsClassifier().fit(net.scores(x[:1400]), y[:1400]).score(net.scores(x), y)


def factors_of_a_matrix(seed: int) -> Iterator[None]:
    rng = np.random.default_rng(seed)
    ratings, known = rng.normal(size=(1200, 900)), rng.random((1200, 900)) < 0.2
    left, right = rng.normal(size=(1200, 12)), rng.normal(size=(900, 12))
    eye = 0.1 * np.eye(12)
    for _ in range(60):
        for row in range(1200):
            part = right[known[row]]
            left[row] = np.linalg.solve(part.T @ part + eye, part.T @ ratings[row, known[row]])
        for column in range(900):
            part = left[known[:, column]]
            right[column] = np.linalg.solve(part.T @ part + eye, part.T @ ratings[known[:, column], column])
        yield


def search_by_a_gaussian_process(seed: int) -> Iterator[None]:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.model_selection import cross_val_score
    from sklearn.svm import SVC

    x, y = _digits()
    rng = np.random.default_rng(seed)
    tried: list[Any] = []
    scores: list[float] = []
    for step in range(45):
        places = rng.uniform([-2, -4], [3, 1], (4000, 2))
        place = places[0]
        if step > 4:
            model = GaussianProcessRegressor(n_restarts_optimizer=2, alpha=1e-4, random_state=seed).fit(
                tried, scores
            )
            means, errors = model.predict(places, return_std=True)
            place = places[np.argmax(means + errors)]
        tried.append(place)
        scores.append(
            cross_val_score(SVC(C=10 ** place[0], gamma=10 ** place[1]), x[:500], y[:500], cv=3).mean()
        )
        yield


def topics_of_texts(seed: int) -> Iterator[None]:
    from sklearn.decomposition import LatentDirichletAllocation

    rng = np.random.default_rng(seed)
    model = LatentDirichletAllocation(12, random_state=seed)
    held = rng.poisson(0.05, (400, 1500))
    for step in range(60):
        model.partial_fit(rng.poisson(0.05, (96, 1500)))
        if step % 10 == 0:
            model.perplexity(held)
        yield


def pole_that_stands_longer(seed: int) -> Iterator[None]:
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.01, 4)
    best = 0.0
    for _ in range(120):
        candidate = weights + rng.normal(0, 0.3, 4)
        total = 0
        for _ in range(24):
            state = rng.uniform(-0.05, 0.05, 4)
            for _ in range(300):
                push = 10.0 if candidate @ state > 0 else -10.0
                sine, cosine = np.sin(state[2]), np.cos(state[2])
                part = (push + 0.05 * state[3] ** 2 * sine) / 1.1
                turn = (9.8 * sine - cosine * part) / (0.5 * (4 / 3 - 0.1 * cosine**2 / 1.1))
                state = state + 0.02 * np.array([state[1], part - 0.05 * turn * cosine / 1.1, state[3], turn])
                total += 1
                if abs(state[0]) > 2.4 or abs(state[2]) > 0.21:
                    break
        if total >= best:
            weights, best = candidate, float(total)
        yield


def grid_from_small_to_large(seed: int) -> Iterator[None]:
    from sklearn.ensemble import ExtraTreesClassifier

    x, y = _digits()
    for trees in (20, 40, 80):
        for depth in (2, 4, 8, None):
            for features in (2, 4, 8, 16):
                model = ExtraTreesClassifier(trees, max_depth=depth, max_features=features, random_state=seed)
                model.fit(x[:1200], y[:1200]).score(x[1200:], y[1200:])
                yield


def boosting_that_waits(seed: int) -> Iterator[None]:
    from sklearn.ensemble import GradientBoostingRegressor

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(700, 12))
    y = x[:, 0] * x[:, 1] + np.sin(x[:, 2]) + rng.normal(0, 0.7, 700)
    model = GradientBoostingRegressor(warm_start=True, random_state=seed, learning_rate=0.15)
    best, waited = -np.inf, 0
    for trees in range(2, 202, 2):
        model.set_params(n_estimators=trees).fit(x[:500], y[:500])
        score = model.score(x[500:], y[500:])
        best, waited = (score, 0) if score > best else (best, waited + 1)
        for _ in range(15):
            model.predict(x)
        yield
        if waited == 12:
            return


def bootstrap_of_a_ridge(seed: int) -> Iterator[None]:
    from sklearn.linear_model import RidgeCV

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(500, 80))
    y = x @ rng.normal(size=80) + rng.normal(size=500)
    for _ in range(80):
        rows = rng.integers(0, 500, 500)
        RidgeCV(np.logspace(-3, 3, 5), cv=3).fit(x[rows], y[rows])
        yield


def features_left_out_one_by_one(seed: int) -> Iterator[None]:
    from sklearn.ensemble import RandomForestClassifier

    x, y = _digits()
    kept = list(range(64))
    while len(kept) > 8:
        model = RandomForestClassifier(20, random_state=seed, max_features=None).fit(
            x[:900][:, kept], y[:900]
        )
        for one in np.argsort(model.feature_importances_)[:2][::-1]:
            kept[one] = -1
        kept = [one for one in kept if one >= 0]
        model = RandomForestClassifier(8, random_state=seed).fit(x[:900][:, kept], y[:900])
        model.score(x[900:][:, kept], y[900:])
        yield


def letters_one_by_one(seed: int) -> Iterator[None]:
    rng = np.random.default_rng(seed)
    text = rng.integers(0, 40, 4000)
    inside, again, out = (rng.normal(0, 0.1, shape) for shape in ((40, 96), (96, 96), (96, 40)))
    for step in range(200):
        at = int(rng.integers(0, 3900))
        states = [np.zeros((64, 96))]
        for letter in range(30):
            states.append(
                np.tanh(inside[text[(at + letter + np.arange(64) * 7) % 4000]] + states[-1] @ again)
            )
        back = np.zeros((64, 96))
        change = np.zeros_like(again)
        for letter in reversed(range(30)):
            back = (states[letter + 1] @ out @ out.T / 40 + back @ again.T) * (1 - states[letter + 1] ** 2)
            change += states[letter].T @ back
        again -= 1e-4 * np.clip(change, -1, 1)
        if step % 40 == 39:
            state = np.zeros((1, 96))
            for _ in range(20_000):
                state = np.tanh(inside[[int((state @ out).argmax())]] + state @ again)
        yield
    state = np.zeros((1, 96))
    for _ in range(40_000):
        state = np.tanh(inside[[int((state @ out).argmax())]] + state @ again)


def labels_asked_for(seed: int) -> Iterator[None]:
    from sklearn.svm import SVC

    x, y = _digits()
    rng = np.random.default_rng(seed)
    known = list(rng.choice(1400, 60, replace=False))
    for _ in range(40):
        for _ in range(3):
            model = SVC(C=10, gamma=0.05).fit(x[known], y[known])
        rest = np.setdiff1d(np.arange(1400), known)
        margins = np.sort(model.decision_function(x[rest]), axis=1)
        known += list(rest[np.argsort(margins[:, -1] - margins[:, -2])[:25]])
        model.score(x[1400:], y[1400:])
        yield


def nearest_neighbours_of_parts(seed: int) -> Iterator[None]:
    from sklearn.decomposition import IncrementalPCA
    from sklearn.neighbors import KNeighborsClassifier

    x, y = _digits()
    rng = np.random.default_rng(seed)
    model = IncrementalPCA(24)
    for step in range(140):
        model.partial_fit(x[rng.permutation(1400)[:1200]])
        if step % 7 == 6:
            near = KNeighborsClassifier().fit(model.transform(x[:1400]), y[:1400])
            for _ in range(4):
                near.score(model.transform(x), y)
        yield


DEVELOPMENT: dict[str, tuple[int | None, Training]] = {
    "first epoch loads, 60 epochs": (60, cached_after_the_first_epoch),
    "pictures that grow by plan": (180, pictures_that_grow),
    "text in batches": (120, text_in_batches),
    "walks that get shorter": (250, walks_that_get_shorter),
    "saves and scores at the end": (90, saves_and_scores_at_the_end),
    "mixture, stops early": (80, mixture_until_it_settles),
}
HELD_OUT: dict[str, tuple[int | None, Training]] = {
    "network, evaluated now and then": (150, network_with_evaluations),
    "factors of a matrix": (60, factors_of_a_matrix),
    "search by a Gaussian process": (45, search_by_a_gaussian_process),
    "topics of texts": (60, topics_of_texts),
    "pole that stands longer": (120, pole_that_stands_longer),
    "grid from small to large": (48, grid_from_small_to_large),
    "boosting, stops early": (100, boosting_that_waits),
    "bootstrap of a ridge": (80, bootstrap_of_a_ridge),
    "features left out one by one": (None, features_left_out_one_by_one),
    "letters, samples now and then": (200, letters_one_by_one),
    "labels asked for": (40, labels_asked_for),
    "nearest neighbours of parts": (140, nearest_neighbours_of_parts),
}
