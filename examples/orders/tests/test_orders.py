from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from orders.app import make_app
from orders.migrate import migrate


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    url = f"sqlite:///{tmp_path}/orders.db"
    migrate(url)
    return TestClient(make_app(url))


def test_an_order_is_remembered(client: TestClient) -> None:
    placed = client.post("/orders", json={"item": "rope", "quantity": 2})
    assert placed.status_code == 201
    assert client.get("/orders").json() == [{"id": 1, "item": "rope", "quantity": 2}]


def test_an_empty_order_is_refused(client: TestClient) -> None:
    assert client.post("/orders", json={"item": "", "quantity": 0}).status_code == 422
    assert client.get("/orders").json() == []


def test_it_is_ready_when_the_database_answers(client: TestClient) -> None:
    assert client.get("/ready").json() == {"status": "ok"}
