"""Checks across definitions: what one of them says about another.

Belongs here: rules for a set of definitions. Never here: the form of one document, which its
schema states. Start at `check_definitions`.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

import jsonschema_rs

from fairway.core.definition.definition import CRITERIA, Definitions, ProvisionerDefinition
from fairway.core.finding.finding import Finding, Level
from fairway.kits import spelling, toposort
from fairway.kits.canonical import JsonObject

Path = tuple[str | int, ...]
# Says where the member at a path of the entity with a ref is, as `file:line:column`.
Locate = Callable[[str, Path], str]


def check_definitions(
    definitions: Definitions, *, locate: Locate = lambda _ref, _path: ""
) -> tuple[Finding, ...]:
    """Return what is wrong between `definitions`, sorted; none of it depends on a driver.

    DEFINITION-UNKNOWN: something is named that is not defined. DEFINITION-CYCLE: environments
    promote in a circle. DEFINITION-TIE: of two provisioners neither could ever win.
    DEFINITION-SCHEMA: params or outputs are no JSON Schema. DEFINITION-TWICE: two versions have
    one name. DEFINITION-UNMATCHED (a warning): a criterion that nothing meets now.
    """
    checker = _Checker(definitions, locate)
    return tuple(
        sorted(
            [
                *checker.check_environments(),
                *checker.check_promotion(),
                *checker.check_resource_types(),
                *checker.check_provisioners(),
                *checker.check_ties(),
            ]
        )
    )


class _Checker:
    def __init__(self, definitions: Definitions, locate: Locate) -> None:
        self._definitions = definitions
        self._locate = locate

    def check_environments(self) -> Iterator[Finding]:
        known = self._definitions.environments
        for environment in known.values():
            subject = f"environment '{environment.name}'"
            ref = _make_ref("environment", environment.name)
            yield from self._check_known(
                (ref, ("spec", "target")),
                f"{subject} names target",
                environment.target,
                self._definitions.targets,
            )
            for index, source in enumerate(environment.promotes_from):
                yield from self._check_known(
                    (ref, ("spec", "promotesFrom", index)),
                    f"{subject} promotes from environment",
                    source,
                    known,
                )

    def check_promotion(self) -> Iterator[Finding]:
        environments = self._definitions.environments
        try:
            toposort.make_waves({name: it.promotes_from for name, it in environments.items()})
        except toposort.CycleError as error:
            yield self._find(
                "DEFINITION-CYCLE",
                (_make_ref("environment", error.cycle[0]), ("spec", "promotesFrom")),
                f"no release can reach these environments: {error}",
                "remove one of these from promotesFrom",
            )

    def check_resource_types(self) -> Iterator[Finding]:
        for resource_type in self._definitions.resource_types.values():
            ref = _make_ref("resourcetype", resource_type.name)
            names: set[str] = set()
            for index, version in enumerate(resource_type.versions):
                path: Path = ("spec", "versions", index)
                label = f"resource type '{resource_type.name}' {version.name}"
                if version.name in names:
                    yield self._find(
                        "DEFINITION-TWICE",
                        (ref, (*path, "name")),
                        f"{label} is there more than once",
                        "give each version its own name",
                    )
                names.add(version.name)
                for name, schema in (("params", version.params), ("outputs", version.outputs)):
                    if why := _find_schema_error(schema):
                        yield self._find(
                            "DEFINITION-SCHEMA",
                            (ref, (*path, name)),
                            f"the {name} of {label} are not a JSON Schema: {why}",
                            "correct the schema; it is read as draft 2020-12",
                        )

    def check_provisioners(self) -> Iterator[Finding]:
        for provisioner in self._definitions.provisioners.values():
            ref = _make_ref("provisioner", provisioner.name)
            yield from self._check_known(
                (ref, ("spec", "type")),
                f"provisioner '{provisioner.name}' names resource type",
                provisioner.type,
                self._definitions.resource_types,
            )
            yield from self._check_match(ref, provisioner)

    def _check_match(self, ref: str, provisioner: ProvisionerDefinition) -> Iterator[Finding]:
        environments = self._definitions.environments
        resource_type = self._definitions.resource_types.get(provisioner.type)
        known: dict[str, Collection[str]] = {
            "environment": environments,
            "environmentType": {environment.type for environment in environments.values()},
        }
        if resource_type is not None:
            known["class"] = {name for it in resource_type.versions for name in it.classes}
        for criterion, value in provisioner.match.items():
            if criterion not in CRITERIA or (criterion in known and value not in known[criterion]):
                yield from self._check_known(
                    (ref, ("spec", "match", criterion)),
                    f"provisioner '{provisioner.name}' matches {criterion}",
                    value,
                    known.get(criterion, ()),
                    code="DEFINITION-UNMATCHED",
                )

    def check_ties(self) -> Iterator[Finding]:
        first: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}
        for name, provisioner in sorted(self._definitions.provisioners.items()):
            match = frozenset(provisioner.match.items())
            other = first.setdefault((provisioner.type, match), name)
            if other != name:
                yield self._find(
                    "DEFINITION-TIE",
                    self._find_place(name, other),
                    f"provisioners '{other}' and '{name}' match the same resources of type "
                    f"'{provisioner.type}' and are equally specific",
                    "add a criterion to the match of one of them, or delete one",
                )

    def _find_place(self, *provisioners: str) -> tuple[str, Path]:
        """Return the first of `provisioners` that has a place; not every one need have a file."""
        path: Path = ("spec", "match")
        refs = [_make_ref("provisioner", name) for name in provisioners]
        return next((ref for ref in refs if self._locate(ref, path)), refs[0]), path

    def _check_known(
        self,
        at: tuple[str, Path],
        claim: str,
        name: str,
        known: Collection[str],
        *,
        code: str = "DEFINITION-UNKNOWN",
    ) -> Iterator[Finding]:
        if name in known:
            return
        meant = spelling.suggest(name, known)
        yield self._find(
            code,
            at,
            f"{claim} '{name}', which is not defined",
            f"did you mean '{meant}'?" if meant else f"use {_list_names(known)}, or define it",
            level="warn" if code == "DEFINITION-UNMATCHED" else "deny",
        )

    def _find(
        self, code: str, at: tuple[str, Path], text: str, fix: str, *, level: Level = "deny"
    ) -> Finding:
        return Finding(code=code, level=level, text=text, fix=fix, at=self._locate(*at))


def _find_schema_error(schema: JsonObject) -> str | None:
    """Return why `schema` is no JSON Schema, or None."""
    try:
        jsonschema_rs.Draft202012Validator(dict(schema), offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        return str(error).splitlines()[0]
    return None


def _make_ref(kind: str, name: str) -> str:
    return f"{kind}:default/{name}".lower()


def _list_names(known: Collection[str]) -> str:
    names: Sequence[str] = sorted(known)
    return "one of " + ", ".join(f"'{name}'" for name in names) if names else "another name"
