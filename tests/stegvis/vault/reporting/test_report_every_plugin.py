"""Every installed insats can be reported on: its periods, its figures, its headings, also with nobody in it."""

import pytest
from flask import Flask

from stegvis.config import Settings
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.scope import scopes
from stegvis.local.installation import DEMO_DAY, set_day
from stegvis.publishing import service as publishing
from stegvis.vault.reporting import drafts, tables
from stegvis.vault.reporting.contents import content_of


@pytest.fixture
def in_2024(in_app: Flask, settings: Settings) -> Flask:
    """The day at which three of the insatser run."""
    set_day(settings, DEMO_DAY)
    return in_app


def test_every_insats_has_a_report_that_can_cross(in_2024: Flask, settings: Settings) -> None:
    told = {}
    for one in scopes().directory.scopes():
        if one.huvudman is None:
            continue
        with scope(one) as opened:
            for instance in opened.forbund.insatser_of(one.huvudman):
                ground = drafts.ground_of(instance.id)
                assert ground is not None, instance.id
                period = ground.begun()[-1]
                draft = drafts.load(ground, period)
                payload = publishing.preview(content_of(draft, "Test Testsson", period.end))
                goals = tables.goal_lines(draft.figures, ground.definition)
                assert len(goals) == len(payload.goals) == len(ground.definition.goals.goal)
                assert [part.number for part in payload.sections] == [
                    part.number for part in ground.template.section
                ]
                told.setdefault(instance.id, set()).add(payload.kind)
    set_day(settings, DEMO_DAY)
    assert told == {
        "karnhuset": {"kvartalsrapport"},
        "se_coach": {"delrapport"},
        "krus": {"arsrapport"},
        "gemensam_kraft": {"arsrapport"},
    }
