"""Faults that only show between the files of a plugin:

A goal that counts a code that nobody has, and the like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from stegvis.ground.definitions import Document, Fault
from stegvis.insats.codes import FORSORJNING, SYSSELSATTNING
from stegvis.insats.conditions import Condition, fields_of, leaves
from stegvis.insats.consent import MAIN
from stegvis.insats.consent_translation import translation_faults
from stegvis.insats.instruments import Instrument
from stegvis.insats.target_group import TargetGroup
from stegvis.insats.texts import LocalText

if TYPE_CHECKING:
    from stegvis.insats.definition import Documents


def cross_faults(documents: Documents) -> Iterator[Fault]:
    """Every fault between files, each at the line that refers to something."""
    yield from _completeness(documents)
    yield from _names(documents)
    yield from _target_group(documents)
    yield from _process(documents)
    yield from _goals(documents)
    yield from _forms(documents)
    yield from _reports(documents)
    yield from _languages(documents)
    yield from translation_faults(documents.translations, documents.consent)
    yield from _kinds(documents)


def _completeness(documents: Documents) -> Iterator[Fault]:
    manifest, process = documents.manifest, documents.process
    if not documents.reports:
        yield manifest.fault((), "Insatsen har ingen rapportmall: lägg minst en fil i mappen ”report”.")
    if "personer" not in manifest.model.registration.allowed:
        return
    if documents.target_group is None:
        yield manifest.fault(
            ("registration",), "En insats som registrerar personer behöver filen ”target_group.toml”."
        )
    if not process.model.step:
        yield process.fault((), "En insats som registrerar personer behöver minst ett steg (step).")
    if not process.model.avslut:
        yield process.fault((), "En insats som registrerar personer behöver minst en avslutskod (avslut).")


def _names(documents: Documents) -> Iterator[Fault]:
    named: list[Document[Any]] = [*documents.forms, *documents.instruments, *documents.reports]
    for document in named:
        if document.model.id != document.path.stem:
            yield document.fault(
                ("id",),
                f"id är ”{document.model.id}” men filen heter ”{document.path.name}”: de ska vara lika.",
            )


def _target_group(documents: Documents) -> Iterator[Fault]:
    document = documents.target_group
    if document is None:
        return
    group = document.model
    yield from _repeated(document, "fact", [fact.id for fact in group.fact])
    for where, condition in _conditions(group):
        for name in sorted(fields_of(condition) - group.known_facts):
            yield document.fault(where, f"Villkoret frågar efter ”{name}”, som inte finns bland ”fact”.")
        yield from _values_nobody_gives(document, where, condition)
    kinds = {fact.id: fact.kind for fact in group.fact}
    for index, gate in enumerate(group.gate):
        if kinds.get(gate.fact) != "yes_no":
            yield document.fault(
                ("gate", index, "fact"),
                f"Frågan ”{gate.id}” behöver ”{gate.fact}” som ”fact” av slaget ”yes_no”.",
            )
    rules = ["alder", "remittent", "kalla", "fragestallningar"]
    for name in ("rule", "group", "exclusion", "gate"):
        for index, item in enumerate(getattr(group, name)):
            if item.id in rules:
                yield document.fault(
                    (name, index, "id"), f"Samma id står två gånger bland reglerna: ”{item.id}”."
                )
            rules.append(item.id)


def _values_nobody_gives(
    document: Document[TargetGroup], where: tuple[str | int, ...], condition: Condition
) -> Iterator[Fault]:
    """A rule that compares with an answer nobody can give is never met, and nobody would see why."""
    facts = {fact.id: fact for fact in document.model.fact}
    for leaf in leaves(condition):
        fact = facts.get(leaf.field or "")
        if fact is None or leaf.value is None:
            continue
        values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        if fact.kind == "yes_no" and not all(isinstance(value, bool) for value in values):
            yield document.fault(where, f"Villkoret ska jämföra ”{fact.id}” med true eller false.")
        for value in values:
            if fact.kind == "choice" and value not in fact.options:
                yield document.fault(where, f"Villkoret nämner ”{value}”, som inte är ett val i ”{fact.id}”.")


def _conditions(group: TargetGroup) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    for name in ("rule", "exclusion", "priority"):
        for index, rule in enumerate(getattr(group, name)):
            yield (name, index, "when"), rule.when
    for index, outer in enumerate(group.group):
        for inner, item in enumerate(outer.item):
            yield ("group", index, "item", inner, "when"), item.when


def _repeated(document: Document[Any], table: str, ids: Sequence[str]) -> Iterator[Fault]:
    for index, one in enumerate(ids):
        if one in ids[:index]:
            yield document.fault((table, index, "id"), f"Samma id står två gånger i ”{table}”: ”{one}”.")


def _process(documents: Documents) -> Iterator[Fault]:
    document = documents.process
    forms = {form.model.id for form in documents.forms}
    instruments = {instrument.model.id for instrument in documents.instruments}
    for table in ("step", "due", "activity"):
        for index, item in enumerate(getattr(document.model, table)):
            if item.form is not None and item.form not in forms:
                yield document.fault(
                    (table, index, "form"), f"Formuläret ”{item.form}” finns inte i mappen ”forms”."
                )
    for index, rule in enumerate(document.model.due):
        if rule.instrument is not None and rule.instrument not in instruments:
            yield document.fault(
                ("due", index, "instrument"),
                f"Mätningen ”{rule.instrument}” finns inte i mappen ”instruments”.",
            )


def _goals(documents: Documents) -> Iterator[Fault]:
    process = documents.process.model
    known: dict[str, tuple[set[str], str]] = {
        "codes": ({item.code for item in process.avslut}, "avslutskoden"),
        "milestones": ({item.id for item in process.milestone}, "milstolpen"),
        "statuses": (
            {code.code for code in (*FORSORJNING, *SYSSELSATTNING)},
            "försörjningen eller sysselsättningen",
        ),
        "activity": ({item.id for item in process.activity}, "aktiviteten"),
        "instrument": ({item.model.id for item in documents.instruments}, "mätningen"),
        "form": ({item.model.id for item in documents.forms}, "formuläret"),
        "question": ({field.id for item in documents.forms for field in item.model.field}, "frågan"),
    }
    for index, goal in enumerate(documents.goals.model.goal):
        for key, (values, noun) in known.items():
            for value in _several(getattr(goal.params, key)):
                if value not in values:
                    yield documents.goals.fault(
                        ("goal", index, "params", key),
                        f"Målet ”{goal.id}” nämner {noun} ”{value}”, som inte finns.",
                    )


def _several(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _forms(documents: Documents) -> Iterator[Fault]:
    facts = documents.target_group.model.known_facts if documents.target_group else frozenset()
    for document in documents.forms:
        for index, field in enumerate(document.model.field):
            if field.fact is not None and field.fact not in facts:
                yield document.fault(
                    ("field", index, "fact"), f"”{field.fact}” finns inte bland ”fact” i target_group.toml."
                )
            if field.list == "aktivitet" and not documents.process.model.activity:
                yield document.fault(
                    ("field", index, "list"), "Insatsen har inga aktiviteter (activity) att välja bland."
                )
    yield from _facts_nobody_asks(documents)


def _facts_nobody_asks(documents: Documents) -> Iterator[Fault]:
    """Once there is a remiss form, every rule about the person must have a question there, or it is
    never met.
    """
    referrals = [form.model for form in documents.forms if form.model.use == "remiss"]
    if documents.target_group is None or not referrals:
        return
    asked = {field.fact for form in referrals for field in form.field}
    gates = {gate.fact for gate in documents.target_group.model.gate}
    for index, fact in enumerate(documents.target_group.model.fact):
        if fact.id not in asked | gates:
            yield documents.target_group.fault(
                ("fact", index, "id"), f"Ingen fråga i remissformuläret svarar på ”{fact.id}”."
            )


def _reports(documents: Documents) -> Iterator[Fault]:
    activities = {item.id for item in documents.process.model.activity}
    for document in documents.reports:
        for index, figure in enumerate(document.model.figure):
            activity = figure.params.activity
            if activity is not None and activity not in activities:
                yield document.fault(
                    ("figure", index, "params"), f"Aktiviteten ”{activity}” finns inte i process.toml."
                )


def _languages(documents: Documents) -> Iterator[Fault]:
    """Whatever the participant reads stands in every language that the plugin promises."""
    promised = documents.manifest.model.languages
    if documents.consent is not None:
        for index, language in enumerate(promised):
            if language not in documents.consent.model.languages:
                yield documents.manifest.fault(("languages", index), f"Samtycket finns inte på ”{language}”.")
        wanted = tuple(dict.fromkeys((*promised, *documents.consent.model.languages)))
        yield from _missing_languages(documents.consent, documents.consent.model, wanted)
    for consent in documents.more_consents:
        wanted = tuple(dict.fromkeys((*promised, *consent.model.languages)))
        yield from _missing_languages(consent, consent.model, wanted)
    for form in documents.forms:
        wanted = promised if form.model.audience == "deltagare" else form.model.languages
        yield from _missing_languages(form, form.model, wanted)
    for instrument in documents.instruments:
        if "deltagare" in instrument.model.raters:
            yield from _missing_in_instrument(instrument, promised)


def _kinds(documents: Documents) -> Iterator[Fault]:
    """consent.toml opens the referral; each other kind stands in a file of its own, named after it."""
    if documents.consent is not None and documents.consent.model.kind != MAIN:
        yield documents.consent.fault(
            ("kind",), f"consent.toml är alltid ”{MAIN}”: lägg andra slag i ”consent”."
        )
    taken = {documents.consent.model.id} if documents.consent is not None else set()
    for document in documents.more_consents:
        model = document.model
        if documents.consent is None:
            yield document.fault((), "Insatsen har inget samtycke (consent.toml) att ställa frågan efter.")
        if model.kind != document.path.stem:
            yield document.fault(
                ("kind",),
                f"Slaget är ”{model.kind}” men filen heter ”{document.path.name}”: de ska vara lika.",
            )
        if model.id in taken:
            yield document.fault(("id",), f"Två samtycken heter ”{model.id}”.")
        taken.add(model.id)


def _missing_in_instrument(document: Document[Instrument], languages: Iterable[str]) -> Iterator[Fault]:
    model = document.model
    for key in ("title", "intro"):
        yield from _missing_languages(document, getattr(model, key), languages, (key,))
    yield from _missing_languages(document, model.scale, languages, ("scale",))
    for index, indicator in enumerate(model.indicator):
        if "deltagare" in indicator.raters:
            asked = indicator.model_copy(update={"question_handledare": None})
            yield from _missing_languages(document, asked, languages, ("indicator", index))


def _missing_languages(
    document: Document[Any], value: Any, languages: Iterable[str], where: tuple[str | int, ...] = ()
) -> Iterator[Fault]:
    wanted = tuple(languages)
    for place, text in _texts(value, where):
        for language in wanted:
            if language not in text.languages():
                name = next((part for part in reversed(place) if isinstance(part, str)), "texten")
                yield document.fault(place, f"”{name}” saknas på språket ”{language}”, som insatsen lovar.")


def _texts(value: Any, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], LocalText]]:
    if isinstance(value, LocalText):
        yield where, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _texts(item, (*where, index))
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), (*where, name))
