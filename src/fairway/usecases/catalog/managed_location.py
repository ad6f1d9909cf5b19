"""Who manages an entity: the place that its document comes from.

Belongs here: places of repositories' files as text and as URLs, the annotations that say them,
and refusing what another place manages. Never here: reading files, changing the catalog.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from fairway.core.catalog.entity import Entity
from fairway.core.source.repository import Repository
from fairway.kits.errors import Location, Refused
from fairway.ports.store.entities import StoredEntity

MANAGED_BY = "backstage.io/managed-by-location"
ORIGIN = "backstage.io/managed-by-origin-location"
SOURCE = "backstage.io/source-location"
VIEW_URL = "backstage.io/view-url"
ORPHAN = "backstage.io/orphan"
# The repository's name: by this its entities are found again.
REPOSITORY = "fairway.dev/repository"
_REPOSITORY = "repository:"
_RELEASE = "release:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlace:
    """The default branch of a repository; `base_url` is the API's, without a path.

    URLs are those that hosts of repositories have: `…/blob/<branch>/<file>`, `…/tree/<branch>/`.
    """

    repository: Repository
    base_url: str

    def make_location(self, file: str) -> str:
        """Return what an entity's stored location is, such as `repository:orders/a.yaml`."""
        return f"{_REPOSITORY}{self.repository.name}/{file}"

    def make_file_url(self, file: str) -> str:
        """Return the URL of a file."""
        return f"{self._make_root()}/blob/{self._quote(file)}"

    def make_folder_url(self, file: str) -> str:
        """Return the URL of the folder that a file is in, with a slash at its end."""
        folder = file.rpartition("/")[0]
        return f"{self._make_root()}/tree/{self._quote(f'{folder}/' if folder else '')}"

    def annotate(self, entity: Entity, *, file: str, root: str) -> Entity:
        """Return `entity` with annotations of where it comes from; `root` is what led to `file`.

        Authors may say themselves where their source is and where it is seen, not who manages it.
        """
        given = {key: value for key, value in entity.annotations.items() if key != ORPHAN}
        annotations = {
            SOURCE: f"url:{self.make_folder_url(file)}",
            VIEW_URL: self.make_file_url(file),
            **given,
            MANAGED_BY: f"url:{self.make_file_url(file)}",
            ORIGIN: f"url:{self.make_file_url(root)}",
            REPOSITORY: self.repository.name,
        }
        return with_annotations(entity, annotations)

    def is_ours(self, stored: StoredEntity) -> bool:
        """Return whether this repository manages the entity."""
        return stored.location.startswith(self.make_location(""))

    def check_free(self, entity: Entity, known: StoredEntity | None, *, at: Location) -> None:
        """Refuse to describe what another place manages.

        What was applied by hand or came with the platform may be taken over, as may orphans, and
        what releases of this repository's own component brought.

        Raises:
            Refused: ENTITY-MANAGED-ELSEWHERE.
        """
        if known is None or self.is_ours(known) or is_orphan(known.entity):
            return
        names = {self.repository.name, self.repository.component}
        place = known.location
        if place.startswith(_REPOSITORY) or (
            place.startswith(_RELEASE)
            and place.removeprefix(_RELEASE).rpartition("/")[0] not in names
        ):
            raise _refuse(entity, known, here=self.make_location(at.file), at=at)

    def _make_root(self) -> str:
        origin = urlsplit(self.repository.origin)
        if origin.scheme not in ("http", "https"):
            return f"{self.base_url}/git/{self.repository.name}.git"
        host = origin.netloc.rpartition("@")[2]  # credentials stay out
        return urlunsplit((origin.scheme, host, origin.path.removesuffix(".git"), "", ""))

    def _quote(self, path: str) -> str:
        return quote(f"{self.repository.default_branch}/{path}")


def is_from_source(stored: StoredEntity) -> bool:
    """Return whether a repository manages the entity."""
    return stored.location.startswith(_REPOSITORY) and not is_orphan(stored.entity)


def get_file(stored: StoredEntity) -> str:
    """Return the path of the file that describes the entity in its repository, empty for none."""
    place = stored.location
    return place.partition("/")[2] if place.startswith(_REPOSITORY) else ""


def is_orphan(entity: Entity) -> bool:
    """Return whether nothing describes the entity any more."""
    return ORPHAN in entity.annotations


def with_annotations(entity: Entity, annotations: Mapping[str, str]) -> Entity:
    """Return `entity` with exactly these annotations."""
    metadata = {**entity.metadata, "annotations": dict(annotations)}
    return Entity({**entity.document, "metadata": metadata})


def check_by_hand(changed: Iterable[Entity], known: Mapping[str, StoredEntity]) -> None:
    """Refuse to change by hand what a repository manages: its next commit would undo it.

    Raises:
        Refused: ENTITY-MANAGED-ELSEWHERE.
    """
    for entity in changed:
        stored = known.get(entity.ref)
        if stored is not None and is_from_source(stored):
            raise _refuse(entity, stored, here="by hand", at=None)


def _refuse(entity: Entity, known: StoredEntity, *, here: str, at: Location | None) -> Refused:
    written = known.entity.name
    shown = "" if written == entity.name else f" as '{written}', which differs only in case"
    return Refused(
        "ENTITY-MANAGED-ELSEWHERE",
        what=f"cannot change {entity.kind.lower()} '{entity.name}'",
        why=f"'{entity.ref}' is described in {known.location}{shown}, and here {here}",
        fix=f"change it in {known.location}, or remove it there first",
        at=at,
        status=409,
    )
