"""The program that finds what is wrong with a template.

Belongs here: the entry. Never here: the findings (`check`).
"""

from fairway.drivers.scaffolder.program.check import check_template
from fairway.drivers.template.desk import Desk, Request, serve


def lint(desk: Desk) -> Request:
    return {"findings": check_template(desk.template)}


if __name__ == "__main__":
    serve(lint)
