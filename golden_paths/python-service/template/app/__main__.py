"""Serve on the address and port that the environment gives."""

import os
import sys

import uvicorn

from app import logs
from app.application import make_application
from app.settings import SettingError, read_settings


def main() -> None:
    """Serve until told to stop; requests under way are finished."""
    try:
        settings = read_settings(os.environ)
    except SettingError as error:
        sys.exit(str(error))
    logs.configure(settings.log_level)
    uvicorn.run(
        make_application(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
