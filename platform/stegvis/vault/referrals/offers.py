"""To which insatser of the vault a new referral may be."""

from stegvis.ground.day import today
from stegvis.ground.tenancy import InsatsInstance
from stegvis.ground.tenancy.scope import current
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import may, subject
from stegvis.identity.audit import service as audit
from stegvis.plugin_host.service import definition_of


def insatser_to_refer_to() -> list[InsatsInstance]:
    """The running insatser of this vault that persons can be referred to and that the actor may refer to."""
    scope, day = current(), today()
    mine = scope.forbund.insatser_of(scope.huvudman.id)
    return [
        one
        for one in mine
        if may(Action.REFER, subject(one.id))
        and (one.starts is None or one.starts <= day)
        and (one.ends is None or day <= one.ends)
        and definition_of(one).forms_for("remiss")
    ]


def offered(insats: str) -> bool:
    """Whether a new referral may be to an insats. One that no form offers was written by hand: one event."""
    found = any(one.id == insats for one in insatser_to_refer_to())
    if insats and not found:
        audit.record_refusal("annan_insats", "insats")
    return found
