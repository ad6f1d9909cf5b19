"""Takes orders and remembers them."""
