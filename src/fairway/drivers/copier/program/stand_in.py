"""Empty stand-ins for what Copier imports to ask people on a terminal.

Belongs here: the few names that it wants from them. Never here: anything that is called. Importing
the real ones takes as long as all else that this program imports.
"""

import platform
import sys
import types


class Choice:
    """One of a question's choices, as questionary has it."""

    def __init__(self, title: str, value: object = None, disabled: str | None = None) -> None:
        self.title = title
        self.value = value
        self.disabled = disabled


_MODULES: dict[str, dict[str, object]] = {
    "prompt_toolkit": {},
    "prompt_toolkit.lexers": {"PygmentsLexer": None},
    "pygments": {},
    "pygments.lexers": {},
    "pygments.lexers.data": {"JsonLexer": None, "YamlLexer": None},
    "questionary": {"confirm": None, "unsafe_prompt": None},
    "questionary.prompts": {},
    "questionary.prompts.common": {"Choice": Choice},
}


def install() -> None:
    """Make imports find the stand-ins."""
    for name, members in _MODULES.items():
        module = types.ModuleType(name)
        module.__dict__.update(members)
        sys.modules[name] = module
    # Otherwise an import would start `uname -p`, and nothing may be started in the jail.
    vars(platform.uname())["processor"] = ""
