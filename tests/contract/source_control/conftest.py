"""The suite's driver: real git in a temporary folder."""

from pathlib import Path

import pytest

from fairway.drivers.git.source_control import GitSourceControl
from fairway.ports.source_control import SourceControl


@pytest.fixture
def control(tmp_path: Path) -> SourceControl:
    return GitSourceControl(tmp_path / "repositories")
