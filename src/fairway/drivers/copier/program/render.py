"""The program that renders a template, once for each set of answers, into `out/0`, `out/1` ….

Belongs here: the entry, and what one rendering after the other may use. Never here: how one is
made (`worker`).
"""

from fairway.drivers.copier.program import stand_in
from fairway.drivers.copier.program.template import open_template
from fairway.drivers.template.desk import Desk, Request, serve
from fairway.drivers.template.failure import Failure

stand_in.install()

from fairway.drivers.copier.program import cause, worker  # noqa: E402  after the stand-ins

_MIN_SECRET_LENGTH = 3


def render(desk: Desk) -> Request:
    template = open_template(desk.template)
    compiled = worker.CompiledTemplates()
    (desk.folder / "out").mkdir()
    quota = worker.Quota(
        disk_bytes=desk.request["disk_bytes"],
        files=desk.request["files"],
    )
    kept = []
    for number, answers in enumerate(desk.request["answers"]):
        desk.start(number)
        desk.note(template.find_line(""))
        folder = desk.folder / "out" / str(number)
        try:
            made = worker.render_once(
                template, answers, folder, quota=quota, compiled=compiled, at=desk.note
            )
        except Exception as error:  # a template may raise anything
            failure = cause.explain(error, template.root, desk.at)
            raise _mask(failure, [answers.get(name) for name in template.secrets]) from error
        kept.append(made)
    return {"answers": kept}


def _mask(failure: Failure, secrets: list[object]) -> Failure:
    for secret in map(str, filter(None, secrets)):
        if len(secret) >= _MIN_SECRET_LENGTH:
            failure.why = failure.why.replace(secret, "•••")
    return failure


if __name__ == "__main__":
    serve(render)
