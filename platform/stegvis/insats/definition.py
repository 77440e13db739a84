"""The whole of an insats: every file of a plugin's folder read, checked, and checked against each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from stegvis.ground.definitions import DefinitionError, Document, Fault, load_document
from stegvis.insats.budget import Budget
from stegvis.insats.consent import Consent
from stegvis.insats.consent_translation import FILE_NAME, ConsentTranslation
from stegvis.insats.cross_checks import cross_faults
from stegvis.insats.forms import Form
from stegvis.insats.goals import Goals
from stegvis.insats.instruments import Instrument
from stegvis.insats.manifest import Manifest
from stegvis.insats.process import Process, published_group
from stegvis.insats.report import ReportTemplate
from stegvis.insats.target_group import TargetGroup

ModelT = TypeVar("ModelT", bound=BaseModel)
FILES = ("plugin.toml", "target_group.toml", "process.toml", "goals.toml", "budget.toml", "consent.toml")
FOLDERS = ("consent", "forms", "instruments", "report")


@dataclass(frozen=True, slots=True)
class PersonalData:
    """One line of the controller's register: which field of which form, why, and how long it is kept."""

    form_id: str
    form_version: int
    field_id: str
    label: str
    sensitive: bool
    purpose: str
    retention: str


@dataclass(frozen=True, slots=True, repr=False)
class InsatsDefinition:
    """What one plugin says its insats is. Frozen; `folder` is where the files lie."""

    folder: Path
    manifest: Manifest
    process: Process
    goals: Goals
    budget: Budget
    reports: Mapping[str, ReportTemplate]
    target_group: TargetGroup | None = None
    consent: Consent | None = None
    forms: Mapping[str, Form] = field(default_factory=dict)
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    consent_translations: Mapping[str, ConsentTranslation] = field(default_factory=dict)
    more_consents: Mapping[str, Consent] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"InsatsDefinition({self.manifest.id} {self.manifest.version})"

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self.manifest.id

    def forms_for(self, use: str) -> tuple[Form, ...]:
        """The forms for one place in the person's way ("remiss", "avslut", ...), by id."""
        return tuple(form for form in self.forms.values() if form.use == use)

    def lists(self) -> dict[str, tuple[str, ...]]:
        """The insats' own code lists, as `forms.parse` wants them."""
        return {
            "avslut": tuple(item.code for item in self.process.avslut),
            "aktivitet": tuple(item.id for item in self.process.activity),
        }

    def list_labels(self, name: str) -> dict[str, str]:
        """Codes and Swedish labels of an own list ("avslut" or "aktivitet").

        Raises KeyError for another name.
        """
        return {
            "avslut": {item.code: item.label.sv for item in self.process.avslut},
            "aktivitet": {item.id: item.title.sv for item in self.process.activity},
        }[name]

    def personal_data(self) -> tuple[PersonalData, ...]:
        """Everything that is collected about a person, for the register that the huvudman approves."""
        return tuple(
            PersonalData(
                form.id, form.version, item.id, item.label.sv, item.sensitive, item.purpose, item.retention
            )
            for form in self.forms.values()
            for item in form.field
        )

    def disclosure_hash(self) -> str:
        """sha256 (hex) over version, what crosses and what is collected:

        What the huvudman approves (walls 5).
        """
        content: dict[str, Any] = {
            "id": self.manifest.id,
            "version": self.manifest.version,
            "avslut": {item.code: [published_group(item), item.counts] for item in self.process.avslut},
            "figures": sorted(name for report in self.reports.values() for name in report.own_figures()),
            "personal_data": [
                [d.form_id, d.form_version, d.field_id, d.sensitive, d.purpose, d.retention]
                for d in self.personal_data()
            ],
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class Documents:
    """Every file with its line numbers, for faults that only show between files."""

    folder: Path
    manifest: Document[Manifest]
    process: Document[Process]
    goals: Document[Goals]
    budget: Document[Budget]
    reports: list[Document[ReportTemplate]]
    target_group: Document[TargetGroup] | None
    consent: Document[Consent] | None
    forms: list[Document[Form]]
    instruments: list[Document[Instrument]]
    translations: list[Document[ConsentTranslation]]
    more_consents: list[Document[Consent]]

    def definition(self) -> InsatsDefinition:
        """The models alone."""
        return InsatsDefinition(
            folder=self.folder,
            manifest=self.manifest.model,
            process=self.process.model,
            goals=self.goals.model,
            budget=self.budget.model,
            reports={document.model.id: document.model for document in self.reports},
            target_group=self.target_group.model if self.target_group else None,
            consent=self.consent.model if self.consent else None,
            forms={document.model.id: document.model for document in self.forms},
            instruments={document.model.id: document.model for document in self.instruments},
            consent_translations={one.model.language: one.model for one in self.translations},
            more_consents={one.model.kind: one.model for one in self.more_consents},
        )


def load_insats(folder: Path) -> InsatsDefinition:
    """The definition in a plugin's package folder. Raises DefinitionError with every fault of every file.

    Faults between files are looked for once each file is right by itself.
    """
    return load_documents(folder).definition()


def load_documents(folder: Path) -> Documents:
    """As `load_insats`, keeping the line numbers."""
    faults = list(_strange_files(folder))
    reader = _Reader(faults)
    manifest = reader.read(folder / "plugin.toml", Manifest)
    process = reader.read(folder / "process.toml", Process)
    goals = reader.read(folder / "goals.toml", Goals)
    budget = reader.read(folder / "budget.toml", Budget)
    target_group = reader.read_if_there(folder / "target_group.toml", TargetGroup)
    consent = reader.read_if_there(folder / "consent.toml", Consent)
    forms = reader.read_folder(folder / "forms", Form)
    instruments = reader.read_folder(folder / "instruments", Instrument)
    reports = reader.read_folder(folder / "report", ReportTemplate)
    translations = reader.read_folder(folder, ConsentTranslation, "consent.*.toml")
    more_consents = reader.read_folder(folder / "consent", Consent)
    if faults or manifest is None or process is None or goals is None or budget is None:
        raise DefinitionError(faults)
    documents = Documents(
        folder,
        manifest,
        process,
        goals,
        budget,
        reports,
        target_group,
        consent,
        forms,
        instruments,
        translations,
        more_consents,
    )
    if found := list(cross_faults(documents)):
        raise DefinitionError(found)
    return documents


class _Reader:
    """Reads file after file and keeps the faults, so that all of them are told at once."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults

    def read(self, path: Path, model: type[ModelT]) -> Document[ModelT] | None:
        try:
            return load_document(path, model)
        except DefinitionError as error:
            self.faults += error.faults
            return None

    def read_if_there(self, path: Path, model: type[ModelT]) -> Document[ModelT] | None:
        return self.read(path, model) if path.exists() else None

    def read_folder(self, folder: Path, model: type[ModelT], names: str = "*.toml") -> list[Document[ModelT]]:
        found = (self.read(path, model) for path in sorted(folder.glob(names)))
        return [document for document in found if document is not None]


def _strange_files(folder: Path) -> Iterator[Fault]:
    if not folder.is_dir():
        yield Fault(folder, 1, "Mappen finns inte.")
        return
    for path in sorted(folder.rglob("*.toml")):
        place = path.relative_to(folder)
        known = (
            place.name in FILES or FILE_NAME.fullmatch(place.name) is not None
            if len(place.parts) == 1
            else (len(place.parts) == 2 and place.parts[0] in FOLDERS)
        )
        if not known:
            yield Fault(path, 1, f"Filen ”{place.as_posix()}” hör inte till en insats.")
