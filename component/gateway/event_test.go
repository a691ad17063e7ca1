package gateway

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"causeway/bridges"
	"causeway/mapping"
)

// events has one of each kind, with all that it can have.
func events() map[string]*incoming {
	at, key := time.Unix(1_700_000_000, 123_456_789), mapping.Key{Cycle: 1 << 40, Index: 7}
	return map[string]*incoming{
		"message": {
			Kind: kindMessage, Account: alice, Stanza: newID(), At: at, Once: "fingerprint", Stream: 1<<63 + 1,
			Message: &bridges.Message{ID: "m", Chat: phone, From: phone, Key: "k", Text: "é\n\"<&>", Sent: at},
		},
		"whole message": {
			Kind: kindMessage, Account: alice, Stanza: newID(), At: at, Place: key,
			Message: &bridges.Message{Chat: phone, From: phone, Text: "x"},
		},
		"delivery": {
			Kind: kindReceipt, Account: alice, Stanza: newID(), At: at,
			Receipt: &receipt{ID: "r", Chat: phone, State: bridges.Delivered},
		},
		"failure": {
			Kind: kindReceipt, Account: alice, Stanza: newID(), At: at,
			Receipt: &receipt{ID: "r", Chat: phone, State: bridges.Failed, Kind: bridges.Absent, Text: "It is off."},
		},
		"part": {
			Kind: kindPart, Account: alice, Stanza: newID(), At: at, Once: "o", Stream: 1,
			Part: &bridges.Part{Chat: phone, Ref: "17", Number: 2, Total: 255, Data: []byte{0, '{', 0xff}},
		},
		"contact": {
			Kind: kindChange, Account: alice, Stanza: newID(), At: at, Once: "o", Stream: 1,
			Change: &change{ID: phone, Name: "Zoë", Gone: true},
		},
		"answer": {
			Kind: kindMessage, Account: alice, Stanza: newID(), At: at,
			Message: &bridges.Message{ID: "m", Chat: phone, From: phone, Text: "x", ReplyTo: "n", Quote: "when?", Unstyled: true, Thread: "o"},
		},
		"file": carriedEvent(at),
		"displayed": {
			Kind: kindDisplayed, Account: alice, Stanza: newID(), At: at, Once: "o", Stream: 1,
			Displayed: &bridges.Displayed{Chat: phone, From: phone, UpTo: "m"},
		},
		"edit": {
			Kind: kindEdit, Account: alice, Stanza: newID(), At: at, Once: "o", Stream: 1, Of: "m",
			Message: &bridges.Message{ID: "e", Chat: phone, From: phone, Text: "é", Sent: at},
		},
		"retraction": {
			Kind: kindRetraction, Account: alice, Stanza: newID(), At: at, Of: "m",
			Message: &bridges.Message{ID: "r", Chat: phone, From: phone},
		},
		"request": {Kind: kindRequest, Account: alice, Stanza: newID(), At: at, Change: &change{ID: phone}},
		"reaction": {
			Kind: kindReaction, Account: alice, Stanza: newID(), At: at, Of: "m", Emojis: []string{"👍", "é"},
			Message: &bridges.Message{Chat: phone, From: phone},
		},
	}
}

// carriedEvent is a message with a file.
func carriedEvent(at time.Time) *incoming {
	return &incoming{
		Kind: kindMessage, Account: alice, Stanza: newID(), At: at,
		Message: &bridges.Message{ID: "m", Chat: phone, From: phone, ReplyTo: "n", File: &bridges.File{
			ID: "f", Name: "a.ogg", Type: "audio/ogg", Size: 1 << 40, Width: 3, Height: 4, Duration: time.Second, Voice: true, Sticker: true,
			Thumbnail: &bridges.Thumbnail{ID: "t", Type: "image/png", Width: 1, Height: 2},
		}},
	}
}

// TestEventRecord: what is written is read again, in this format and in the
// first one, which was JSON; cut short or with more behind it, it is not.
func TestEventRecord(t *testing.T) {
	for name, in := range events() {
		t.Run(name, func(t *testing.T) {
			rec, err := in.encode()
			if err != nil {
				t.Fatal(err)
			}
			old, err := json.Marshal(in)
			if err != nil {
				t.Fatal(err)
			}
			for format, data := range map[string][]byte{"binary": rec.Data, "JSON": old} {
				if format == "JSON" && (in.Change != nil || in.Displayed != nil || in.Of != "" || in.Message != nil && in.Message.Unstyled) { // they are newer
					continue
				}
				got, err := decodeIncoming(data)
				if err != nil || !sameEvent(got, in) {
					t.Errorf("%s: got %+v, %v; want %+v", format, got, err, in)
				}
			}
			for n := range rec.Data {
				if _, err := decodeIncoming(rec.Data[:n]); err == nil {
					t.Errorf("%d of %d bytes are an event", n, len(rec.Data))
				}
			}
			if _, err := decodeIncoming(append(rec.Data, 0)); err == nil {
				t.Error("there may be more behind it")
			}
		})
	}
	if _, err := (&incoming{Kind: "other"}).encode(); err == nil {
		t.Error("an unknown kind has a record")
	}
}

// TestOldEventRecords: what programs wrote that knew neither displayed nor changes
// of contacts or of texts, in both of their formats, is read for good.
func TestOldEventRecords(t *testing.T) {
	kept, err := os.ReadFile("testdata/events.txt")
	if err != nil {
		t.Fatal(err)
	}
	left, all := events(), 0
	for line := range strings.Lines(string(kept)) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), ": ")
		data, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		in := left[name]
		got, err := decodeIncoming(data)
		if err != nil || in == nil {
			t.Fatalf("%s: %v", name, err)
		}
		if in.Stanza = got.Stanza; !sameEvent(got, in) {
			t.Errorf("%s: got %+v, want %+v", name, got, in)
		}
		all++
	}
	if all != 2*(len(left)-8) {
		t.Errorf("%d records", all)
	}
}

// sameEvent compares all of two events; times by the moment.
func sameEvent(a, b *incoming) bool {
	c, d := *a, *b
	same := c.At.Equal(d.At)
	c.At, d.At = time.Time{}, time.Time{}
	if c.Message != nil && d.Message != nil {
		m, n := *c.Message, *d.Message
		same = same && m.Sent.Equal(n.Sent)
		m.Sent, n.Sent = time.Time{}, time.Time{}
		c.Message, d.Message = &m, &n
	}
	return same && reflect.DeepEqual(c, d)
}

// FuzzDelivered: a delivery is read as it was written, whatever is in it.
func FuzzDelivered(f *testing.F) {
	f.Add("causeway/1a", "+12025550100", "alice@example.org", int64(1_700_000_000_123_456_789), uint8(bridges.Delivered))
	f.Add(`a"b\c`, "<&>", "\u00e9\u2028\xff", int64(0), uint8(bridges.Failed))
	f.Add("\x00\x7f\n", "", "", int64(-1), uint8(0))
	f.Fuzz(func(t *testing.T, id, chat, account string, at int64, state uint8) {
		in := &incoming{
			Kind: kindReceipt, Account: bridges.AccountID(account), Stanza: newID(), At: time.Unix(0, at),
			Receipt: &receipt{ID: bridges.MessageID(id), Chat: bridges.ChatID(chat), State: bridges.State(state)},
		}
		rec, err := in.encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeIncoming(rec.Data); err != nil || !sameEvent(got, in) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, in)
		}
	})
}
