"""Lines that were changed, added and removed within files that stay where they are."""

from tests.integration.upgrade.history import NEXT, History, clash, cut, delete, insert, line, write

_ = NEXT
HISTORIES = (
    History(
        name="nobody changed anything",
        expect=(),
    ),
    History(
        name="the template changed a file that the user left alone",
        template=(line("app.py", 2, "v2"),),
        expect=(line("app.py", 2, "v2"),),
    ),
    History(
        name="the user changed a file that the template left alone",
        user=(line("app.py", 2, "mine"),),
        expect=(line("app.py", 2, "mine"),),
    ),
    History(
        name="both changed other lines of a file",
        template=(line("app.py", 11, "v2"),),
        user=(line("app.py", 2, "mine"),),
        expect=(line("app.py", 2, "mine"), line("app.py", 11, "v2")),
    ),
    History(
        name="both made the same change",
        template=(line("app.py", 2, "same"),),
        user=(line("app.py", 2, "same"),),
        expect=(line("app.py", 2, "same"),),
    ),
    History(
        name="both changed the same line",
        template=(line("app.py", 6, "v2"),),
        user=(line("app.py", 6, "mine"),),
        expect=(clash("app.py", 6, 6, yours="mine", theirs="v2"),),
        conflicts=(("app.py", "contents"),),
    ),
    History(
        name="both changed the same line in one place and other lines elsewhere",
        template=(line("app.py", 6, "v2"), line("app.py", 12, "v2 end")),
        user=(line("app.py", 6, "mine"), line("app.py", 1, "my top")),
        expect=(
            line("app.py", 12, "v2 end"),
            clash("app.py", 6, 6, yours="mine", theirs="v2"),
            line("app.py", 1, "my top"),
        ),
        conflicts=(("app.py", "contents"),),
    ),
    History(
        name="both added lines at the end of a file",
        template=(insert("README.md", 12, "v2"),),
        user=(insert("README.md", 12, "mine"),),
        expect=(clash("README.md", 13, 12, yours="mine", theirs="v2"),),
        conflicts=(("README.md", "contents"),),
    ),
    History(
        name="both added lines at different places of a list",
        template=(insert("ci.yml", 5, "v2"),),
        user=(insert("ci.yml", 1, "mine"),),
        expect=(insert("ci.yml", 5, "v2"), insert("ci.yml", 1, "mine")),
    ),
    History(
        name="the template removed lines that the user changed",
        template=(cut("app.py", 5, 7),),
        user=(line("app.py", 6, "mine"),),
        expect=(clash("app.py", 5, 7, yours="app 5|mine|app 7", theirs=""),),
        conflicts=(("app.py", "contents"),),
    ),
    History(
        name="the template removed lines between which the user added some",
        template=(cut("app.py", 5, 8),),
        user=(insert("app.py", 6, "mine"),),
        expect=(clash("app.py", 5, 8, yours="app 5|app 6|mine|app 7|app 8", theirs=""),),
        conflicts=(("app.py", "contents"),),
    ),
    History(
        name="the user removed lines that the template changed",
        template=(line("app.py", 6, "v2"),),
        user=(cut("app.py", 5, 7),),
        expect=(clash("app.py", 5, 7, yours="", theirs="app 5|v2|app 7"),),
        conflicts=(("app.py", "contents"),),
    ),
    History(
        name="the user rewrote a file that the template changed",
        template=(line("util.py", 6, "v2"),),
        user=(write("util.py", "all\nmine\n"),),
        expect=(
            write(
                "util.py",
                "<<<<<<< yours\nall\nmine\n=======\n"
                + "".join(f"util {n}\n" if n != 6 else "v2\n" for n in range(1, 13))
                + ">>>>>>> service v2\n",
            ),
        ),
        conflicts=(("util.py", "contents"),),
    ),
    History(
        name="the user moved a function within a file and the template changed another",
        template=(line("app.py", 12, "v2"),),
        user=(cut("app.py", 3, 4), insert("app.py", 5, "app 3", "app 4")),
        expect=(
            line("app.py", 12, "v2"),
            cut("app.py", 3, 4),
            insert("app.py", 5, "app 3", "app 4"),
        ),
    ),
    History(
        name="both emptied a file",
        template=(write("util.py", ""),),
        user=(write("util.py", ""),),
        expect=(write("util.py", ""),),
    ),
    History(
        name="the template changed many files and the user others",
        template=(line("app.py", 1, "v2"), line("ci.yml", 1, "v2"), delete("conf/extra.toml")),
        user=(line("util.py", 1, "mine"), line("README.md", 1, "mine"), write("notes", "mine\n")),
        expect=(
            line("app.py", 1, "v2"),
            line("ci.yml", 1, "v2"),
            delete("conf/extra.toml"),
            line("util.py", 1, "mine"),
            line("README.md", 1, "mine"),
            write("notes", "mine\n"),
        ),
    ),
)
