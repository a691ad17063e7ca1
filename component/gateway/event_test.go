package gateway

import (
	"encoding/json"
	"testing"
	"time"

	"causeway/bridges"
)

// The short way to write a delivery gives what the long way gives, byte for
// byte, whatever is in it.
func FuzzDelivered(f *testing.F) {
	f.Add("causeway/1a", "+12025550100", "alice@example.org", int64(1_700_000_000_123_456_789), uint8(bridges.Delivered))
	f.Add(`a"b\c`, "<&>", "\u00e9\u2028\xff", int64(0), uint8(bridges.Failed))
	f.Add("\x00\x7f\n", "", "", int64(-1), uint8(0))
	f.Fuzz(func(t *testing.T, id, chat, account string, at int64, state uint8) {
		in := &incoming{
			Kind: kindReceipt, Account: bridges.AccountID(account), Stanza: newID(), At: time.Unix(0, at).UTC(),
			Receipt: &receipt{ID: bridges.MessageID(id), Chat: bridges.ChatID(chat), State: bridges.State(state)},
		}
		want, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := in.encode()
		if err != nil || string(got.Data) != string(want) {
			t.Errorf("got  %s, %v\nwant %s", got.Data, err, want)
		}
	})
}
