"""This machine's file system as a store of bytes.

Belongs here: drivers whose state is plain files. Never here: what the bytes mean.
"""
