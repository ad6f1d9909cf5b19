"""The agent: the process that owns this machine's workloads.

It outlives the control plane, and each workload outlives the agent: a shim of its own holds a
container's pipes and its exit status, so a killed agent finds everything again.

Belongs here: running workloads on this machine (shim, probes, rollouts, logs), the agent's API and
its client. Never here: what the platform wants and why (`fairway.usecases`), serving requests
(`fairway.gateway`). Start reading at `fairway.agent.agent`, then `supervisor`, `replica`,
`container`, `attempt`, `shim`: each owns the next.
"""
