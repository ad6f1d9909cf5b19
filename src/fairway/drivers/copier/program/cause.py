"""From an exception of Copier or Jinja to why a template cannot be used, and where.

Belongs here: what exceptions mean. Never here: raising them. Start at `explain`.
"""

import errno
import traceback
from pathlib import Path

from copier.errors import ForbiddenPathError
from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from fairway.drivers.template.failure import Failure, Place

_PATH_ERRNOS = frozenset({errno.ENAMETOOLONG, errno.EILSEQ})


def explain(error: Exception, root: Path, at: Place) -> Failure:
    """Return what `error` says of the template at `root`; `at` is what was being rendered."""
    error = _find_origin(error)
    at = _find_place(error, root) or at
    match error:
        case Failure():
            at = error.at if error.at.file else at
            return Failure(error.code, error.why, fix=error.fix, at=at)
        case OSError():
            return _explain_system(error, at)
        case ForbiddenPathError():
            code, fix = "TEMPLATE-PATH", "use only files of the template, and names within the root"
        case SecurityError():
            code, fix = "TEMPLATE-UNSAFE", "do without: answers and Jinja's filters have to do"
        case _:
            code, fix = "TEMPLATE-INVALID", _advise(error)
    if limit := _find_limit(error):
        return Failure("TEMPLATE-LIMIT", limit, fix="", at=at)
    return Failure(code, _say(error, root), fix=fix, at=at)


def _find_limit(error: Exception) -> str:
    match error:
        case RecursionError():
            return "recursion"
        case MemoryError():
            return "memory"
        case OverflowError() if str(error).startswith("Range too big"):
            return "range"
    return ""


def _find_origin(error: Exception) -> Exception:
    """Return the exception that Copier wrapped, where it did."""
    while isinstance(error.__cause__, Exception) and not isinstance(error, Failure):
        error = error.__cause__
    return error


def _find_place(error: Exception, root: Path) -> Place | None:
    if isinstance(error, TemplateSyntaxError) and error.filename:
        return _make_place(error.filename, error.lineno, root)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if place := _make_place(frame.filename, frame.lineno or 0, root):
            return place
    return None


def _make_place(filename: str, line: int, root: Path) -> Place | None:
    path = Path(filename)
    if not path.is_absolute() or not path.is_relative_to(root):
        return None
    return Place(file=str(path.relative_to(root)), line=line)


def _say(error: Exception, root: Path) -> str:
    match error:
        case TemplateNotFound():
            return f"it includes '{error.name}', which the template has not"
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case UnicodeEncodeError():
            return "it renders characters that no text may hold"
        case TemplateSyntaxError():
            return error.message or "a syntax error"
        case UndefinedError():
            return str(error)
    text = str(error).replace(f"{root}/", "").strip()
    return " ".join(f"{type(error).__name__}: {text}".split())[:500]


def _advise(error: Exception) -> str:
    if isinstance(error, UndefinedError):
        return "ask for it in copier.yml, or test it with `is defined` or `default(…)`"
    text = str(error)
    if text.startswith("No filter named"):
        return "use filters that depend on their input only: a rendering can be repeated exactly"
    return "correct the template"


def _explain_system(error: OSError, at: Place) -> Failure:
    if error.errno == errno.EFBIG:
        return Failure("TEMPLATE-LIMIT", "disk", fix="", at=at)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure("DISK-FULL", "no space is left", fix="free space in the state folder")
    why = (error.strerror or str(error)).lower()
    if error.errno in _PATH_ERRNOS:
        fix = "correct the file's name, or bound the answers that it is made of"
        return Failure("TEMPLATE-PATH", why, fix=fix, at=at)
    return Failure("TEMPLATE-INVALID", why, fix="correct the template", at=at)
