"""Imports every room's models, so that whoever needs the whole metadata has it."""

from stegvis.forbund.agreements import models as agreements
from stegvis.forbund.diarium import models as diarium
from stegvis.forbund.reports import models as reports
from stegvis.ground.jobs import models as jobs
from stegvis.ground.tenancy import models as tenancy
from stegvis.identity.access import models as access
from stegvis.identity.accounts import models as accounts
from stegvis.identity.audit import models as audit
from stegvis.publishing import models as publishing
from stegvis.vault.consent import models as consent
from stegvis.vault.enrolments import models as enrolments
from stegvis.vault.measurements import models as measurements
from stegvis.vault.participants import models as participants
from stegvis.vault.plans import models as plans
from stegvis.vault.referrals import models as referrals
from stegvis.vault.reporting import models as reporting

ALL = (
    tenancy,
    jobs,
    accounts,
    access,
    audit,
    participants,
    referrals,
    consent,
    enrolments,
    plans,
    measurements,
    reporting,
    diarium,
    agreements,
    reports,
    publishing,
)
