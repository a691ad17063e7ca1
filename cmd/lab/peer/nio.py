"""A Matrix client that reads what it shall do and writes what it sees, in lines of JSON.

    {"do": "create_dm", "user": ID}                                             answers {"room": ID}
    {"do": "invite", "room": ID, "user": ID}
    {"do": "join", "room": ID}
    {"do": "leave", "room": ID}
    {"do": "send", "room": ID, "body": TEXT, "txn": ID}                         answers {"id": EVENT}
    {"do": "send_raw", "room": ID, "type": TYPE, "content": {}, "txn": ID}      answers {"id": EVENT}
    {"do": "redact", "room": ID, "id": EVENT}                                   answers {"id": EVENT}
    {"do": "typing", "room": ID, "on": true}
    {"do": "read", "room": ID, "id": EVENT}
    {"do": "name", "name": TEXT}
    {"do": "avatar", "file": PATH, "type": "image/png"}                         answers {"url": MXC}
    {"do": "presence", "is": "unavailable", "status": TEXT}
    {"do": "quit"}

A "call" in a command comes back in its "answer", which has an "error" if it
failed. Commands run side by side: who wants an order waits for the answer. A
command that the server does not answer, since it is down, is asked again, with
the same "txn".

Events come in the order of each room, each once, also those from while the
server was down or this client was slow. What was said before the log-in does
not come, but invitations that are open do. With the last argument "autojoin" it
accepts every invitation.
"""
import asyncio
import json
import os
import sys

from aiohttp import ClientError
from nio import AsyncClient, AsyncClientConfig, ErrorResponse, RoomPreset

url, user, password = sys.argv[1:4]
autojoin = "autojoin" in sys.argv[4:]
client = AsyncClient(url, user, config=AsyncClientConfig(encryption_enabled=False, max_timeout_retry_wait_time=0.25))
PAUSE = 0.25  # seconds before a failed sync is tried again
POLL = 30000  # milliseconds
PAGE = 100  # events; Synapse gives no more
FILTER = {"room": {"timeline": {"limit": PAGE}}}
tasks = set()  # the loop itself holds them weakly
joined = set()  # rooms
seen = set()  # event ids
presence = None  # what each sync says; online


class Refused(Exception):
    """The server has answered with an error."""


def good(response):
    if isinstance(response, ErrorResponse):
        raise Refused(f"{response.status_code}: {response.message}")
    return response


def begin(coroutine):
    task = asyncio.ensure_future(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def tell(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


async def raw(response):
    """Returns what the server said, before nio made objects of it."""
    return await good(response).transport_response.json()


def tell_event(room, e):
    """Tells an event of a room's timeline or state."""
    if e["event_id"] in seen:
        return
    seen.add(e["event_id"])
    kind, content = e["type"], e["content"]
    fields = {"room": room, "sender": e["sender"], "id": e["event_id"], "type": kind, "content": content}
    if "state_key" in e:
        fields["state_key"] = e["state_key"]
    if kind == "m.room.message":
        tell("message", body=content.get("body", ""), **fields)
    elif kind == "m.room.member":
        if (e["state_key"], content["membership"]) != (client.user_id, "invite"):  # that was told when it came
            tell_member(**fields)
    elif kind == "m.room.redaction":
        tell("redaction", redacts=e.get("redacts") or content.get("redacts"), **fields)
    else:
        tell("other", **fields)


def tell_member(state_key, content, **fields):
    tell("member", user=state_key, membership=content["membership"], is_direct=content.get("is_direct", False),
         state_key=state_key, content=content, **fields)


def tell_ephemeral(room, e):
    kind, content = e["type"], e["content"]
    if kind == "m.typing":
        tell("typing", room=room, type=kind, users=content["user_ids"])
    elif kind == "m.receipt":
        for event, receipts in content.items():
            for receipt, users in receipts.items():
                for who in users:
                    tell("receipt", room=room, id=event, type=receipt, user=who)
    else:
        tell("other", room=room, type=kind, content=content)


async def gap(room, start, end):
    """Returns what is between two positions of a room and sync has left out."""
    found = []
    while start:
        page = await raw(await client.room_messages(room, start, end, limit=PAGE))
        found += page["chunk"]
        start = page.get("end") if page["chunk"] else None
    return reversed(found)


async def room_events(room, part, since):
    timeline = part.get("timeline", {})
    missed = []
    if timeline.get("limited"):
        missed = await gap(room, timeline["prev_batch"], since if room in joined else None)
    return [*missed, *part.get("state", {}).get("events", []), *timeline.get("events", [])]


def tell_invite(room, part):
    for e in part["invite_state"]["events"]:
        if e["type"] == "m.room.member" and e["state_key"] == client.user_id:
            tell_member(e["state_key"], e["content"], room=room, sender=e["sender"], type=e["type"])
    if autojoin:
        begin(accept(room))


async def accept(room):
    try:
        good(await client.join(room))
    except (Refused, ClientError) as e:
        tell("failed", text=f"join: {e}")


async def take(said, since):
    """Tells what a sync brought. Nothing is told before all of it is there."""
    rooms = said.get("rooms", {})
    inside, outside = rooms.get("join", {}), rooms.get("leave", {})
    events = [(room, e) for part in (inside, outside) for room in part for e in await room_events(room, part[room], since)]
    for room, e in events:
        if since:
            tell_event(room, e)
        else:
            seen.add(e["event_id"])
    for room in inside:
        for e in inside[room].get("ephemeral", {}).get("events", []) if since else []:
            tell_ephemeral(room, e)
    for room, part in rooms.get("invite", {}).items():
        tell_invite(room, part)
    joined.update(inside)
    joined.difference_update(outside)


async def sync(since):
    """Returns the position after what has come since another, which has been told."""
    said = await raw(await client.sync(timeout=POLL if since else 0, since=since, sync_filter=FILTER, set_presence=presence))
    for e in said.get("presence", {}).get("events", []):
        tell("presence", user=e["sender"], type=e["content"]["presence"], body=e["content"].get("status_msg") or "")
    await take(said, since)
    return said["next_batch"]


async def follow(since):
    while True:
        try:
            since = await sync(since)
        except (Refused, ClientError) as e:  # by a server that is dying
            print("sync:", repr(e), file=sys.stderr, flush=True)
            await asyncio.sleep(PAUSE)
        except Exception as e:
            tell("failed", text=f"sync: {e!r}")
            raise


async def create_dm(c):
    return await client.room_create(is_direct=True, preset=RoomPreset.trusted_private_chat, invite=[c["user"]])


async def send(c):
    return await client.room_send(c["room"], "m.room.message", {"msgtype": "m.text", "body": c["body"]}, c.get("txn"))


async def send_raw(c):
    return await client.room_send(c["room"], c["type"], c["content"], c.get("txn"))


async def avatar(c):
    size = os.path.getsize(c["file"])
    uploaded, _ = await client.upload(lambda *_: c["file"], c["type"], os.path.basename(c["file"]), filesize=size)
    good(await client.set_avatar(good(uploaded).content_uri))
    return uploaded


async def be(c):
    global presence
    presence = c["is"]
    return await client.set_presence(c["is"], c.get("status"))


COMMANDS = {
    "create_dm": create_dm,
    "invite": lambda c: client.room_invite(c["room"], c["user"]),
    "join": lambda c: client.join(c["room"]),
    "leave": lambda c: client.room_leave(c["room"]),
    "send": send,
    "send_raw": send_raw,
    "redact": lambda c: client.room_redact(c["room"], c["id"]),
    "typing": lambda c: client.room_typing(c["room"], c["on"]),
    "read": lambda c: client.update_receipt_marker(c["room"], c["id"]),
    "name": lambda c: client.set_displayname(c["name"]),
    "avatar": avatar,
    "presence": be,
}
ANSWERS = {"room_id": "room", "event_id": "id", "content_uri": "url"}


async def do(c):
    try:
        response = good(await COMMANDS[c["do"]](c))
        fields = {ours: getattr(response, theirs) for theirs, ours in ANSWERS.items() if hasattr(response, theirs)}
    except Refused as e:
        fields = {"error": str(e)}
    except Exception as e:
        fields = {"error": repr(e)}
    tell("answer", call=c.get("call", 0), **fields)


async def commands():
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        c = json.loads(line)
        if c["do"] == "quit":
            return
        begin(do(c))


async def main():
    try:
        good(await client.login(password))
        since = await sync(None)
    except Refused as e:
        tell("failed", text=str(e))
        return
    tell("ready", user=client.user_id)
    begin(follow(since))
    await commands()
    for task in list(tasks):
        task.cancel()
    await client.close()


asyncio.run(main())
tell("ended")
