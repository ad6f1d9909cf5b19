"""The HTTP interface."""

import os

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from orders.database import open_engine, orders


class NewOrder(BaseModel):
    """What a customer asks for."""

    item: str = Field(min_length=1, max_length=200)
    quantity: int = Field(ge=1, le=1000)


def make_app(url: str) -> FastAPI:
    """Return the application on the database at `url`."""
    app = FastAPI(title="orders")
    engine = open_engine(url)

    @app.get("/")
    def index() -> dict[str, str]:
        return {
            "service": os.environ.get("GREETING", "orders"),
            "release": os.environ.get("FAIRWAY_RELEASE", "-"),
        }

    @app.get("/live")
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready")
    def ready() -> dict[str, str]:
        try:
            with engine.connect() as connection:
                connection.execute(text("select 1"))
        except SQLAlchemyError as error:
            raise HTTPException(503, "the database is away") from error
        return {"status": "ok"}

    @app.post("/orders", status_code=201)
    def place(order: NewOrder) -> dict[str, int]:
        with engine.begin() as connection:
            row = connection.execute(
                orders.insert()
                .values(item=order.item, quantity=order.quantity)
                .returning(orders.c.id)
            ).one()
        return {"id": row.id}

    @app.get("/orders")
    def list_all() -> list[dict[str, object]]:
        with engine.connect() as connection:
            rows = connection.execute(select(orders).order_by(orders.c.id)).all()
        return [{"id": row.id, "item": row.item, "quantity": row.quantity} for row in rows]

    return app
