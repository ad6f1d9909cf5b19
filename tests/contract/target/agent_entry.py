"""The agent as a test starts it: `python agent_entry.py HOME [GATEWAY_PORT]`."""

import sys
from pathlib import Path

from fairway.agent.api.run import run_agent
from fairway.drivers.aesgcm.sealer import open_sealer

if __name__ == "__main__":
    home = Path(sys.argv[1])
    command = ()
    if len(sys.argv) > 2:
        command = (sys.executable, "-m", "fairway.gateway", str(home), "--port", sys.argv[2])  # type: ignore[assignment]
    run_agent(home, open_sealer(home), gateway_command=command)
