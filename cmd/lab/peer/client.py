"""An XMPP client that reads what it shall do and writes what it sees, in lines of JSON.

    {"do": "send", "to": JID, "id": ID, "body": TEXT, "receipt": true, "type": "chat"}
    {"do": "presence", "to": JID, "type": "subscribe"}
    {"do": "register", "to": JID, "type": "set"|"get", "remove": false, "fields": {NAME: VALUE}}
    {"do": "discover", "to": JID, "node": NODE}
    {"do": "items", "to": JID, "node": NODE}
    {"do": "command", "to": JID, "node": NODE, "session": ID, "action": "execute", "fields": {NAME: VALUE}}
    {"do": "iq", "to": JID, "type": "get", "xml": PAYLOAD}
    {"do": "features", "add": [FEATURE]}
    {"do": "priority", "value": -1}
    {"do": "raw", "xml": STANZA}
    {"do": "quit"}

An "iq" without "to" is for the user's own account. A message that has neither
a body nor a receipt is an "other". "features" are announced (XEP-0030, XEP-0115).
A client answers questions of contacts by itself, unless its last argument is
"hesitant".
"""
import asyncio
import json
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

jid, password, port = sys.argv[1:4]
client = slixmpp.ClientXMPP(jid, password)
if "hesitant" in sys.argv[4:]:
    client.roster.auto_authorize = client.roster.auto_subscribe = None
for plugin in ("xep_0030", "xep_0050", "xep_0077", "xep_0184", "xep_0199"):
    client.register_plugin(plugin)
client["xep_0184"].auto_request = False
client["xep_0184"].auto_ack = False
PATIENCE = 60
tasks = set()  # the loop itself holds them weakly
priority = 0


def begin(coroutine):
    task = asyncio.ensure_future(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def tell(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def failure(stanza):
    return {"condition": stanza["error"]["condition"], "text": stanza["error"]["text"]}


def on_message(m):
    fields = {"from": str(m["from"]), "type": m["type"], "id": m["id"], "body": m["body"], "xml": str(m)}
    if m.get_plugin("receipt", check=True):
        fields["receipt"] = m["receipt"]
    if m["type"] == "error":
        fields.update(failure(m))
    tell("message", **fields)


def on_other(m):
    if m["type"] != "error" and m.xml.find("{jabber:client}body") is None and not m.get_plugin("receipt", check=True):
        tell("other", **{"from": str(m["from"]), "type": m["type"], "id": m["id"], "xml": str(m)})


def on_roster(iq):
    if iq["type"] == "set":  # else it answers our own question
        tell("push", id=iq["id"], items=[
            {"jid": str(j), "name": i["name"], "groups": sorted(i["groups"]), "subscription": i["subscription"], "ask": i["ask"]}
            for j, i in iq["roster"]["items"].items()])


def on_presence(p):
    fields = {"from": str(p["from"]), "type": p.xml.get("type", "available"), "status": p["status"], "xml": str(p)}
    if fields["type"] == "error":
        fields.update(failure(p))
    tell("presence", **fields)


async def ask(call):
    """Awaits the coroutine of a request and tells its answer."""
    try:
        tell("iq", type="result", **await call)
    except IqError as e:
        tell("iq", type="error", **{"from": str(e.iq["from"])}, id=e.iq["id"], xml=str(e.iq), **failure(e.iq))
    except IqTimeout:
        tell("iq", type="error", condition="timeout", text="no answer")


async def register(command):
    iq = client.make_iq(itype=command.get("type", "set"), ito=command["to"])
    query = iq["register"]
    iq.enable("register")
    if command.get("remove"):
        query["remove"] = True
    for name, value in command.get("fields", {}).items():
        query[name] = value
    answer = await iq.send(timeout=PATIENCE)
    return {"from": str(answer["from"]), "id": answer["id"], "body": answer["register"]["instructions"] or "",
            "registered": answer["register"].get_registered(), "xml": str(answer)}


async def discover(command):
    info = await client["xep_0030"].get_info(jid=command["to"], node=command.get("node"), timeout=PATIENCE)
    return {"from": str(info["from"]), "features": sorted(info["disco_info"]["features"]),
            "identities": sorted([i[0], i[1]] for i in info["disco_info"]["identities"]), "xml": str(info)}


async def items(command):
    answer = await client["xep_0030"].get_items(jid=command["to"], node=command.get("node"), timeout=PATIENCE)
    return {"from": str(answer["from"]), "xml": str(answer)}


async def iq(command):
    stanza = client.make_iq(itype=command.get("type", "get"), ito=command.get("to"))
    stanza.append(ET.fromstring(command["xml"]))
    answer = await stanza.send(timeout=PATIENCE)
    return {"from": str(answer["from"]), "id": answer["id"], "xml": str(answer)}


async def features(command):
    """Announces more features; only then the client has capabilities at all."""
    client.register_plugin("xep_0115")
    for feature in command["add"]:
        await client["xep_0030"].add_feature(feature)
    await client["xep_0115"].update_caps(broadcast=False)
    available()
    tell("features", body=await client["xep_0115"].get_verstring())


def available():
    client.send_presence(ppriority=priority or None)


def set_priority(value):
    global priority
    priority = value
    available()


async def command(command):
    """Takes a step; one of a session that is open submits a form."""
    session = command.get("session")
    form = client["xep_0004"].make_form(ftype="submit") if session else None
    for name, value in (command.get("fields") or {}).items():
        form.add_field(var=name, value=value)
    answer = await client["xep_0050"].send_command(
        command["to"], command["node"], action=command.get("action", "execute"), payload=form,
        sessionid=session, timeout=PATIENCE)
    step = answer["command"]
    return {"from": str(answer["from"]), "id": answer["id"], "status": step["status"], "session": step["sessionid"],
            "body": "\n".join(text for _, text in step["notes"]), "xml": str(answer)}


def send(command):
    m = client.make_message(mto=command["to"], mbody=command["body"], mtype=command.get("type", "chat"))
    m["id"] = command["id"]
    if command.get("receipt"):
        m["request_receipt"] = True
    m.send()


def do(command):
    what = command["do"]
    if what in ("register", "discover", "items", "iq", "command"):
        begin(ask(globals()[what](command)))
    elif what == "send":
        send(command)
    elif what == "presence":
        client.send_presence(pto=command.get("to"), ptype=command.get("type"))
    elif what == "features":
        begin(features(command))
    elif what == "priority":
        set_priority(command["value"])
    elif what == "raw":
        client.send_raw(command["xml"])
    elif what == "quit":
        client.disconnect()
    else:
        tell("failed", text=f"no such command: {what}")


async def commands():
    reader = asyncio.StreamReader(limit=1 << 20)
    await client.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        do(json.loads(line))
    client.disconnect()


async def start(_):
    answer = await client.get_roster()
    client.send_presence()
    begin(commands())
    tell("ready", roster=sorted(str(j) for j in answer["roster"]["items"]))


client.add_event_handler("session_start", start)
client.add_event_handler("failed_auth", lambda _: tell("failed", text="the server refuses the password"))
client.add_event_handler("message", on_message)
client.add_event_handler("message_error", on_message)
client.add_event_handler("receipt_received", on_message)  # it has no body, so it is no "message"
client.register_handler(Callback("other", StanzaPath("message"), on_other))
client.add_event_handler("roster_update", on_roster)
for kind in ("available", "chat", "away", "xa", "dnd", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed",
             "error"):
    client.add_event_handler("presence_" + kind, on_presence)
client.connect(("127.0.0.1", int(port)), force_starttls=False, disable_starttls=True)
client.loop.run_until_complete(client.disconnected)
tell("ended")
