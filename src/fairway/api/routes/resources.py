"""Resources: acting on one of a component's.

Belongs here: what is below `…/deployments/{component}/resources/{resource}`.
"""

from fastapi import APIRouter
from fastapi.responses import Response

from fairway.api import answer, openapi, schema
from fairway.api.context import Ports, Who
from fairway.api.parameter import Name, Word
from fairway.usecases.delivery import act_on_resource

router = APIRouter(tags=["resources"])
_PATH = "/environments/{environment}/deployments/{component}/resources/{resource}"
_STARTED = {**openapi.RUN_STARTED, **openapi.refusals(404, 409)}


@router.post(f"{_PATH}/rotate", status_code=202, response_model=schema.RunHead, responses=_STARTED)
def rotate_resource(
    platform: Ports, actor: Who, *, environment: Name, component: Name, resource: Word
) -> Response:
    """Give the resource new credentials and bring them to all that use it."""
    return answer.make_run_answer(
        act_on_resource.rotate_resource(
            platform, actor, component=component, environment=environment, resource=resource
        )
    )


@router.post(f"{_PATH}/backup", status_code=202, response_model=schema.RunHead, responses=_STARTED)
def back_up_resource(
    platform: Ports, actor: Who, *, environment: Name, component: Name, resource: Word
) -> Response:
    """Copy the resource's data into a file that the run's output names."""
    return answer.make_run_answer(
        act_on_resource.backup_resource(
            platform, actor, component=component, environment=environment, resource=resource
        )
    )
