"""Serve on the port that the platform gives."""

import os

import uvicorn

from orders.app import make_app

uvicorn.run(
    make_app(os.environ["DATABASE_URL"]),
    host=os.environ.get("HOST", "127.0.0.1"),
    port=int(os.environ.get("PORT", "8080")),
    log_level="info",
)
