"""Resources: acting on one of a component's.

Belongs here: what is below `…/deployments/{component}/resources/{resource}`.
"""

from fastapi import APIRouter
from fastapi.responses import Response

from fairway.api.context import Ports, Who
from fairway.api.routes import deployments
from fairway.usecases.delivery import act_on_resource

router = APIRouter(tags=["resources"])
_PATH = "/environments/{environment}/deployments/{component}/resources/{resource}"


@router.post(f"{_PATH}/rotate", status_code=202)
def rotate(
    platform: Ports, actor: Who, *, environment: str, component: str, resource: str
) -> Response:
    """Give the resource new credentials and bring them to all that use it."""
    return deployments.answer_run(
        act_on_resource.rotate_resource(
            platform, actor, component=component, environment=environment, resource=resource
        )
    )


@router.post(f"{_PATH}/backup", status_code=202)
def backup(
    platform: Ports, actor: Who, *, environment: str, component: str, resource: str
) -> Response:
    """Copy the resource's data into a file that the run's output names."""
    return deployments.answer_run(
        act_on_resource.backup_resource(
            platform, actor, component=component, environment=environment, resource=resource
        )
    )
