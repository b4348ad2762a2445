"""The part of the API that is measured, on FastAPI."""

from contextlib import asynccontextmanager
from typing import Annotated

import asyncpg
from fastapi import Depends, FastAPI, Form, Path, Request, Response
from fastapi.exceptions import RequestValidationError

import clients
import oauth
from replies import Refused, json, refused


@asynccontextmanager
async def lifespan(app):
    # Where the database is comes from the environment, in libpq's names. Sixteen connections for both workers. What a
    # connection forgets between two requests is nothing that is set here, so it need not be asked to.
    async with asyncpg.create_pool(min_size=8, max_size=8, reset=_nothing) as app.state.pool:
        yield


async def _nothing(_connection):
    pass


app = FastAPI(lifespan=lifespan, openapi_url=None)
app.add_exception_handler(Refused, refused)
app.add_exception_handler(oauth.OAuthError, oauth.refused)


@app.exception_handler(RequestValidationError)
async def invalid(request, error):
    if any(one["loc"][0] == "path" for one in error.errors()):
        return await refused(request, Refused(404, "not_found", "There is nothing here."))
    errors = {str(one["loc"][-1]): [one["msg"]] for one in error.errors()}
    message = next(iter(errors.values()))[0]
    return await refused(request, Refused(422, "validation_failed", message, errors=errors))


Id = Annotated[int, Path(ge=0, lt=2**53)]


@app.post("/api/oauth/token")
async def token(request: Request, form: Annotated[oauth.TokenRequest, Form()]) -> Response:
    return json(await oauth.token(request.app.state.pool, form))


@app.post("/api/residential/client")
async def create(
    request: Request,
    new: Annotated[clients.NewClient, Form()],
    origin: Annotated[oauth.Origin, Depends(oauth.allowed("client:create"))],
) -> Response:
    client = await clients.create(request.app.state.pool, new, origin)
    location = f"/api/residential/client/{client['id']}"
    return json({"result": "OK", "client": client}, 201, {"Location": location})


@app.post("/api/residential/client/{id}/activate")
async def activate(
    request: Request, id: Id, origin: Annotated[oauth.Origin, Depends(oauth.allowed("client:activate"))]
) -> Response:
    return json(await clients.change(request.app.state.pool, id, "active", origin))


@app.post("/api/residential/client/{id}/suspend")
async def suspend(
    request: Request, id: Id, origin: Annotated[oauth.Origin, Depends(oauth.allowed("client:suspend"))]
) -> Response:
    return json(await clients.change(request.app.state.pool, id, "suspended", origin))


@app.get("/api/residential/client/{id}", dependencies=[Depends(oauth.allowed("client:read"))])
async def read(request: Request, id: Id) -> Response:
    return json({"result": "OK", "client": await clients.read(request.app.state.pool, id)})
