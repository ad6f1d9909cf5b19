"""The program that finds what is wrong with a template.

Belongs here: the entry. Never here: the findings (`check`).
"""

from fairway.drivers.copier.program import stand_in
from fairway.drivers.template.desk import Desk, Request, serve

stand_in.install()

from fairway.drivers.copier.program.check import check_template  # noqa: E402  after the stand-ins


def lint(desk: Desk) -> Request:
    return {"findings": check_template(desk.template)}


if __name__ == "__main__":
    serve(lint)
