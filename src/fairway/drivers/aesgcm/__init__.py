"""Secrets at rest under AES-256-GCM, with keys in a file that only the platform's user reads.

Belongs here: the key file and the sealed text. Never here: where sealed values are kept, who may
see one. Start at `sealer.open_sealer`.
"""
