"""Resolutions as text."""

from fairway.drivers.bundle.dependencies import make_constraints


def test_constraints_are_the_versions_without_hashes() -> None:
    resolution = (
        "# made by uv\n--index-strategy first\n"
        "idna==3.10 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "uvloop==0.21 ; sys_platform != 'win32' \\\n    --hash=sha256:cc\n"
    )
    assert make_constraints(resolution) == "idna==3.10\nuvloop==0.21 ; sys_platform != 'win32'\n"
