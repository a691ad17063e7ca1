package matrix

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/bridges/matrix/appservice"
)

// protocol is what clients of Matrix know XMPP by, and jidField by what its users are
// told apart there.
const protocol, jidField = "xmpp", "jid"

var _ appservice.Directory = (*Bridge)(nil)

// Protocol implements appservice.Directory.
func (b *Bridge) Protocol(name string) *appservice.Protocol {
	if name != protocol {
		return nil
	}
	return &appservice.Protocol{
		UserFields: []string{jidField}, LocationFields: []string{},
		FieldTypes: map[string]appservice.FieldType{jidField: {Regexp: `[^@/\s]+@[^@/\s]+`, Placeholder: exampleJID}},
		Instances:  []appservice.Instance{{Desc: "XMPP", Fields: map[string]string{}, NetworkID: b.registration.ID}},
	}
}

// Lookup implements appservice.Directory: who is registered is found by the whole
// address, as by the id of the ghost, and nobody else.
func (b *Bridge) Lookup(ctx context.Context, name string, fields map[string]string) ([]appservice.Foreigner, error) {
	account, ok := accountIn(fields[jidField])
	if name != protocol || !ok {
		return nil, nil
	}
	return b.foreigner(ctx, b.ghosts.of(account))
}

// Reverse implements appservice.Directory.
func (b *Bridge) Reverse(ctx context.Context, user string) ([]appservice.Foreigner, error) {
	id := personOf(user)
	if !b.ghosts.owns(id) {
		return nil, nil
	}
	return b.foreigner(ctx, id)
}

// foreigner returns whose ghost it is, if anybody's.
func (b *Bridge) foreigner(ctx context.Context, ghost bridges.UserID) ([]appservice.Foreigner, error) {
	account, ok, err := b.host.Owner(ctx, ghost)
	if err != nil || !ok {
		return nil, err
	}
	return []appservice.Foreigner{{User: userID(ghost), Protocol: protocol, Fields: map[string]string{jidField: string(account)}}}, nil
}

// exampleJID is an address of XMPP for help texts.
const exampleJID = "alice@example.org"

// accountIn returns the account of the address that people write for a user of XMPP.
func accountIn(typed string) (bridges.AccountID, bool) {
	s := strings.ToLower(strings.TrimSpace(typed))
	s = strings.TrimPrefix(s, "xmpp:")
	s, _, _ = strings.Cut(s, "?")
	s, _, _ = strings.Cut(s, "/")
	local, domain, ok := strings.Cut(s, "@")
	return bridges.AccountID(s), ok && local != "" && domain != "" && len(s) <= maxTyped && !strings.ContainsAny(s, " \t\r\n") && !strings.Contains(domain, "@")
}
