"""Run migrations on the connection that `orders.migrate` opened."""

from alembic import context

from orders.database import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
