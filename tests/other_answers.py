"""The rarer ways to answer a samtycke, page by page: who must sign, by word of mouth, a no, a scanned paper."""

import io
from collections.abc import Callable
from urllib.parse import urlsplit

from in_gemensam_kraft import Known
from visiting import People, Visitor, fresh_number, refer

Browse = Callable[..., Visitor]
# Born in 1970, of the series that is set aside for tests.
SOMEBODY = "197001019806"


def other_answers(people: People, browser: Browse, team: Visitor, on_paper: str) -> None:
    """Somebody more must sign and need not; a yes by word of mouth, a no; a paper is scanned and read."""
    author, number = browser(people.remittent()), fresh_number()
    referral = refer(author, number)
    author.get(f"/remisser/{referral}/undertecknare")
    author.send("/ny", {"roll": "vardnadshavare", "nummer": SOMEBODY, "namn": "Prov Provsson"})
    struck = list(author.page.forms("/ta-bort"))[-1]
    author.post(urlsplit(struck.action).path, dict(struck.form_values()), follow=True)
    team.get("/insats/karnhuset/samtycke-muntligt")
    told = {"nummer": number, "datum": "2024-01-15", "hord_av": "Prov Provsson", "varfor": "Kan inte skriva."}
    team.send("/samtycke-muntligt", told)
    number = fresh_number()
    refer(author, number)
    team.get("/insats/karnhuset/samtycke-nej")
    team.send("/samtycke-nej", {"nummer": number})
    team.get(on_paper)
    sent = {"csrf_token": team.token(), "fil": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}
    team.client.post(f"{on_paper}/papper", data=sent, base_url=team.base, content_type="multipart/form-data")
    team.get(on_paper)
    team.get(team.page.links("/fil")[0].removeprefix(team.base))
    Known(people.app, people, browser).asked()
