"""Enrolments: from an accepted referral to the avslut, with the activities between. The room's public door.

Writing by codes and dates lies in `changes`, reading about people in `people`, the caseload as a file in
`caseload_file`, finding people in `search`, pages with forms in `form_pages`. People look into the rooms of
measurements and plans, and these call back here to ask who may work with whom: the modules of the three rooms
import each other as modules, never names out of each other.
"""

from stegvis.vault.enrolments.caseload_file import (
    CaseloadFile,
    FilePage,
    PurposeMissing,
    file_page,
    take_file,
)
from stegvis.vault.enrolments.cases import (
    case,
    definition_for,
    instance_of,
    may_be_asked,
    open_with_reason,
    team_of,
)
from stegvis.vault.enrolments.changes import (
    EnrolmentFault,
    end,
    end_activity,
    enrol,
    enrolled_referrals,
    start_activity,
)
from stegvis.vault.enrolments.coded import Baseline, Exit
from stegvis.vault.enrolments.form_pages import (
    ActivitiesPage,
    EnrolPage,
    ExitPage,
    FormFaults,
    FormPart,
    activities_page,
    end_fields,
    end_page,
    end_typed,
    enrol_fields,
    enrol_page,
    enrol_typed,
    part,
    part_errors,
    start_activity_typed,
)
from stegvis.vault.enrolments.history import NextStep
from stegvis.vault.enrolments.people import (
    ENDED,
    ENROLLED,
    Caseload,
    Person,
    PersonPage,
    PersonRow,
    Waiting,
    header,
    open_person,
    people,
)
from stegvis.vault.enrolments.queries import of_participant
from stegvis.vault.enrolments.search import Hit, Search, search

__all__ = [
    "ENDED",
    "ENROLLED",
    "ActivitiesPage",
    "Baseline",
    "Caseload",
    "CaseloadFile",
    "EnrolPage",
    "EnrolmentFault",
    "Exit",
    "ExitPage",
    "FilePage",
    "FormFaults",
    "FormPart",
    "Hit",
    "NextStep",
    "Person",
    "PersonPage",
    "PersonRow",
    "PurposeMissing",
    "Search",
    "Waiting",
    "activities_page",
    "case",
    "definition_for",
    "end",
    "end_activity",
    "end_fields",
    "end_page",
    "end_typed",
    "enrol",
    "enrol_fields",
    "enrol_page",
    "enrol_typed",
    "enrolled_referrals",
    "file_page",
    "header",
    "instance_of",
    "may_be_asked",
    "of_participant",
    "open_person",
    "open_with_reason",
    "part",
    "part_errors",
    "people",
    "search",
    "start_activity",
    "start_activity_typed",
    "take_file",
    "team_of",
]
