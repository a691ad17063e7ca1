// Package event decodes the events of Matrix, as both the application service
// API and the client-server API have them ("Spec" is the Matrix specification
// v1.16). It believes nothing: a member that is not what it must be makes the
// event malformed, or is left out where the rest makes sense without it.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Event is one event in the form for clients (Spec, Client-Server API, Room
// event format).
type Event struct {
	Type   string
	ID     string // empty when ephemeral
	Room   string // opaque: it need not hold a colon. Empty with m.presence.
	Sender string // empty when ephemeral, but for m.presence
	// StateKey is there when, and only when, this is a state event.
	StateKey *string
	// Redacts is the event that a redaction takes the content of; older rooms have it
	// beside the content. Empty with all else.
	Redacts string
	// Content is a JSON object. Decoding it into a struct ignores the case of
	// its keys.
	Content json.RawMessage
	// Time is when the sender's homeserver says that it was sent; zero when it
	// says nothing usable.
	Time time.Time
	// Unsigned is a JSON object or nil. The homeserver of the reader made it.
	Unsigned json.RawMessage
}

// MaxID bounds ids, types and state keys in bytes. Spec, Room event format, has
// 255 of them; homeservers used to count characters.
const MaxID = 4 * 255

// maxTime is the end of the year 9999 in milliseconds: what is later cannot be
// written as a date.
const maxTime = 253402300799999

// Decode reads an event of a room. In the first versions of rooms an id may be
// whatever another homeserver likes, but it has no control characters: what stores
// events may separate ids by them. An error says what is wrong with it; the
// Event has then what could be read, for a log.
func Decode(raw []byte) (Event, error) {
	e, err := decode(raw)
	if err != nil {
		return e, err
	}
	for _, f := range []struct{ name, value string }{
		{"event_id", e.ID}, {"room_id", e.Room}, {"sender", e.Sender},
	} {
		if f.value == "" {
			return e, fmt.Errorf("%s is missing", f.name)
		}
		if strings.ContainsFunc(f.value, unicode.IsControl) {
			return e, fmt.Errorf("%s has a control character", f.name)
		}
	}
	return e, nil
}

// DecodeEphemeral reads what is not kept in a room: m.typing, m.receipt and
// m.presence (Spec, Application Service API, Pushing ephemeral data).
func DecodeEphemeral(raw []byte) (Event, error) { return decode(raw) }

// parts are the members of an event that mean something here; nil: it has none.
type parts struct{ kind, id, room, sender, stateKey, redacts, content, unsigned, time json.RawMessage }

// partsOf compares keys as they are. A struct that encoding/json fills would take
// "Sender" for "sender", and then who writes the event could say who wrote it.
func partsOf(raw []byte) (p parts, ok bool) {
	ok = Members(raw, func(key string, value json.RawMessage) {
		switch key {
		case "type":
			p.kind = value
		case "event_id":
			p.id = value
		case "room_id":
			p.room = value
		case "sender":
			p.sender = value
		case "state_key":
			p.stateKey = value
		case "redacts":
			p.redacts = value
		case "content":
			p.content = value
		case "unsigned":
			p.unsigned = value
		case "origin_server_ts":
			p.time = value
		}
	})
	return p, ok
}

func decode(raw []byte) (e Event, err error) {
	p, ok := partsOf(raw)
	if !ok {
		return e, errors.New("is no JSON object")
	}
	for _, f := range []struct {
		name string
		raw  json.RawMessage
		to   *string
	}{{"type", p.kind, &e.Type}, {"event_id", p.id, &e.ID}, {"room_id", p.room, &e.Room}, {"sender", p.sender, &e.Sender}} {
		if err := text(f.raw, f.name, f.to); err != nil {
			return e, err
		}
	}
	if e.Type == "" {
		return e, errors.New("type is missing")
	}
	if p.stateKey != nil {
		e.StateKey = new(string)
		if err := text(p.stateKey, "state_key", e.StateKey); err != nil {
			return e, err
		}
	}
	if e.Content = p.content; !isObject(e.Content) {
		return e, errors.New("content is no object")
	}
	if isObject(p.unsigned) {
		e.Unsigned = p.unsigned
	}
	e.Time = at(p.time)
	e.Redacts = redacts(e, p)
	return e, nil
}

// text reads a string that may be missing.
func text(raw json.RawMessage, name string, to *string) error {
	switch {
	case raw == nil:
		return nil
	case raw[0] != '"':
		return fmt.Errorf("%s is no string", name)
	}
	if *to = stringOf(raw); len(*to) > MaxID {
		*to = ""
		return fmt.Errorf("%s is longer than %d bytes", name, MaxID)
	}
	return nil
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// at reads milliseconds since 1970.
func at(raw json.RawMessage) time.Time {
	ms, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || ms <= 0 || ms > maxTime {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// redacts reads what a redaction is about, wherever it stands (Spec,
// m.room.redaction).
func redacts(e Event, p parts) (id string) {
	if e.Type != "m.room.redaction" {
		return ""
	}
	inside, _ := partsOf(e.Content)
	for _, from := range []json.RawMessage{p.redacts, inside.redacts} {
		if err := text(from, "redacts", &id); err == nil && id != "" {
			return id
		}
	}
	return ""
}
