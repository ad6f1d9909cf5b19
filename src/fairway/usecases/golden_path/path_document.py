"""What the files of a template say of the golden path that they are.

Belongs here: golden-path.yaml, or what a template of Backstage without one stands for. Never
here: parameters, which renderers read. Start at `find_path`.
"""

from collections.abc import Callable

from fairway.core.catalog.entity import Entity
from fairway.formats import catalog, yaml
from fairway.formats.scaffolder import golden_path, template

PATH_FILE = "golden-path.yaml"


def find_path(read: Callable[[str], bytes | None]) -> Entity | None:
    """Return the GoldenPath among files that `read` gives by name, None where there is none.

    Raises:
        InvalidDocuments: golden-path.yaml or template.yaml cannot be read.
        Refused: TEMPLATE-INVALID, the template names no owner.
    """
    content = read(PATH_FILE)
    if content is not None:
        entities = map(catalog.parse_entity, yaml.parse_documents(content, file=PATH_FILE))
        return next((entity for entity in entities if entity.kind == "GoldenPath"), None)
    content = read(template.FILE)
    if content is None:
        return None
    return golden_path.make_golden_path(template.read_template(content))
