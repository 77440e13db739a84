"""The one entrance of the disclosure policy."""

from __future__ import annotations

from datetime import date
from typing import Literal

from stegvis.publishing.policy.cells import Counts, Decision, Ledger
from stegvis.publishing.policy.standard import Rules, decide_standard
from stegvis.publishing.policy.strict import decide_strict

Policy = Literal["standard", "strikt"]


def decide(
    counts: Counts,
    ledger: Ledger,
    *,
    policy: Policy = "standard",
    gives_up_five_leavers: bool = False,
    on: date,
    rules: Rules | None = None,
) -> Decision:
    """What of `counts` crosses, given every earlier release of this insats in every format.

    `on` is the day of the release. `gives_up_five_leavers`: every huvudman of the insats has recorded that
    the outcomes of fewer than five leavers between two reports may be told (it has no meaning under
    `strikt`). `rules` is for tests. Put `Decision.released` at the end of the ledger before anything is
    shown.
    """
    if policy == "strikt":
        return decide_strict(counts, ledger, on)
    if policy != "standard":
        raise ValueError(f"no such disclosure policy: {policy}")
    return decide_standard(counts, ledger, on, rules or Rules(few_leavers=not gives_up_five_leavers))
