"""Files that were added and deleted, and files that turned into folders and back."""

from tests.integration.upgrade.history import History, clash, delete, line, rename, write

HISTORIES = (
    History(
        name="the template added a file",
        template=(write("Makefile", "v2\n"),),
        user=(line("app.py", 1, "mine"),),
        expect=(write("Makefile", "v2\n"), line("app.py", 1, "mine")),
    ),
    History(
        name="the user added a file",
        template=(line("app.py", 1, "v2"),),
        user=(write("mine/own.py", "mine\n"),),
        expect=(line("app.py", 1, "v2"), write("mine/own.py", "mine\n")),
    ),
    History(
        name="both added a file of the same content",
        template=(write("Makefile", "same\n"),),
        user=(write("Makefile", "same\n"),),
        expect=(write("Makefile", "same\n"),),
    ),
    History(
        name="both added a file of the same name with different content",
        template=(write("Makefile", "all\nv2\n"),),
        user=(write("Makefile", "all\nmine\n"),),
        expect=(write("Makefile", "all\nx\n"), clash("Makefile", 2, 2, yours="mine", theirs="v2")),
        conflicts=(("Makefile", "add/add"),),
    ),
    History(
        name="the template deleted a file that the user left alone",
        template=(delete("util.py"),),
        user=(line("app.py", 1, "mine"),),
        expect=(delete("util.py"), line("app.py", 1, "mine")),
    ),
    History(
        name="the template deleted a file that the user edited",
        template=(delete("util.py"),),
        user=(line("util.py", 3, "mine"),),
        expect=(line("util.py", 3, "mine"),),
        conflicts=(("util.py", "modify/delete"),),
    ),
    History(
        name="the template deleted a file that the user renamed",
        template=(delete("util.py"),),
        user=(rename("util.py", "mine.py"), line("mine.py", 3, "mine")),
        expect=(rename("util.py", "mine.py"), line("mine.py", 3, "mine")),
        conflicts=(("mine.py", "modify/delete"),),
    ),
    History(
        name="the template deleted a folder in which the user edited a file and added one",
        template=(delete("conf/base.toml", "conf/extra.toml"),),
        user=(line("conf/base.toml", 3, "mine"), write("conf/mine.toml", "mine\n")),
        expect=(
            delete("conf/extra.toml"),
            line("conf/base.toml", 3, "mine"),
            write("conf/mine.toml", "mine\n"),
        ),
        conflicts=(("conf/base.toml", "modify/delete"),),
    ),
    History(
        name="the user deleted a file that the template left alone",
        template=(line("app.py", 1, "v2"),),
        user=(delete("util.py"),),
        expect=(line("app.py", 1, "v2"), delete("util.py")),
    ),
    History(
        name="the user deleted a file that the template changed",
        template=(line("util.py", 3, "v2"),),
        user=(delete("util.py"),),
        expect=(delete("util.py"),),
        notes=(("util.py", "deleted"),),
    ),
    History(
        name="the user deleted a file that the template renamed",
        template=(rename("util.py", "helper.py"),),
        user=(delete("util.py"),),
        expect=(delete("util.py"),),
        notes=(("util.py", "deleted"),),
    ),
    History(
        name="both deleted a file",
        template=(delete("util.py"),),
        user=(delete("util.py"),),
        expect=(delete("util.py"),),
    ),
    History(
        name="the user deleted a file and took its name for a folder",
        template=(line("app.py", 1, "v2"),),
        user=(delete("util.py"), write("util.py/mine", "mine\n")),
        expect=(delete("util.py"), write("util.py/mine", "mine\n"), line("app.py", 1, "v2")),
    ),
    History(
        name="the template has a folder where the user added a file",
        template=(write("deploy/score.yaml", "v2\n"), write("deploy/readme", "v2\n")),
        user=(write("deploy", "mine\n"),),
        expect=(
            write("deploy", "mine\n"),
            write("deploy.service-v2/score.yaml", "v2\n"),
            write("deploy.service-v2/readme", "v2\n"),
        ),
        conflicts=(("deploy", "type"),),
    ),
    History(
        name="the template has a file where the user added a folder",
        template=(write("deploy", "v2\n"),),
        user=(write("deploy/mine", "mine\n"),),
        expect=(write("deploy/mine", "mine\n"), write("deploy.service-v2", "v2\n")),
        conflicts=(("deploy", "type"),),
    ),
    History(
        name="the template made a folder of a file that the user edited",
        template=(delete("util.py"), write("util.py/__init__", "v2\n")),
        user=(line("util.py", 3, "mine"),),
        expect=(line("util.py", 3, "mine"), write("util.py.service-v2/__init__", "v2\n")),
        conflicts=(("util.py", "type"),),
    ),
)
