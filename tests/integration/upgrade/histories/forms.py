"""What is not lines of UTF-8: binary files, modes, links, line endings, encodings, attributes."""

from tests.integration.upgrade.history import (
    History,
    clash,
    delete,
    insert,
    line,
    mark,
    rename,
    swap,
    write,
)

_LATIN = "Straße 1\nStraße 2\nStraße 3\nStraße 4\nStraße 5\nStraße 6\n".encode("latin-1")
_WIDE = "eins\nzwei\n".encode("utf-16")

HISTORIES = (
    History(
        name="the template changed a binary file that the user left alone",
        template=(write("logo.png", b"\x89PNG\0v2\n"),),
        expect=(write("logo.png", b"\x89PNG\0v2\n"),),
    ),
    History(
        name="the user changed a binary file that the template left alone",
        user=(write("logo.png", b"\x89PNG\0mine\n"),),
        template=(line("app.py", 1, "v2"),),
        expect=(write("logo.png", b"\x89PNG\0mine\n"), line("app.py", 1, "v2")),
    ),
    History(
        name="both changed a binary file",
        template=(write("logo.png", b"\x89PNG\0v2\n"),),
        user=(write("logo.png", b"\x89PNG\0mine\n"),),
        expect=(
            write("logo.png", b"\x89PNG\0mine\n"),
            write("logo.png.service-v2", b"\x89PNG\0v2\n"),
        ),
        conflicts=(("logo.png", "binary"),),
    ),
    History(
        name="both added a binary file of the same name",
        template=(write("icon.ico", b"\0v2\n"),),
        user=(write("icon.ico", b"\0mine\n"),),
        expect=(write("icon.ico", b"\0mine\n"), write("icon.ico.service-v2", b"\0v2\n")),
        conflicts=(("icon.ico", "binary"),),
    ),
    History(
        name="the template deleted a binary file that the user changed",
        template=(delete("logo.png"),),
        user=(write("logo.png", b"\x89PNG\0mine\n"),),
        expect=(write("logo.png", b"\x89PNG\0mine\n"),),
        conflicts=(("logo.png", "modify/delete"),),
    ),
    History(
        name="the template made a file executable that the user edited",
        template=(mark("util.py", "100755"),),
        user=(line("util.py", 3, "mine"),),
        expect=(mark("util.py", "100755"), line("util.py", 3, "mine")),
    ),
    History(
        name="the user made a file executable that the template changed",
        template=(line("util.py", 3, "v2"),),
        user=(mark("util.py", "100755"),),
        expect=(mark("util.py", "100755"), line("util.py", 3, "v2")),
    ),
    History(
        name="the template renamed an executable file that the user edited",
        template=(rename("bin/run", "bin/start"),),
        user=(line("bin/run", 3, "mine"),),
        expect=(rename("bin/run", "bin/start"), line("bin/start", 3, "mine")),
    ),
    History(
        name="both added an equal file, but only the user's is executable",
        template=(write("task", "same\n"),),
        user=(write("task", "same\n", mode="100755"),),
        expect=(write("task", "same\n", mode="100755"),),
        conflicts=(("task", "mode"),),
    ),
    History(
        name="the template changed where a symbolic link leads",
        template=(write("current", "util.py", mode="120000"),),
        user=(line("app.py", 1, "mine"),),
        expect=(write("current", "util.py", mode="120000"), line("app.py", 1, "mine")),
    ),
    History(
        name="both changed where a symbolic link leads",
        template=(write("current", "util.py", mode="120000"),),
        user=(write("current", "README.md", mode="120000"),),
        expect=(
            write("current", "README.md", mode="120000"),
            write("current.service-v2", "util.py", mode="120000"),
        ),
        conflicts=(("current", "symlink"),),
    ),
    History(
        name="the template made a symbolic link of a file that the user edited",
        template=(write("util.py", "app.py", mode="120000"),),
        user=(line("util.py", 3, "mine"),),
        expect=(
            line("util.py", 3, "mine"),
            write("util.py.service-v2", "app.py", mode="120000"),
        ),
        conflicts=(("util.py", "type"),),
    ),
    History(
        name="the user made a symbolic link of a file that the template changed",
        template=(line("util.py", 3, "v2"),),
        user=(write("util.py", "app.py", mode="120000"),),
        expect=(
            rename("util.py", "util.py.service-v2"),
            line("util.py.service-v2", 3, "v2"),
            write("util.py", "app.py", mode="120000"),
        ),
        conflicts=(("util.py", "type"),),
    ),
    History(
        name="the user ended all lines with CRLF and the template changed one",
        template=(line("app.py", 6, "v2"),),
        user=(swap("app.py", b"\n", b"\r\n"), line("app.py", 1, "mine")),
        expect=(line("app.py", 6, "v2"), line("app.py", 1, "mine"), swap("app.py", b"\n", b"\r\n")),
    ),
    History(
        name="the template ended all lines with CRLF and the user changed one",
        template=(swap("app.py", b"\n", b"\r\n"),),
        user=(line("app.py", 6, "mine"),),
        expect=(line("app.py", 6, "mine"), swap("app.py", b"\n", b"\r\n")),
    ),
    History(
        name="the user ended all lines with CRLF and both changed the same one",
        template=(line("app.py", 6, "v2"),),
        user=(swap("app.py", b"\n", b"\r\n"), line("app.py", 6, "mine")),
        expect=(clash("app.py", 6, 6, yours="mine", theirs="v2"), swap("app.py", b"\n", b"\r\n")),
        conflicts=(("app.py", "contents"),),
    ),
    History(
        name="both changed a file with CRLF in other lines",
        start=(swap("app.py", b"\n", b"\r\n"),),
        template=(line("app.py", 11, "v2"),),
        user=(line("app.py", 2, "mine"),),
        expect=(line("app.py", 2, "mine"), line("app.py", 11, "v2")),
    ),
    History(
        name="the user edited a file whose last line has no end, and the template changed its top",
        start=(swap("app.py", b"app 12\n", b"app 12"),),
        template=(line("app.py", 1, "v2"),),
        user=(line("app.py", 12, "mine"),),
        expect=(line("app.py", 1, "v2"), line("app.py", 12, "mine")),
    ),
    History(
        name="the user took the end from the last line, and the template changed that line",
        template=(line("app.py", 12, "v2"),),
        user=(swap("app.py", b"app 12\n", b"mine"),),
        expect=(clash("app.py", 12, 12, yours="mine", theirs="v2"),),
        conflicts=(("app.py", "contents"),),
    ),
    History(
        name="both changed other lines of a file in Latin-1",
        start=(write("strassen", _LATIN),),
        template=(line("strassen", 6, "v2"),),
        user=(swap("strassen", "Straße 1".encode("latin-1"), "Gaßl".encode("latin-1")),),
        expect=(
            line("strassen", 6, "v2"),
            swap("strassen", "Straße 1".encode("latin-1"), "Gaßl".encode("latin-1")),
        ),
    ),
    History(
        name="both changed a file in UTF-16",
        start=(write("wide", _WIDE),),
        template=(write("wide", "eins\nv2\n".encode("utf-16")),),
        user=(write("wide", "mine\nzwei\n".encode("utf-16")),),
        expect=(
            write("wide", "mine\nzwei\n".encode("utf-16")),
            write("wide.service-v2", "eins\nv2\n".encode("utf-16")),
        ),
        conflicts=(("wide", "binary"),),
    ),
    History(
        name="the user edited a file whose name is not ASCII, and the template renamed it",
        start=(rename("util.py", "größe café.py"),),
        template=(rename("größe café.py", "maß.py"),),
        user=(line("größe café.py", 3, "mine"),),
        expect=(rename("größe café.py", "maß.py"), line("maß.py", 3, "mine")),
    ),
    History(
        name="the user's attributes ask for the union of both sides",
        template=(insert("ci.yml", 6, "v2"),),
        user=(insert("ci.yml", 6, "mine"), write(".gitattributes", "ci.yml merge=union\n")),
        expect=(
            clash("ci.yml", 7, 6, yours="mine", theirs="v2"),
            write(".gitattributes", "ci.yml merge=union\n"),
        ),
        conflicts=(("ci.yml", "contents"),),
    ),
    History(
        name="the user's attributes call a text binary and name a program to merge it",
        template=(line("app.py", 11, "v2"),),
        user=(line("app.py", 2, "mine"), write(".gitattributes", "app.py binary merge=mine\n")),
        expect=(
            line("app.py", 2, "mine"),
            line("app.py", 11, "v2"),
            write(".gitattributes", "app.py binary merge=mine\n"),
        ),
    ),
)
