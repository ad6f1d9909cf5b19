"""What the documentation says of Copier is so."""

import json
import subprocess
import sys

import pytest

from tests.integration.upgrade import table
from tests.integration.upgrade.histories import ALL

pytestmark = pytest.mark.integration


def test_the_table_of_the_documentation_is_what_the_runs_gave() -> None:
    results = table.read_results()
    assert set(results) == {history.name for history in ALL}
    assert table.find_table() == table.render(results)


def test_copier_still_loses_what_it_is_said_to_lose() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.upgrade.copier_run", "--losing"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    said = {name: lost for name, lost in table.read_results().items() if lost}
    assert json.loads(done.stdout) == said
