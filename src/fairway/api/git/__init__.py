"""Git's smart protocol over HTTP, at `/git/<repository>.git`.

Belongs here: which request is git's, who sends it, and carrying bytes between the client and
git's own server without holding them. Never here: git's protocol itself (`ports.git_server`), what
a push may do (`usecases.source`). Start at `endpoint.GitMiddleware`.
"""
