"""The program that reads a template's parameters; it needs no Copier, so it starts fast.

Belongs here: the entry. Never here: what a question means (`question`).
"""

from fairway.drivers.copier.program.question import make_parameters
from fairway.drivers.copier.program.template import open_template
from fairway.drivers.template.desk import Desk, Request, serve


def read(desk: Desk) -> Request:
    return {"parameters": make_parameters(open_template(desk.template))}


if __name__ == "__main__":
    serve(read)
