package gateway

import (
	"fmt"
	"strings"
	"testing"

	"causeway/bridges"
	"causeway/mapping"
)

// calls gives contacts of an account names.
func (r *rig) calls(account string, names map[bridges.ChatID]string) {
	r.t.Helper()
	b := &mapping.Batch{}
	for id, name := range names {
		b.PutContacts = append(b.PutContacts, mapping.Contact{Bridge: domain, Account: bridges.AccountID(account), ID: id, Name: name})
	}
	if err := r.store.Commit(r.t.Context(), b); err != nil {
		r.t.Fatal(err)
	}
}

func typed(text string) string {
	return `<query xmlns='jabber:iq:gateway'><prompt>` + text + `</prompt></query>`
}

// TestPromptNames: the user's own contacts can be called by name (xeps.md
// 0100.42-43), those of others never.
func TestPromptNames(t *testing.T) {
	r := newRig(t)
	r.calls(alice, map[bridges.ChatID]string{
		phone: "Bob", "+12025550101": "Bobby Tables", "+12025550102": "Bobbi", "+12025550103": "Zo\u00cb", "+12025550104": "Twin", "+12025550105": "twin",
	})
	r.calls("bob@example.org", map[bridges.ChatID]string{"+12025550109": "Secret"})
	for name, c := range map[string]struct{ text, want string }{
		"exact before prefixes":   {"bob", phone},
		"a prefix that one has":   {" bobby t", "+12025550101"},
		"other case":              {"ZO\u00cb", "+12025550103"},
		"an address before names": {"+12025550155", "+12025550155"},
		"a prefix of two":         {"bobb", ""},
		"two have it":             {"twin", ""},
		"of somebody else":        {"secret", ""},
		"nothing":                 {"", ""},
		"nonsense":                {"%%%", ""},
		"far too long":            {strings.Repeat("1", 5000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			r.Send(`<iq type='set' id='p' from='alice@example.org/x' to='sms.example.org'>` + typed(c.text) + `</iq>`)
			if c.want != "" {
				r.Receive(`<iq type='result' id='p' from='sms.example.org' to='alice@example.org/x'><query xmlns='jabber:iq:gateway'><jid>` + c.want + `@sms.example.org</jid></query></iq>`)
				return
			}
			n := r.Receive(strings.ReplaceAll(iqError("p", "modify", "not-acceptable"), "bob@example.org/x", "alice@example.org/x"))
			if text := at(n, "error", "text").Text; !strings.Contains(text, "+12025550100") && !strings.Contains(text, "More than one") {
				t.Errorf("0100.43: %q shows no example", text)
			}
		})
	}
}

func searchFor(field, value string) string {
	return `<query xmlns='jabber:iq:search'><x xmlns='jabber:x:data' type='submit'><field var='` + field + `'><value>` + value + `</value></field></x></query>`
}

func (r *rig) searches(payload, answer string) {
	r.t.Helper()
	r.Send(`<iq type='set' id='s' from='alice@example.org/x' to='sms.example.org'>` + payload + `</iq>`)
	r.Receive(`<iq type='result' id='s' from='sms.example.org' to='alice@example.org/x'>` + answer + `</iq>`)
}

// hits is the answer that has these hits.
func hits(people ...string) string {
	s := `<query xmlns='jabber:iq:search'><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>jabber:iq:search</value></field>` +
		`<reported><field var='jid' type='jid-single' label='*'/><field var='name' type='text-single' label='*'/></reported>`
	for _, hit := range people {
		id, name, _ := strings.Cut(hit, " ")
		s += `<item><field var='jid'><value>` + id + `@sms.example.org</value></field><field var='name'><value>` + name + `</value></field></item>`
	}
	return s + `</x></query>`
}

const empty = `<query xmlns='jabber:iq:search'/>`

func TestSearch(t *testing.T) {
	r := newRig(t)
	r.bridge.SetProfile(phone, bridges.Profile{Name: "Bob"})
	r.calls(alice, map[bridges.ChatID]string{"+12025550101": "Uncle Bob", phone: "Robert"})
	r.calls("bob@example.org", map[bridges.ChatID]string{"+12025550109": "Secret"})
	r.asks(domain, empty, `<query xmlns='jabber:iq:search'><instructions>*</instructions><x xmlns='jabber:x:data' type='form'><title>*</title><instructions>*</instructions>`+
		`<field var='FORM_TYPE' type='hidden'><value>jabber:iq:search</value></field><field var='nick' type='text-single' label='Name'/><field var='contact' type='text-single' label='*'/></x></query>`) // 0055.1
	r.searches(searchFor("nick", "bo"), hits(phone+" Bob")) // 0055.2
	r.searches(searchFor("contact", "BOB"), hits("+12025550101 Uncle Bob"))
	for name, payload := range map[string]string{
		"nobody": searchFor("nick", "zed"), "of another": searchFor("contact", "secret"), "no field": searchFor("odd", "bob"), "spaces": searchFor("nick", "  "),
	} {
		t.Run("0055.2 "+name, func(t *testing.T) {
			r.t = t
			r.searches(payload, empty)
		})
	}
	r.refusedIQ("set", "alice@example.org/x", domain, empty, "modify", "not-acceptable")
	for _, typ := range []string{"get", "set"} { // 0055.3
		r.refusedIQ(typ, "bob@example.org/x", domain, searchFor("nick", "bo"), "auth", "registration-required")
		r.refusedIQ(typ, "eve@evil.example/x", domain, searchFor("nick", "bo"), "cancel", "not-allowed")
	}
}

// TestSearchBound: 0055.3, at most 50 come.
func TestSearchBound(t *testing.T) {
	r := newRig(t)
	names := map[bridges.ChatID]string{}
	for i := range 60 {
		names[bridges.ChatID(fmt.Sprintf("+120255501%02d", i))] = "Same"
	}
	r.calls(alice, names)
	r.Send(`<iq type='set' id='s' from='alice@example.org/x' to='sms.example.org'>` + searchFor("contact", "same") + `</iq>`)
	n := r.Receive(`<iq type='result' id='s' from='sms.example.org' to='alice@example.org/x'><query xmlns='jabber:iq:search'><any/></query></iq>`)
	if got := len(at(n, "query", "x").Children) - 2; got != 50 {
		t.Errorf("%d come", got)
	}
}
