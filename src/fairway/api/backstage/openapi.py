"""What the OpenAPI document says of answers in Backstage's form.

Belongs here: the documentation of failures.
"""

from http import HTTPStatus

from fairway.api.backstage import schema
from fairway.api.openapi import Responses


def failures(*statuses: int) -> Responses:
    """Return the documentation of failures with these statuses."""
    return {
        status: {"model": schema.CatalogFailure, "description": HTTPStatus(status).phrase}
        for status in statuses
    }
