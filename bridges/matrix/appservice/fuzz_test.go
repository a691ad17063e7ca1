package appservice

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// No event is lost but by name: what is not skipped is there, in its order.
func FuzzTransaction(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		got, bad, err := decodeTransaction("1", body)
		if err != nil {
			return
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(body, &object); err != nil {
			t.Fatal(err)
		}
		var all, ephemeral []json.RawMessage
		_ = json.Unmarshal(object["events"], &all)
		_ = json.Unmarshal(object["ephemeral"], &ephemeral)
		if len(got.Events)+len(got.Ephemeral)+len(bad) != len(all)+len(ephemeral) {
			t.Errorf("%d events of %d, %d ephemeral of %d, %d skipped", len(got.Events), len(all), len(got.Ephemeral), len(ephemeral), len(bad))
		}
		for _, b := range bad {
			if b.err == nil {
				t.Error("skipped for no reason")
			}
		}
		for _, e := range got.Events {
			if e.Type == "" || e.ID == "" || e.Room == "" || e.Sender == "" || !json.Valid(e.Content) {
				t.Errorf("half an event: %+v", e)
			}
		}
	})
}

// A registration is written as it was read, and an error keeps the tokens.
func FuzzRegistration(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := decode(text)
		if err != nil {
			var said struct {
				Token string `yaml:"as_token"`
			}
			if yaml.Unmarshal(text, &said) == nil && len(said.Token) > 12 && strings.Contains(err.Error(), said.Token) {
				t.Errorf("the error says %q", said.Token)
			}
			return
		}
		again, err := yaml.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		same, err := decode(again)
		if err != nil || !reflect.DeepEqual(canonical(r), canonical(same)) {
			t.Errorf("%#v became %#v, %v", r, same, err)
		}
	})
}

// canonical makes no difference between no list and an empty one.
func canonical(r Registration) Registration {
	for _, l := range []*[]Namespace{&r.Namespaces.Users, &r.Namespaces.Aliases, &r.Namespaces.Rooms} {
		if len(*l) == 0 {
			*l = nil
		}
	}
	if len(r.Protocols) == 0 {
		r.Protocols = nil
	}
	return r
}
