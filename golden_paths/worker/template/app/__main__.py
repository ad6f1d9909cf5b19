"""Work until told to stop."""

import os
import signal
import sys

from app import logs
from app.settings import SettingError, read_settings
from app.worker import Worker


def main() -> None:
    """Run the worker; TERM and INT let the work under way be the last."""
    try:
        settings = read_settings(os.environ)
    except SettingError as error:
        sys.exit(str(error))
    logs.configure(settings.log_level)
    worker = Worker(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()


if __name__ == "__main__":
    main()
