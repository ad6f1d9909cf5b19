"""The engine: a worker pool over the keyed queue, and the journal that carries runs.

Belongs here: leases, retries, cancellation, deadlines, the advance of a run's steps. Never here:
what a step does, any kind of the domain. Start at `engine.Engine` and `worker.WorkerPool`.
"""
