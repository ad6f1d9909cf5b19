"""`python -m fairway.gateway HOME`: the gateway as the agent starts it."""

import argparse
from pathlib import Path

from fairway.gateway.server import run_gateway

parser = argparse.ArgumentParser(prog="fairway.gateway", description=__doc__)
parser.add_argument("home", type=Path)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=7481)
parser.add_argument("--no-access-log", dest="is_access_logged", action="store_false")
options = parser.parse_args()
run_gateway(
    options.home,
    host=options.host,
    port=options.port,
    is_access_logged=options.is_access_logged,
)
