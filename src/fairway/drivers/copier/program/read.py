"""The program that reads a template's parameters; it needs no Copier, so it starts fast.

Belongs here: the entry. Never here: what a question means (`question`).
"""

from fairway.drivers.copier.program.desk import Desk, Request, serve
from fairway.drivers.copier.program.question import make_parameters
from fairway.drivers.copier.program.template import open_template


def read(desk: Desk) -> Request:
    return {"parameters": make_parameters(open_template(desk.template))}


if __name__ == "__main__":
    serve(read)
