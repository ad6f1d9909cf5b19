"""The orders' table."""

from sqlalchemy import Column, DateTime, Engine, Integer, MetaData, Table, Text, create_engine, func

metadata = MetaData()
orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("placed_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
)


def open_engine(url: str) -> Engine:
    """Return an engine for `url`; PostgreSQL is spoken to by psycopg 3."""
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
