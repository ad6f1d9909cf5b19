"""The driver `process-volume`: a folder of this machine for each resource.

Belongs here: size, loss and backup of a volume. Never here: mounting it (`fairway.agent`).
"""

import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from fairway.agent.api.client import AgentClient
from fairway.agent.machine import storage
from fairway.core.definition.definition import DeleteAction
from fairway.drivers.process import resource
from fairway.kits import quantity
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.provisioner import Loss, Observation, Progress, Provisioner, ResourceSpec

_DEFAULT_SIZE = "1Gi"


class VolumeProvisioner(Provisioner):
    """Provisions folders. A size is recorded and can only grow; the disk does not enforce it."""

    def __init__(self, agent: AgentClient) -> None:
        self._agent = agent

    def get_inputs_schema(self) -> JsonObject:
        """Return the schema: `defaultSize` is for resources that name none."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {"defaultSize": {"type": "string", "x-fairway-grow-only": True}},
            "x-fairway-params": {"size": {"x-fairway-grow-only": True}},
        }

    def observe(self, spec: ResourceSpec) -> Observation:
        """Compare the recorded size."""
        found = self._agent.find_volume(spec.environment, resource.make_name(spec.id))
        if found is None:
            return Observation(state="missing")
        wanted, size = _read_size(spec), int(str(found["size_bytes"]))
        if wanted == size:
            return Observation(state="present")
        text = f"has {quantity.render_bytes(size)}, wanted {quantity.render_bytes(wanted)}"
        return Observation(state="drifted", differences={"size": text})

    def apply(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Make the folder or record the larger size; output `source` is its path."""
        name = resource.make_name(spec.id)
        found = self._agent.put_volume(spec.environment, name, _read_size(spec))
        progress(f"folder {found['source']}")
        return {"source": str(found["source"])}

    def preview_delete(self, spec: ResourceSpec) -> Loss | None:
        """Return size and number of the files in it."""
        found = self._agent.find_volume(spec.environment, resource.make_name(spec.id))
        if found is None:
            return None
        count = sum(len(files) for _, _, files in os.walk(str(found["source"])))
        size = int(str(found["used_bytes"]))
        if count == 0:
            return None
        files = "1 file" if count == 1 else f"{count} files"
        return Loss(summary=f"{quantity.render_bytes(size)} in {files}", size_bytes=size)

    def delete(self, spec: ResourceSpec, action: DeleteAction, progress: Progress) -> None:
        """Remove the folder; `snapshot` packs it below `backups` first, `keep` leaves it."""
        name = resource.make_name(spec.id)
        found = self._agent.find_volume(spec.environment, name)
        if found is None or action == "keep":
            return
        if action == "snapshot":
            progress(f"backup {self._pack(spec, Path(str(found['source'])))}")
        self._agent.delete_volume(spec.environment, name)
        progress(f"removed folder {found['source']}")

    def _pack(self, spec: ResourceSpec, source: Path) -> Path:
        """Return a new archive of the folder; it has its name only once it is whole."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        name = f"{resource.make_name(spec.id)}-{stamp}.tar.gz"
        path = self._agent.home / "backups" / "volumes" / spec.environment / name
        draft = path.with_name(f"{name}.new")
        with storage.naming_disk_faults(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with draft.open("wb") as file:
                draft.chmod(0o600)
                with tarfile.open(fileobj=file, mode="w:gz") as archive:
                    archive.add(source, arcname=".")
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
            storage.sync_folder(path.parent)
        return path


def _read_size(spec: ResourceSpec) -> int:
    default = str(spec.inputs.get("defaultSize", _DEFAULT_SIZE))
    size = resource.read_text(spec, "size", default)
    try:
        return quantity.parse_bytes(size)
    except ValueError as error:
        raise Refused(
            "PARAM-INVALID",
            what=f"cannot make resource '{spec.id}'",
            why=f"size: {error}",
            fix="set params.size to an amount such as 5Gi",
        ) from error
