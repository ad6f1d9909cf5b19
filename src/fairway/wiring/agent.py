"""The agent's process, and the gateway that it keeps running.

Belongs here: their ports and commands. Never here: what they do.
"""

import os
import sys
from pathlib import Path

from fairway import settings
from fairway.agent.api.run import run_agent
from fairway.drivers.aesgcm.sealer import open_sealer


def run(home: Path) -> None:
    """Run this home's agent until it is told to end."""
    port = settings.read_settings(os.environ).gateway_port
    gateway = [sys.executable, "-m", "fairway.gateway", str(home), "--port", str(port)]
    run_agent(home, open_sealer(home), gateway_command=gateway)
