package gateway

import (
	"context"
	"strings"

	"causeway/bridges"
	"causeway/component"
	"causeway/component/stanza"
	"causeway/component/xep/form"
	"causeway/component/xep/search"
	"causeway/mapping"
)

const (
	// mostFound bounds the hits of a search.
	mostFound = 50
	// byName is the field for names of the user's own contacts.
	byName = "contact"
)

// serveSearch offers a search where the network can be searched. The requests
// of one user are handled one after the other, so a flood is slow.
func (g *Gateway) serveSearch() {
	s, ok := g.cfg.Bridge.(bridges.Searcher)
	if !ok {
		return
	}
	fields := s.SearchFields()
	g.mux.Get(search.NS, "query", component.ToDomain, func(ctx context.Context, t *tx, _ *stanza.Stanza, _ stanza.Element) (w stanza.Writer, err error) {
		if err = g.mustBeRegistered(ctx, t); err == nil {
			search.AppendOffer(&w, g.searchForm(fields))
		}
		return w, err
	})
	g.mux.Set(search.NS, "query", component.ToDomain, func(ctx context.Context, t *tx, _ *stanza.Stanza, q stanza.Element) (w stanza.Writer, err error) {
		if err = g.mustBeRegistered(ctx, t); err != nil {
			return w, err
		}
		f, ok := form.Find(q)
		if !ok {
			return w, notAcceptable("Please send the form for a search.")
		}
		hits, err := g.search(ctx, t.account, s, fields, f.Values())
		if err == nil {
			search.AppendFound(&w, hits)
		}
		return w, err
	})
}

func (g *Gateway) searchForm(fields []bridges.Field) *form.Form {
	f := &form.Form{
		Type: "form", FormType: search.NS, Title: "Search " + g.info.Name,
		Instructions: "Fill in what you know.",
	}
	for _, x := range fields {
		f.Fields = append(f.Fields, form.Field{Var: x.Name, Type: "text-single", Label: x.Label})
	}
	f.Fields = append(f.Fields, form.Field{Var: byName, Type: "text-single", Label: "Name of one of your contacts"})
	return f
}

// search finds people of the network, if one of its fields is filled in, and
// contacts of the account by name. Nobody comes twice.
func (g *Gateway) search(ctx context.Context, id bridges.AccountID, s bridges.Searcher, fields []bridges.Field, values map[string]string) ([]search.Found, error) {
	found, err := g.searchNetwork(ctx, id, s, fields, values)
	if err != nil {
		return nil, err
	}
	if name := strings.ToLower(strings.TrimSpace(values[byName])); name != "" {
		err = g.eachNamed(ctx, id, func(c mapping.Contact, its string) {
			if strings.Contains(its, name) {
				found = append(found, bridges.Person{ID: bridges.UserID(c.ID), Name: c.Name})
			}
		})
	}
	seen, hits := map[string]bool{"": true}, []search.Found(nil)
	for _, p := range found {
		if local := localpart(string(p.ID)); !seen[local] && len(hits) < mostFound {
			seen[local] = true
			hits = append(hits, search.Found{JID: local + "@" + g.domain, Name: p.Name})
		}
	}
	return hits, err
}

func (g *Gateway) searchNetwork(ctx context.Context, id bridges.AccountID, s bridges.Searcher, fields []bridges.Field, values map[string]string) ([]bridges.Person, error) {
	filled := map[string]string{}
	for _, f := range fields {
		if v := strings.TrimSpace(values[f.Name]); v != "" {
			filled[f.Name] = v
		}
	}
	if len(filled) == 0 {
		return nil, nil
	}
	for _, f := range fields {
		if err := f.Check(filled[f.Name]); err != nil {
			return nil, notAcceptable(g.stanzaError(err).Text)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, profileTime)
	defer cancel()
	found, err := s.Search(ctx, id, filled)
	if err != nil {
		return nil, g.stanzaError(err)
	}
	return found, nil
}
