"""A template of Backstage on a running platform: published, used, gone live, upgraded."""

from pathlib import Path

import pytest

from tests.e2e.test_golden_paths import tag
from tests.e2e.test_push_to_live import git, make_repository, push
from tests.running import SCORE, SERVER, RunningPlatform, edit

pytestmark = pytest.mark.e2e

TEMPLATE = """\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: NAME
  title: A page that greets
  annotations: {fairway.dev/environments: "dev"}
spec:
  owner: group:platform
  type: service
  parameters:
    - title: About the service
      required: [component_id, owner]
      properties:
        component_id: {type: string, title: Name, ui:field: EntityNamePicker}
        owner: {type: string, title: Owner, ui:field: OwnerPicker}
        greeting: {type: string, title: Greeting, default: hello, maxLength: 20}
    - title: Where its repository is
      required: [repoUrl]
      properties:
        repoUrl: {type: string, ui:field: RepoUrlPicker}
  steps:
    - id: skeleton
      name: Skeleton
      action: fetch:template
      input:
        url: ./skeleton
        values:
          name: ${{ parameters.component_id }}
          owner: ${{ parameters.owner }}
          greeting: ${{ parameters.greeting }}
          author: ${{ user.entity.metadata.name }}
    - id: loud
      if: ${{ parameters.greeting === (parameters.greeting | upper) }}
      action: fs:rename
      input: {files: [{from: quiet.txt, to: loud.txt}]}
    - id: publish
      action: publish:github
      input: {repoUrl: "${{ parameters.repoUrl }}", token: "${{ secrets.USER_OAUTH_TOKEN }}"}
    - id: register
      action: catalog:register
      input:
        repoContentsUrl: ${{ steps.publish.output.repoContentsUrl }}
        catalogInfoPath: /catalog-info.yaml
  output:
    links:
      - {title: Repository, url: "${{ steps.publish.output.remoteUrl }}"}
      - {title: In the catalog, entityRef: "${{ steps.register.output.entityRef }}"}
    text:
      - {title: What it says, content: "It says ${{ parameters.greeting }}."}
"""
CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${{ values.name }}
  annotations: {example.com/author: "${{ values.author }}"}
spec: {type: service, lifecycle: production, owner: "${{ values.owner }}"}
"""


def write_template(folder: Path) -> Path:
    skeleton = folder / "skeleton"
    skeleton.mkdir(parents=True)
    (folder / "template.yaml").write_text(TEMPLATE.replace("NAME", folder.name))
    (skeleton / "catalog-info.yaml").write_text(CATALOG)
    (skeleton / "score.yaml").write_text(SCORE.replace("NAME", "${{ values.name }}"))
    server = SERVER.replace('TEXT = "hello"', "TEXT = ${{ values.greeting | dump }}")
    (skeleton / "server.py").write_text(server)
    (skeleton / "quiet.txt").write_text("shh\n")
    return folder


@pytest.fixture(scope="module")
def path(platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the clone of a template that is published as v1."""
    folder = write_template(tmp_path_factory.mktemp("backstage") / "greeter")
    make_repository(platform, folder)
    push(folder)
    tag(folder, "v1")
    platform.must("path", "publish", "greeter", "v1")
    return folder


def make_service(platform: RunningPlatform, name: str, *options: str) -> str:
    return platform.must("new", "greeter", name, "--owner", "group:platform", *options).out


def test_it_is_a_golden_path_like_any_other(platform: RunningPlatform, path: Path) -> None:
    assert platform.must("path", "lint", str(path)).code == 0
    status, found = platform.ask("GET", "/golden-paths/greeter")
    assert status == 200
    assert (found["title"], found["owner"]) == ("A page that greets", "group:platform")
    assert found["environments"] == ["dev"]
    asked = found["parameters"]["properties"]
    assert set(asked) == {"name", "owner", "user", "component_id", "greeting"}
    assert asked["owner"]["ui:field"] == "OwnerPicker"


@pytest.mark.usefixtures("path")
def test_a_service_made_from_it_goes_live(platform: RunningPlatform) -> None:
    said = make_service(platform, "greeting", "--set", "greeting=AHOI")
    assert f"Repository: http://127.0.0.1:{platform.port}/git/greeting.git" in said
    assert "In the catalog: component:default/greeting" in said
    assert "It says AHOI." in said
    platform.must("watch", "greeting")
    status, body = platform.fetch("greeting.dev.localhost")
    assert (status, '"text": "AHOI"' in body) == (200, True)
    status, entity = platform.ask("GET", "/entities/component/default/greeting")
    assert status == 200
    assert "example.com/author" in str(entity)
    assert "guest" not in str(entity)


@pytest.mark.usefixtures("path")
def test_a_wrong_answer_is_refused_and_nothing_is_made(platform: RunningPlatform) -> None:
    long = f"greeting={'x' * 21}"
    outcome = platform.run(
        "new", "greeter", "talkative", "--owner", "group:platform", "--set", long
    )
    assert outcome.code == 2
    assert "greeting" in outcome.err
    assert platform.ask("GET", "/repositories/talkative")[0] == 404


def test_a_service_receives_the_templates_next_version(
    platform: RunningPlatform, path: Path, tmp_path: Path
) -> None:
    make_service(platform, "polite")
    token = (platform.home / "token").read_text().strip()
    url = f"http://ana:{token}@127.0.0.1:{platform.port}/git/polite.git"
    git(tmp_path, "clone", "--quiet", url, "polite")
    edit(tmp_path / "polite" / "server.py", '"listening"', '"listening closely"')
    push(tmp_path / "polite")
    edit(path / "skeleton" / "server.py", "request_queue_size = 256", "request_queue_size = 99")
    push(path)
    tag(path, "v2")
    platform.must("path", "publish", "greeter", "v2")
    platform.must("path", "upgrade", "polite")
    git(tmp_path / "polite", "fetch", "--quiet")
    text = git(tmp_path / "polite", "show", "origin/fairway/greeter-v2:server.py")
    assert "request_queue_size = 99" in text
    assert "listening closely" in text
    assert 'TEXT = "hello"' in text


def test_a_template_that_cannot_be_run_is_not_published(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    folder = write_template(tmp_path / "caller")
    edit(folder / "template.yaml", "action: fs:rename", "action: http:backstage:request")
    edit(folder / "template.yaml", "if: ${{", "description: ${{")
    make_repository(platform, folder)
    push(folder)
    tag(folder, "v1")
    outcome = platform.run("path", "publish", "caller", "v1")
    assert outcome.code == 2
    assert "template.yaml:34" in outcome.err
    assert "the action 'http:backstage:request' is not run" in outcome.err
