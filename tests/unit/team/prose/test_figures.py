"""How well the check finds planted faults, on texts for which nothing was tuned; and the page says what is so."""

from __future__ import annotations

import pytest

from tests.unit.team.prose import figures, planted


@pytest.mark.slow
def test_a_world_that_the_check_was_built_on_has_no_mistake(project):
    tally = figures.measured(planted.DEVELOPMENT[:1], texts=12)
    assert tally.mistakes == []
    assert tally.faults > 20 and tally.bound > 80


@pytest.fixture(scope="module")
def held_out(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("held-out")
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(folder))
        patch.setenv("GNOMON_CAPTURE", "off")
        return figures.measured(planted.HELD_OUT)


@pytest.mark.slow
def test_faults_are_found_and_nothing_else_on_seeds_that_were_held_out(held_out):
    assert held_out.precision >= 0.95
    assert held_out.recall >= 0.95
    assert held_out.named / held_out.faults >= 0.95
    assert held_out.listed_right / held_out.listed >= 0.95
    assert held_out.listed_right / held_out.loose >= 0.95
    assert held_out.faults > 800


@pytest.mark.slow
def test_every_fault_that_can_be_planted_was_planted_and_mostly_found(held_out):
    assert len(held_out.by_kind) >= 15
    for kind, planted_ones in held_out.by_kind.items():
        assert held_out.found[kind] >= 0.9 * planted_ones, kind


@pytest.mark.slow
def test_the_page_states_the_figures(held_out):
    assert figures.page(held_out) in figures.PAGE.read_text(encoding="utf-8"), (
        "run `python -m tests.unit.team.prose.figures`"
    )
