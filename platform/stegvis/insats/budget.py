"""The money of an insats: lines per year and per party, with totals that are checked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, Identifier, Line, Text

MISSING = "belopp saknas i underlaget"
# The key for an insats whose budget is the same every year.
EVERY_YEAR = "per_ar"


class BudgetLine(Definition):
    """Whole kronor per year ("2024") or per_ar. An empty cell of the source is left out, not written as 0."""

    id: Identifier
    title: Line
    kind: Literal["cost", "income"] = "cost"
    party: Identifier | None = None
    places: int | None = Field(default=None, ge=0)
    amounts: dict[str, int] = Field(min_length=1)
    note: Line | None = None

    @model_validator(mode="after")
    def _years_and_amounts(self) -> BudgetLine:
        for year, amount in self.amounts.items():
            _check_year(year)
            if amount < 0:
                raise ValueError(f"Beloppet i ”{self.id}” är negativt: skriv kind = ”income” för en intäkt.")
        return self


class Budget(Definition):
    """The whole of budget.toml: given amounts, or a plain statement that the source has none."""

    amounts: Literal["given", "missing"]
    text: Text
    currency: Literal["SEK"] = "SEK"
    party: dict[Identifier, Line] = Field(default_factory=dict)
    line: tuple[BudgetLine, ...] = ()
    totals: dict[str, int] = Field(default_factory=dict)
    total: int | None = None
    source: Line | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Budget:
        if self.amounts == "missing":
            if self.line or self.totals or self.total is not None:
                raise ValueError("amounts = ”missing” betyder att det inte finns några belopp: ta bort dem.")
            return self
        if not self.line or self.total is None:
            raise ValueError("En budget med belopp behöver rader (line) och en summa (total).")
        self._check_lines()
        self._check_totals()
        return self

    def _check_lines(self) -> None:
        ids = [line.id for line in self.line]
        for one in ids:
            if ids.count(one) > 1:
                raise ValueError(f"Samma id står två gånger bland budgetraderna: ”{one}”.")
        for line in self.line:
            if line.party is not None and line.party not in self.party:
                raise ValueError(
                    f"Budgetraden ”{line.id}” nämner parten ”{line.party}”, som inte finns i ”party”."
                )

    def _check_totals(self) -> None:
        if set(self.totals) != set(self.years):
            raise ValueError("”totals” ska ha precis de år som budgetraderna har.")
        for year in self.years:
            found = self.cost(year=year)
            if found != self.totals[year]:
                raise ValueError(
                    f"Raderna för {year} blir {found} kr, men ”totals” säger {self.totals[year]} kr."
                )
        if sum(self.totals.values()) != self.total:
            raise ValueError(f"Åren blir {sum(self.totals.values())} kr, men ”total” säger {self.total} kr.")
        income = sum(sum(line.amounts.values()) for line in self.line if line.kind == "income")
        if income and income != self.total:
            raise ValueError(f"Intäkterna är {income} kr och kostnaderna {self.total} kr: de ska vara lika.")

    @property
    def years(self) -> tuple[str, ...]:
        """The years (or per_ar) that have amounts, in order."""
        return tuple(sorted({year for line in self.line for year in line.amounts}))

    def cost(self, *, year: str | None = None, party: str | None = None) -> int:
        """Planned cost in kronor, of one year or all, of one party or all."""
        return sum(
            amount
            for line in self.line
            if line.kind == "cost" and (party is None or line.party == party)
            for key, amount in line.amounts.items()
            if year is None or key == year
        )


def _check_year(year: str) -> None:
    if year != EVERY_YEAR and not (len(year) == 4 and year.isascii() and year.isdigit()):
        raise ValueError(f"”{year}” är inget årtal: skriv till exempel ”2024”, eller ”{EVERY_YEAR}”.")
