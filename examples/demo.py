"""The product in a minute and a half: from a golden path to production, and on to its upgrade.

Every act is a command of `fairway`, or of plain git, that you could type; what it prints is what
you see. On a terminal the platform stays up at the end until Ctrl-C; otherwise all of it is taken
down.
"""

import json
import signal
import sys
import time

from stage import (
    FAIRWAY,
    DemoFailedError,
    Stage,
    open_stage,
    run_platform,
    say,
    under_load,
    wait_until,
)

TEAM = """apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: shop, title: The shop's team}
spec: {type: team, children: []}
"""


def main() -> int:
    """Play the demo; return the exit status."""
    began = time.monotonic()
    with open_stage() as stage, run_platform(stage):
        try:
            for act in (create, push, promote, fail, explain, upgrade):
                act(stage)
        except DemoFailedError as error:
            say(f"\nThe demo failed: {error}")
            return 1
        say(f"\nThat was all of it: {stage.commands} commands in {time.monotonic() - began:.0f} s.")
        if sys.stdout.isatty() and sys.stdin.isatty():
            stay(stage)
    return 0


def create(stage: Stage) -> None:
    """A golden path becomes a repository and a running service."""
    say("\n--- 1. From a golden path to a running service with a real database")
    (stage.folder / "shop.yaml").write_text(TEAM)
    stage.fairway("apply", "-f", f"{stage.folder}/shop.yaml")
    wait_until(
        lambda: "python-service" in stage.read("path", "list"), "no golden path was published"
    )
    stage.fairway("path", "list")
    stage.fairway("new", "python-service", "orders", "--owner", "group:shop", "--defaults")
    stage.fairway("watch", "orders")
    stage.ask("dev", "POST", "/items", {"name": "rope"})
    stage.ask("dev", "GET", "/items")


def push(stage: Stage) -> None:
    """Plain git is all that a developer needs."""
    say("\n--- 2. Clone, edit, push: it goes live under load")
    stage.git("clone", "--quiet", f"{stage.url}/git/orders.git")
    stage.edit("orders/app/__main__.py", "sys.exit(str(error))", 'sys.exit(f"orders: {error}")')
    stage.git("commit", "--quiet", "--all", "--message", "Say who stops", folder="orders")
    with under_load(stage, "dev"):
        stage.git("push", "--quiet", folder="orders")
        stage.fairway("watch", "orders")
    stage.ask("dev", "GET", "/items")


def promote(stage: Stage) -> None:
    """The same artifact moves on; production needs a second person."""
    say("\n--- 3. The same artifact goes to staging, then to production, which asks for approval")
    stage.fairway("promote", "orders", "--from", "dev", "--to", "staging")
    stage.fairway("user", "add", "ben", "--group", "platform")
    token = json.loads(stage.read("token", "create", "--user", "ben", "--output", "json"))["token"]
    stage.fairway("promote", "orders", "--from", "staging", "--to", "prod", "--detach")
    plan = wait_for_plan(stage)
    stage.fairway("approve", plan[7:14], expected=77)
    stage.fairway("approve", plan[7:14], token=token)
    wait_for_release(stage, "prod")
    stage.fairway("status", "orders")


def fail(stage: Stage) -> None:
    """What never becomes ready never gets a request."""
    say("\n--- 4. A broken version never takes the traffic")
    main_before = "command: [python, -m, app]\n    variables:\n      DATABASE_URL"
    stage.edit("orders/score.yaml", main_before, main_before.replace("_URL", "_URI"))
    stage.git("commit", "--quiet", "--all", "--message", "Rename the variable", folder="orders")
    with under_load(stage, "dev"):
        stage.git("push", "--quiet", folder="orders")
        stage.fairway("watch", "orders", expected=1)
    stage.ask("dev", "GET", "/items")
    stage.git("revert", "--no-edit", "HEAD", folder="orders")
    stage.git("push", "--quiet", folder="orders")
    stage.fairway("watch", "orders")


def explain(stage: Stage) -> None:
    """Nothing has to be guessed."""
    say("\n--- 5. Where did that value come from?")
    stage.fairway("explain", "orders.dev.containers.main.variables.DATABASE_URL")


def upgrade(stage: Stage) -> None:
    """The path's next version reaches the service, and keeps what the team did."""
    say("\n--- 6. The platform team publishes version 2 of the path; orders is upgraded by merge")
    path = "golden-path-python-service"
    stage.git("clone", "--quiet", f"{stage.url}/git/{path}.git")
    stage.edit(
        f"{path}/template/app/__main__.py",
        "timeout_graceful_shutdown=10",
        "timeout_graceful_shutdown=20",
    )
    stage.edit(f"{path}/CHANGELOG.md", "## v1\n", "## v2\n\nRequests get 20 s to end.\n\n## v1\n")
    stage.git("commit", "--quiet", "--all", "--message", "Give requests 20 s to end", folder=path)
    stage.git("tag", "v2", folder=path)
    stage.git("push", "--quiet", "origin", "main", "v2", folder=path)
    stage.fairway("path", "publish", path, "v2")
    stage.fairway("path", "drift", "python-service")
    stage.fairway("path", "upgrade", "orders")
    stage.fairway("path", "land", "orders")
    stage.fairway("watch", "orders")
    stage.git("pull", "--quiet", folder="orders")
    stage.git("log", "--oneline", "--max-count=5", folder="orders")
    text = (stage.folder / "orders" / "app" / "__main__.py").read_text()
    if "timeout_graceful_shutdown=20" not in text or 'f"orders: {error}"' not in text:
        raise DemoFailedError("the upgrade lost a change")
    stage.fairway("status", "orders")


def wait_for_plan(stage: Stage) -> str:
    """Return the digest of the plan for which the run in production waits."""
    found: list[str] = []

    def is_waiting() -> bool:
        run = stage.read_environment("prod").get("run")
        if run and run["state"] == "waiting" and run["output"].get("plan"):
            found.append(str(run["output"]["plan"]))
        return bool(found)

    wait_until(is_waiting, "the promotion does not wait for an approval")
    return found[0]


def wait_for_release(stage: Stage, environment: str) -> None:
    """Return when a release serves in `environment`."""

    def is_served() -> bool:
        status = stage.read_environment(environment)
        return bool(status["release"] and not status["run"])

    wait_until(is_served, f"nothing became ready in {environment}")


def stay(stage: Stage) -> None:
    """Leave the platform to the user until Ctrl-C."""
    exports = " ".join(
        f"{name}={stage.environment[name]}" for name in ("FAIRWAY_HOME", "FAIRWAY_PORT")
    )
    say("\nIt is all yours until Ctrl-C. In another terminal, try:")
    say(f"  export {exports} PATH={FAIRWAY.parent}:$PATH")
    for command in ("status", "logs orders --env prod -f", "explain orders.dev.resources.db"):
        say(f"  fairway {command}")
    say("  fairway clone orders; fairway new worker sweeper --owner group:shop")
    say("  fairway rollback orders --env dev\n  fairway list\n  fairway doctor")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("")


if __name__ == "__main__":
    sys.exit(main())
