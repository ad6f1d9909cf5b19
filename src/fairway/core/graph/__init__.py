"""The graph: the resources and workloads of an environment and what each needs.

Belongs here: nodes, matching of resources to provisioners, making the graph of a release, filling
references with outputs. Never here: what to do about it (`fairway.core.plan`), drivers.
"""
