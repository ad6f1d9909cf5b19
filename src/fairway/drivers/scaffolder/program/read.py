"""The program that reads a template's parameters.

Belongs here: the entry. Never here: what a parameter means (`fairway.formats.scaffolder`).
"""

from fairway.drivers.scaffolder.program.source import open_source
from fairway.drivers.template.desk import Desk, Request, serve


def read(desk: Desk) -> Request:
    return {"parameters": open_source(desk.template).parameters.schema}


if __name__ == "__main__":
    serve(read)
