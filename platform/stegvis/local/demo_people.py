"""The demo's made-up people: numbers from Skatteverket's test series, made-up names, who logs in as what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Gender = Literal["kvinna", "man"]
Role = Literal["deltagare", "remittent", "handledare", "insatsledare", "vault_admin", "forbundschef"]

# Birth dates run over a prime number of days, so that a step of another prime meets each of them once. The
# youngest is 18 when Kärnhuset 2.0 starts (2022-10-01), the oldest under 65 in 2024.
FIRST_BIRTH = date(1961, 3, 1)
BIRTH_DAYS = 15_149
BIRTH_STEP = 6_007
# Serials that Skatteverket keeps free for tests; even is a woman's, odd a man's.
SERIALS = range(980, 1000, 2)

_WOMEN = (
    "Alva", "Berit", "Cecilia", "Dina", "Elsa", "Fatima", "Greta", "Hanna", "Ines", "Jasmin",
    "Karin", "Leila", "Maja", "Nora", "Olga", "Petra", "Rut", "Sara", "Tove", "Ulla",
)  # fmt: skip
_MEN = (
    "Adam", "Bo", "Carl", "David", "Emil", "Farid", "Gustav", "Hugo", "Ivan", "Johan",
    "Kalle", "Love", "Malik", "Nils", "Omar", "Per", "Rolf", "Sven", "Tage", "Ulf",
)  # fmt: skip
_FAMILIES = ("Testsson", "Provsson", "Exempelsson", "Påhittsson", "Låtsasson", "Övningsson", "Mönstersson")


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to log in as, and where that person begins; `huvudman` and `insats` may be empty."""

    role: Role
    name: str
    personnummer: str
    tenant: str
    huvudman: str
    insats: str
    start_url: str


@dataclass(frozen=True)
class MadeUp:
    """A made-up human being."""

    name: str
    number: str

    @property
    def given_name(self) -> str:
        """The first word of the name."""
        return self.name.partition(" ")[0]

    @property
    def family_name(self) -> str:
        """The second word of the name."""
        return self.name.partition(" ")[2]


def made_up_number(nth: int, gender: Gender) -> str:
    """The nth test number of a gender, twelve digits with their check digit; no two are alike.

    Raises ValueError from 10 * 15149 on, where the series ends.
    """
    turn = nth // BIRTH_DAYS
    if not 0 <= turn < len(SERIALS):
        raise ValueError(f"the test series has no number {nth}")
    born = FIRST_BIRTH + timedelta(days=nth * BIRTH_STEP % BIRTH_DAYS)
    serial = SERIALS[turn] + (gender == "man")
    digits = f"{born:%Y%m%d}{serial}"
    return digits + str(check_digit(digits[2:]))


def check_digit(nine: str) -> int:
    """The last digit of a personal number, from the nine before it (Skatteverket, SKV 704: modulus 10)."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(nine))
    return -sum(product // 10 + product % 10 for product in doubled) % 10


def made_up(nth: int, name: str = "") -> MadeUp:
    """The nth made-up person, every other one a woman; without `name`, one of 280 obviously made-up names."""
    half = nth // 2
    given = (_MEN if nth % 2 else _WOMEN)[half % 20]
    family = _FAMILIES[(half // 20 + half % 20) % len(_FAMILIES)]
    return MadeUp(name or f"{given} {family}", made_up_number(nth, "man" if nth % 2 else "kvinna"))


# Each vault's numbers begin at its own place, so that a new person of one changes no other's.
TEST_PARTICIPANT, WAITING_PARTICIPANT, DRAFTED = 100, 101, 102
KARNHUSET, KRUS, GEMENSAM_KRAFT = 110, 160, 200
# SE-coach was for people of 19-29 years, in 2017-2019.
SE_COACH = (244, 249, 254, 259, 272)
# Made-up people that a check or a test brings in begin here.
FRESH = 1000


Place = tuple[str, str, str]


def _staff(role: Role, nth: int, place: Place, start: str) -> DemoPerson:
    person = made_up(nth)
    return DemoPerson(role, person.name, person.number, *place, start)


def _gemensam_kraft() -> list[DemoPerson]:
    vaults = ("bromolla", "hassleholm", "kristianstad", "osby", "ostra_goinge")
    return [
        _staff("handledare", 30 + place, ("skane_nordost", vault, "gemensam_kraft"), "/idag")
        for place, vault in enumerate(vaults)
    ]


def people() -> list[DemoPerson]:
    """As whom one can log in, with start addresses as paths; the six of Kärnhuset 2.0 first."""
    waiting, test = made_up(WAITING_PARTICIPANT, "Prov Provsson"), made_up(TEST_PARTICIPANT, "Test Testsson")
    here = ("gavleborg", "sandviken", "karnhuset")
    return [
        DemoPerson("deltagare", waiting.name, waiting.number, *here, "/mina-sidor"),
        DemoPerson("deltagare", test.name, test.number, *here, "/mina-sidor"),
        _staff("remittent", 1, here, "/remisser"),
        _staff("handledare", 2, here, "/idag"),
        _staff("insatsledare", 3, here, "/idag"),
        _staff("vault_admin", 4, here, "/granskning"),
        _staff("forbundschef", 5, ("gavleborg", "", ""), "/laget"),
        _staff("remittent", 6, here, "/remisser"),
        _staff("handledare", 7, here, "/idag"),
        _staff("handledare", 8, here, "/idag"),
        _staff("handledare", 10, ("gavleborg", "af_gavle", "se_coach"), "/idag"),
        _staff("insatsledare", 11, ("gavleborg", "af_gavle", "se_coach"), "/idag"),
        _staff("handledare", 20, ("kalmar_lan", "kalmar", "krus"), "/idag"),
        _staff("insatsledare", 21, ("kalmar_lan", "kalmar", "krus"), "/idag"),
        _staff("vault_admin", 22, ("kalmar_lan", "kalmar", "krus"), "/granskning"),
        _staff("forbundschef", 23, ("kalmar_lan", "", ""), "/laget"),
        *_gemensam_kraft(),
        _staff("insatsledare", 36, ("skane_nordost", "kristianstad", "gemensam_kraft"), "/idag"),
        _staff("vault_admin", 37, ("skane_nordost", "kristianstad", "gemensam_kraft"), "/granskning"),
        _staff("forbundschef", 38, ("skane_nordost", "", ""), "/laget"),
    ]
