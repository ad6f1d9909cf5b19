"""Files and folders that were renamed."""

from tests.integration.upgrade.history import (
    History,
    clash,
    copy,
    delete,
    insert,
    line,
    rename,
    write,
)

HISTORIES = (
    History(
        name="the template renamed a file that the user left alone",
        template=(rename("util.py", "helper.py"),),
        expect=(rename("util.py", "helper.py"),),
    ),
    History(
        name="the template renamed a file that the user edited",
        template=(rename("util.py", "helper.py"),),
        user=(line("util.py", 3, "mine"),),
        expect=(rename("util.py", "helper.py"), line("helper.py", 3, "mine")),
    ),
    History(
        name="the template renamed and edited a file that the user edited elsewhere",
        template=(rename("util.py", "helper.py"), line("helper.py", 12, "v2")),
        user=(line("util.py", 3, "mine"),),
        expect=(
            rename("util.py", "helper.py"),
            line("helper.py", 3, "mine"),
            line("helper.py", 12, "v2"),
        ),
    ),
    History(
        name="the template renamed a file and changed the line that the user changed",
        template=(rename("util.py", "helper.py"), line("helper.py", 6, "v2")),
        user=(line("util.py", 6, "mine"),),
        expect=(
            rename("util.py", "helper.py"),
            write(
                "helper.py",
                "".join(f"util {n}\n" for n in range(1, 6))
                + "<<<<<<< yours:util.py\nmine\n=======\nv2\n>>>>>>> service v2:helper.py\n"
                + "".join(f"util {n}\n" for n in range(7, 13)),
            ),
        ),
        conflicts=(("helper.py", "contents"),),
    ),
    History(
        name="the user renamed a file that the template changed",
        template=(line("util.py", 3, "v2"),),
        user=(rename("util.py", "mine.py"),),
        expect=(rename("util.py", "mine.py"), line("mine.py", 3, "v2")),
    ),
    History(
        name="the user renamed and edited a file that the template changed elsewhere",
        template=(line("util.py", 3, "v2"),),
        user=(rename("util.py", "mine.py"), line("mine.py", 12, "mine")),
        expect=(
            rename("util.py", "mine.py"),
            line("mine.py", 3, "v2"),
            line("mine.py", 12, "mine"),
        ),
    ),
    History(
        name="both renamed a file alike and edited it",
        template=(rename("util.py", "helper.py"), line("helper.py", 3, "v2")),
        user=(rename("util.py", "helper.py"), line("helper.py", 12, "mine")),
        expect=(
            rename("util.py", "helper.py"),
            line("helper.py", 3, "v2"),
            line("helper.py", 12, "mine"),
        ),
    ),
    History(
        name="both renamed a file, each to another name, and edited it",
        template=(rename("util.py", "helper.py"), line("helper.py", 3, "v2")),
        user=(rename("util.py", "mine.py"), line("mine.py", 12, "mine")),
        expect=(
            rename("util.py", "mine.py"),
            line("mine.py", 3, "v2"),
            line("mine.py", 12, "mine"),
        ),
        conflicts=(("mine.py", "rename"),),
    ),
    History(
        name="the template renamed a folder in which the user edited a file",
        template=(rename("conf/", "settings/"),),
        user=(line("conf/base.toml", 3, "mine"),),
        expect=(rename("conf/", "settings/"), line("settings/base.toml", 3, "mine")),
    ),
    History(
        name="the template renamed a folder to which the user added a file",
        template=(rename("conf/", "settings/"),),
        user=(write("conf/mine.toml", "mine\n"),),
        expect=(rename("conf/", "settings/"), write("settings/mine.toml", "mine\n")),
        notes=(("settings/mine.toml", "moved"),),
    ),
    History(
        name="the user renamed a folder to which the template added a file",
        template=(write("conf/new.toml", "v2\n"),),
        user=(rename("conf/", "settings/"),),
        expect=(rename("conf/", "settings/"), write("settings/new.toml", "v2\n")),
        notes=(("settings/new.toml", "moved"),),
    ),
    History(
        name="the user renamed a folder in which the template changed a file",
        template=(line("conf/base.toml", 3, "v2"),),
        user=(rename("conf/", "settings/"), line("settings/base.toml", 12, "mine")),
        expect=(
            rename("conf/", "settings/"),
            line("settings/base.toml", 3, "v2"),
            line("settings/base.toml", 12, "mine"),
        ),
    ),
    History(
        name="the template moved a file to another folder and the user edited it",
        template=(rename("app.py", "src/service/app.py"),),
        user=(insert("app.py", 12, "mine"),),
        expect=(rename("app.py", "src/service/app.py"), insert("src/service/app.py", 12, "mine")),
    ),
    History(
        name="the template renamed a file to the name of one that the user added",
        template=(rename("util.py", "helper.py"),),
        user=(write("helper.py", "mine\n"),),
        expect=(
            delete("util.py"),
            write(
                "helper.py",
                "<<<<<<< yours\nmine\n=======\n"
                + "".join(f"util {n}\n" for n in range(1, 13))
                + ">>>>>>> service v2\n",
            ),
        ),
        conflicts=(("helper.py", "add/add"),),
    ),
    History(
        name="the template swapped the names of two files, of which the user edited one",
        template=(
            rename("util.py", "aside"),
            rename("app.py", "util.py"),
            rename("aside", "app.py"),
        ),
        user=(line("app.py", 1, "mine"),),
        expect=(
            write(
                "app.py",
                "<<<<<<< yours\nmine\n"
                + "".join(f"app {n}\n" for n in range(2, 13))
                + "=======\n"
                + "".join(f"util {n}\n" for n in range(1, 13))
                + ">>>>>>> service v2\n",
            ),
            write("util.py", "".join(f"app {n}\n" for n in range(1, 13))),
        ),
        conflicts=(("app.py", "contents"),),
    ),
    History(
        name="the user copied a file and edited the copy, and the template changed the original",
        template=(line("app.py", 3, "v2"),),
        user=(copy("app.py", "app2.py"), line("app2.py", 6, "mine")),
        expect=(
            copy("app.py", "app2.py"),
            line("app2.py", 6, "mine"),
            line("app.py", 3, "v2"),
        ),
    ),
    History(
        name="the template split a file in two and the user edited the part that moved",
        template=(
            write("util.py", "".join(f"util {n}\n" for n in range(1, 7))),
            write("more.py", "".join(f"util {n}\n" for n in range(7, 13))),
        ),
        user=(line("util.py", 9, "mine"),),
        expect=(
            clash("util.py", 7, 12, yours="util 7|util 8|mine|util 10|util 11|util 12", theirs=""),
            write("more.py", "".join(f"util {n}\n" for n in range(7, 13))),
        ),
        conflicts=(("util.py", "contents"),),
    ),
)
