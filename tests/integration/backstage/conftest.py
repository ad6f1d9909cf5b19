"""A platform with a small catalog, and Backstage's own client of npm in front of it."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deadline import wait_until
from tests.running import RunningPlatform, start_platform

CLIENT = "@backstage/catalog-client@1.16.2"
BUILTIN = list((Path(__file__).parents[3] / "golden_paths").glob("*/golden-path.yaml"))
SCRIPT = Path(__file__).with_name("client.cjs")
CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Orders
  title: Order taking
  description: Takes orders_100% from shops
  tags: [python, api]
  labels: {tier: One}
  annotations: {example.com/slug: org/Orders}
  links: [{url: "https://orders.example"}, {url: "https://board.example", title: Board}]
spec:
  type: service
  lifecycle: production
  owner: shop
  system: sales
  dependsOn: [component:payments, resource:default/orders-db]
  providesApis: [orders-api]
  profile: {flag: true, size: 7}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, tags: [java]}
spec: {type: service, lifecycle: experimental, owner: money}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: site, title: a site, description: Shows what there is}
spec: {type: website, lifecycle: production, owner: shop, system: sales}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: orders-api}
spec: {type: openapi, lifecycle: production, owner: shop, definition: "openapi: 3.1.0"}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: orders-db, tags: [postgres, api]}
spec: {type: database, owner: money}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: sales}
spec: {owner: shop}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: shop}
spec: {type: team, children: [], profile: {displayName: The shop}}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: money}
spec: {type: team, children: [], parent: shop}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ana}
spec: {memberOf: [shop, money], profile: {displayName: Ana, email: ana@example.org}}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: bob, namespace: asia}
spec: {memberOf: ["group:default/shop"], profile: {displayName: Bob}}
"""

Call = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    with start_platform(tmp_path_factory.mktemp("backstage")) as running:
        files = [{"name": "catalog-info.yaml", "content": CATALOG}]
        status, answer = running.ask("POST", "/entities", {"files": files})
        assert status == 200, answer
        # Golden paths come with the platform, and are published once it is up.
        wait_until(lambda: _count(running, "goldenpath") == len(BUILTIN), seconds=60)
        yield running


def _count(platform: RunningPlatform, kind: str) -> int:
    _, page = platform.ask("GET", f"/entities?kind={kind}&limit=1")
    return int(page["total"])


@pytest.fixture(scope="session")
def client_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has the client installed; none of its packages' scripts ran."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Backstage's client needs node and npm, which are not installed")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true}')
    subprocess.run(
        [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", CLIENT],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=300,
    )
    shutil.copy(SCRIPT, folder)
    return folder


@pytest.fixture
def call(client_folder: Path, platform: RunningPlatform) -> Call:
    """Call the client; each answer has `ours` and, from its in-memory twin, `twin`."""

    def run(*calls: list[Any]) -> list[dict[str, Any]]:
        asked = {
            "base": f"http://127.0.0.1:{platform.port}/api/catalog",
            "token": (platform.home / "token").read_text().strip(),
            "calls": calls,
        }
        done = subprocess.run(
            ["node", SCRIPT.name],
            cwd=client_folder,
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers

    return run
