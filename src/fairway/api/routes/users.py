"""Users and tokens.

Belongs here: what is below `/users`, and `/whoami`.
"""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from fairway.api import body, document, openapi, schema
from fairway.api.answer import JsonAnswer
from fairway.api.context import Context, Ports, Who
from fairway.api.parameter import Word
from fairway.core.access.user import User
from fairway.usecases.access import manage_users

router = APIRouter(tags=["users"])


@router.get("/whoami", response_model=schema.WhoAmI)
def whoami(actor: Who) -> JsonAnswer:
    """Return who the token belongs to."""
    return JsonAnswer(
        {"name": actor.name, "groups": sorted(actor.groups), "isAdmin": actor.is_admin}
    )


@router.get("/users", response_model=schema.Users)
def list_users(platform: Ports, _actor: Who) -> JsonAnswer:
    """List users by name."""
    with platform.store.read() as tx:
        users = tx.users.list_users()
    return JsonAnswer({"items": [_make_user(user) for user in users]})


@router.put("/users/{name}", response_model=schema.User)
def put_user(platform: Ports, actor: Who, name: Word, request: body.User) -> JsonAnswer:
    """Add a user, or change one's groups."""
    user = manage_users.add_user(
        platform, actor, name=name, groups=request.groups, is_admin=request.is_admin
    )
    return JsonAnswer(_make_user(user))


@router.get("/users/{name}/tokens", response_model=schema.Tokens)
def list_tokens(platform: Ports, _actor: Who, name: Word) -> JsonAnswer:
    """List a user's tokens, without what they are."""
    with platform.store.read() as tx:
        tokens = tx.users.list_tokens(name)
    return JsonAnswer(
        {
            "items": [
                {
                    "id": token.id,
                    "title": token.title,
                    "createdAt": document.render_time(token.created_at),
                    "expiresAt": document.render_time(token.expires_at),
                }
                for token in tokens
            ]
        }
    )


@router.post(
    "/users/{name}/tokens",
    status_code=201,
    response_model=schema.NewToken,
    responses=openapi.refusals(404),
)
def create_token(platform: Ports, actor: Who, name: Word, request: body.Token) -> JsonAnswer:
    """Make a token; its clear text is in this answer and nowhere else."""
    lifetime = timedelta(seconds=request.lifetime_seconds) if request.lifetime_seconds else None
    made = manage_users.create_token(
        platform, actor, user=name, title=request.title, lifetime=lifetime
    )
    return JsonAnswer({"id": made.token.id, "token": made.clear}, 201)


@router.delete("/users/{name}/tokens/{token}", status_code=204)
def revoke_token(context: Context, actor: Who, name: Word, token: Word) -> Response:
    """Make a token useless at once."""
    manage_users.revoke_token(context.platform, actor, user=name, token_id=token)
    context.actors.clear()
    return Response(status_code=204)


def _make_user(user: User) -> document.Json:
    return {
        "name": user.name,
        "groups": sorted(user.groups),
        "isAdmin": user.is_admin,
        "createdAt": document.render_time(user.created_at),
    }
