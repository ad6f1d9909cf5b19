"""What plain git pushes is what Backstage's client reads."""

from pathlib import Path
from typing import Any

import pytest

from tests.deadline import wait_until
from tests.integration.backstage.conftest import Call
from tests.integration.git.client import Client
from tests.running import RunningPlatform

pytestmark = pytest.mark.integration

ROOT = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: NAME}
spec: {type: service, lifecycle: production, owner: "group:shop", providesApis: [NAME-api]}
---
apiVersion: backstage.io/v1alpha1
kind: Location
metadata: {name: NAME-more}
spec: {targets: [./apis.yaml]}
"""
APIS = """\
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: NAME-api}
spec:
  {type: openapi, lifecycle: production, owner: "group:shop", definition: {$text: ./openapi.yaml}}
"""


def start(platform: RunningPlatform, folder: Path, name: str) -> Client:
    """Create a repository and clone it into the folder `name`."""
    platform.must("repo", "create", name, "--owner", "group:shop")
    client = Client(folder, platform.port, (platform.home / "token").read_text().strip())
    client.clone(name, name)
    return client


def write(client: Client, name: str, **files: str) -> str:
    return client.commit(name, **{key: text.replace("NAME", name) for key, text in files.items()})


def wait_for_catalog(platform: RunningPlatform, name: str, commit: str) -> None:
    def is_read() -> bool:
        _, answer = platform.ask("GET", f"/repositories/{name}/statuses/{commit}")
        return any(item["context"] == "catalog" for item in answer["items"])

    wait_until(is_read, seconds=30)


def test_a_push_is_read_with_all_that_it_leads_to(
    platform: RunningPlatform, call: Call, tmp_path: Path
) -> None:
    client = start(platform, tmp_path, "pushed")
    commit = write(
        client,
        "pushed",
        **{"catalog-info__yaml": ROOT, "apis__yaml": APIS, "openapi__yaml": "x: 1"},
    )
    client.must("push", "--quiet", "origin", "HEAD:main", at="pushed")
    wait_for_catalog(platform, "pushed", commit)
    component, api, ancestors, location, found = call(
        ["getEntityByRef", "component:pushed"],
        ["getEntityByRef", "api:pushed-api"],
        ["getEntityAncestors", {"entityRef": "api:default/pushed-api"}],
        ["getLocationByEntity", "api:default/pushed-api"],
        ["getEntities", {"filter": {"metadata.annotations.fairway.dev/repository": "pushed"}}],
    )
    base = f"http://127.0.0.1:{platform.port}/git/pushed.git"
    entity: dict[str, Any] = component["ours"]["value"]
    assert entity["metadata"]["annotations"]["backstage.io/source-location"] == (
        f"url:{base}/tree/main/"
    )
    assert {"type": "providesApi", "targetRef": "api:default/pushed-api"} in entity["relations"]
    assert api["ours"]["value"]["spec"]["definition"] == "x: 1"
    assert location["ours"]["value"]["target"] == f"{base}/blob/main/catalog-info.yaml"
    assert len(found["ours"]["value"]["items"]) == 4
    parents = {
        item["entity"]["metadata"]["name"]: item["parentEntityRefs"]
        for item in ancestors["ours"]["value"]["items"]
    }
    (root,) = parents["pushed-more"]
    assert parents["pushed-api"] == ["location:default/pushed-more"]
    assert parents[root.partition("/")[2]] == []


def test_a_push_of_a_broken_catalog_is_refused_with_its_place(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    client = start(platform, tmp_path, "broken")
    write(client, "broken", **{"catalog-info__yaml": ROOT})
    outcome = client.run("push", "origin", "HEAD:main", at="broken")
    assert outcome.code != 0
    assert "catalog-info.yaml:9:18" in outcome.err
    assert "there is no file 'apis.yaml'" in outcome.err
    status, _ = platform.ask("GET", "/entities/component/default/broken")
    assert status == 404


def test_a_push_of_what_another_repository_describes_is_refused(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    files = {"catalog-info__yaml": ROOT.partition("---")[0]}
    owner = start(platform, tmp_path, "owner")
    commit = write(owner, "owner", **files)
    owner.must("push", "--quiet", "origin", "HEAD:main", at="owner")
    wait_for_catalog(platform, "owner", commit)
    thief = start(platform, tmp_path, "thief")
    thief.commit("thief", **{key: text.replace("NAME", "Owner") for key, text in files.items()})
    outcome = thief.run("push", "origin", "HEAD:main", at="thief")
    assert outcome.code != 0
    assert "repository:owner/catalog-info.yaml" in outcome.err
    assert "differs only in case" in outcome.err
