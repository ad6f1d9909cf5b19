"""The agent's API: JSON over HTTP on a unix socket that only its owner may use.

Belongs here: the server's requests and answers, the client, starting an agent for a client. Never
here: what a request does (`fairway.agent`).
"""
