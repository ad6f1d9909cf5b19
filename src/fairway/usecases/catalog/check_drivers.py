"""Checking what definitions say to drivers against the drivers' own schemas.

Belongs here: the inputs of provisioners and the configuration of targets. A driver that is not
installed cannot be asked; the doctor tells of it.
"""

from collections.abc import Iterable

from fairway.core.catalog.entity import Entity
from fairway.core.definition import make as definition_make
from fairway.core.definition.definition import ProvisionerDefinition
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.usecases.delivery import secret_input
from fairway.usecases.platform import Platform


def check_drivers(platform: Platform, entities: Iterable[Entity]) -> None:
    """Refuse definitions among `entities` whose driver does not take what they give it.

    Raises:
        Refused: DRIVER-INPUTS, SECRET-IN-CLEAR, naming the definition and the first mistake.
    """
    definitions = definition_make.make_definitions((entity, 0) for entity in entities)
    for provisioner in definitions.provisioners.values():
        driver = platform.provisioners.get(provisioner.driver)
        if driver is not None:
            _check(
                platform,
                f"provisioner '{provisioner.name}'",
                schema=driver.get_inputs_schema(),
                value=provisioner.inputs,
                driver=provisioner.driver,
            )
            _check_secrets(provisioner, schema=driver.get_inputs_schema())
    for definition in definitions.targets.values():
        if platform.targets.has(definition.driver):
            _check(
                platform,
                f"target '{definition.name}'",
                schema=platform.targets.get(definition).get_config_schema(),
                value=definition.config,
                driver=definition.driver,
            )


def _check(
    platform: Platform, what: str, *, schema: JsonObject, value: JsonObject, driver: str
) -> None:
    errors = platform.schemas.list_errors(schema, value)
    if errors:
        raise Refused(
            "DRIVER-INPUTS",
            what=f"cannot apply {what}",
            why=f"its driver '{driver}' does not take this: {errors[0]}",
            fix="correct 'inputs' or 'config'; see what the driver takes in docs/reference",
        )


def _check_secrets(provisioner: ProvisionerDefinition, *, schema: JsonObject) -> None:
    name = secret_input.find_clear_secret(schema, provisioner.inputs)
    if name is not None:
        raise Refused(
            "SECRET-IN-CLEAR",
            what=f"cannot apply provisioner '{provisioner.name}'",
            why=f"its input '{name}' holds a secret in clear",
            fix="put the value into a file that only the platform's account can read, "
            f"and write '{name}: file:///path/of/it'",
        )
