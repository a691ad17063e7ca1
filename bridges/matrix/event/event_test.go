package event

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// message is a whole event as Synapse pushes it.
const message = `{"type":"m.room.message","room_id":"!jc0WwScVbrBnoFRrKmEUo61LUQyC2Ojy7zkHBEc1QjM","sender":"@ben:hs",
	"content":{"msgtype":"m.text","body":"hi"},"depth":9,"origin_server_ts":1700000000123,"event_id":"$e/x",
	"unsigned":{"age":5},"user_id":"@ben:hs","age":5}`

func TestDecode(t *testing.T) {
	e, err := Decode([]byte(message))
	want := Event{
		Type: "m.room.message", ID: "$e/x", Room: "!jc0WwScVbrBnoFRrKmEUo61LUQyC2Ojy7zkHBEc1QjM", Sender: "@ben:hs",
		Content: json.RawMessage(`{"msgtype":"m.text","body":"hi"}`), Time: time.UnixMilli(1700000000123),
		Unsigned: json.RawMessage(`{"age":5}`),
	}
	if err != nil || !reflect.DeepEqual(e, want) {
		t.Errorf("got %+v, %v", e, err)
	}
}

// A redaction says what it is about beside its content, or in it; nothing else does.
func TestRedacts(t *testing.T) {
	for _, c := range []struct{ kind, beside, inside, want string }{
		{"m.room.redaction", `"$a"`, `{}`, "$a"},
		{"m.room.redaction", `"$a"`, `{"redacts": "$b"}`, "$a"},
		{"m.room.redaction", `7`, `{"redacts": "$b"}`, "$b"},
		{"m.room.redaction", `""`, `{"redacts": ["$b"]}`, ""},
		{"m.room.redaction", `""`, `{"Redacts": "$b"}`, ""},
		{"m.room.message", `"$a"`, `{"redacts": "$b"}`, ""},
	} {
		e, err := Decode([]byte(`{"type": "` + c.kind + `", "event_id": "$1", "room_id": "!r", "sender": "@b:hs", "redacts": ` + c.beside + `, "content": ` + c.inside + `}`))
		if err != nil || e.Redacts != c.want {
			t.Errorf("%+v redacts %q, %v", c, e.Redacts, err)
		}
	}
}

// What is there instead of what must be there.
func TestMalformed(t *testing.T) {
	for _, c := range []struct{ name, key, value, err string }{
		{"no type", "type", "", "type is missing"},
		{"an empty type", "type", `""`, "type is missing"},
		{"a number for a type", "type", "7", "type is no string"},
		{"null for a type", "type", "null", "type is no string"},
		{"no id", "event_id", "", "event_id is missing"},
		{"a list for an id", "event_id", `["$e"]`, "event_id is no string"},
		{"an endless id", "event_id", `"` + strings.Repeat("x", MaxID+1) + `"`, "event_id is longer than 1020 bytes"},
		{"an id as a store may have its own", "event_id", `"\u0001first $e"`, "event_id has a control character"},
		{"two ids for a room", "room_id", `"!a\u0000!b"`, "room_id has a control character"},
		{"two ids for a sender", "sender", `"@b\u0000@c:hs"`, "sender has a control character"},
		{"no room", "room_id", "", "room_id is missing"},
		{"no sender", "sender", "", "sender is missing"},
		{"an object for a sender", "sender", "{}", "sender is no string"},
		{"a number for a state key", "state_key", "0", "state_key is no string"},
		{"null for a state key", "state_key", "null", "state_key is no string"},
		{"no content", "content", "", "content is no object"},
		{"null for content", "content", "null", "content is no object"},
		{"text for content", "content", `"hi"`, "content is no object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Decode(with(t, c.key, c.value)); err == nil || err.Error() != c.err {
				t.Errorf("error is %v, want %s", err, c.err)
			}
		})
	}
	for _, raw := range []string{"", "null", "7", "[]", "{", `{"type":"m.x"} {}`} {
		if _, err := Decode([]byte(raw)); err == nil {
			t.Errorf("%q is an event", raw)
		}
	}
}

// with returns the message with another value; an empty one takes the key away.
func with(t *testing.T, key, value string) []byte {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(message), &object); err != nil {
		t.Fatal(err)
	}
	object[key] = json.RawMessage(value)
	if value == "" {
		delete(object, key)
	}
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// What makes no sense, and is not needed, is left out.
func TestTolerated(t *testing.T) {
	for _, c := range []struct {
		name, key, value string
		read             func(Event) any
		want             any
	}{
		{"a state event", "state_key", `"@a:hs"`, func(e Event) any { return *e.StateKey }, "@a:hs"},
		{"an empty state key", "state_key", `""`, func(e Event) any { return *e.StateKey }, ""},
		{"no time", "origin_server_ts", "", func(e Event) any { return e.Time }, time.Time{}},
		{"text for a time", "origin_server_ts", `"now"`, func(e Event) any { return e.Time }, time.Time{}},
		{"a time with a point", "origin_server_ts", "1.5", func(e Event) any { return e.Time }, time.Time{}},
		{"a time before time", "origin_server_ts", "-1", func(e Event) any { return e.Time }, time.Time{}},
		{"the end of time", "origin_server_ts", "9223372036854775807", func(e Event) any { return e.Time }, time.Time{}},
		{"beyond it", "origin_server_ts", "1e400", func(e Event) any { return e.Time }, time.Time{}},
		{"no unsigned", "unsigned", "", func(e Event) any { return e.Unsigned }, json.RawMessage(nil)},
		{"null for unsigned", "unsigned", "null", func(e Event) any { return e.Unsigned }, json.RawMessage(nil)},
		{"half a character", "event_id", `"\ud800"`, func(e Event) any { return e.ID }, "\uFFFD"},
		// Whoever writes the event cannot say who wrote it.
		{"another sender", "Sender", `"@root:hs"`, func(e Event) any { return e.Sender }, "@ben:hs"},
		{"another room", "ROOM_ID", `"!other"`, func(e Event) any { return e.Room[:4] }, "!jc0"},
		{"a state key in capitals", "State_Key", `""`, func(e Event) any { return e.StateKey == nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Decode(with(t, c.key, c.value))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.read(e); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

func TestDecodeEphemeral(t *testing.T) {
	for raw, want := range map[string]Event{
		`{"type":"m.typing","room_id":"!r","content":{"user_ids":["@a:hs"]}}`: {
			Type: "m.typing", Room: "!r", Content: json.RawMessage(`{"user_ids":["@a:hs"]}`),
		},
		`{"type":"m.presence","sender":"@a:hs","content":{}}`: {Type: "m.presence", Sender: "@a:hs", Content: json.RawMessage(`{}`)},
	} {
		if e, err := DecodeEphemeral([]byte(raw)); err != nil || !reflect.DeepEqual(e, want) {
			t.Errorf("got %+v, %v", e, err)
		}
	}
	if _, err := DecodeEphemeral([]byte(`{"content":{}}`)); err == nil {
		t.Error("an event without a type")
	}
}

// Whatever is an event says itself again, and is one still.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := Decode(raw)
		if _, loose := DecodeEphemeral(raw); err == nil && loose != nil {
			t.Fatalf("an event and not ephemeral: %v", loose)
		}
		if err != nil {
			return
		}
		object := map[string]any{
			"type": e.Type, "event_id": e.ID, "room_id": e.Room, "sender": e.Sender, "content": e.Content,
		}
		if e.StateKey != nil {
			object["state_key"] = *e.StateKey
		}
		if !e.Time.IsZero() {
			object["origin_server_ts"] = e.Time.UnixMilli()
		}
		if e.Unsigned != nil {
			object["unsigned"] = e.Unsigned
		}
		again, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		same, err := Decode(again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		e.Content, e.Unsigned = canonical(t, e.Content), canonical(t, e.Unsigned)
		same.Content, same.Unsigned = canonical(t, same.Content), canonical(t, same.Unsigned)
		if !reflect.DeepEqual(e, same) {
			t.Errorf("%+v became %+v", e, same)
		}
	})
}

// canonical writes JSON in one way.
func canonical(t *testing.T, raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return nil
	}
	out, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
