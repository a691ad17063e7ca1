package appservice

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Directory is a Handler that knows people of a network which is not Matrix (Spec,
// Third-party networks). Without one, and for what it does not know, nobody is found.
// Calls come at once.
type Directory interface {
	// Protocol describes a protocol; nil: it is none of ours. It does not block.
	Protocol(name string) *Protocol
	// Lookup returns the users of a protocol that have these fields. It may block on
	// the disk.
	Lookup(ctx context.Context, protocol string, fields map[string]string) ([]Foreigner, error)
	// Reverse returns of which people of any protocol a user of Matrix is one.
	Reverse(ctx context.Context, user string) ([]Foreigner, error)
}

// Protocol is what clients must know to ask for people (Spec, Protocol).
type Protocol struct {
	UserFields     []string             `json:"user_fields"`     // by which users are told apart
	LocationFields []string             `json:"location_fields"` // by which rooms are; not nil
	Icon           string               `json:"icon"`            // mxc://SERVER/ID; may be empty
	FieldTypes     map[string]FieldType `json:"field_types"`     // of every field
	Instances      []Instance           `json:"instances"`       // at least one
}

// FieldType is what may stand in a field.
type FieldType struct {
	Regexp      string `json:"regexp"`
	Placeholder string `json:"placeholder"`
}

// Instance is a network of a protocol. NetworkID is unique for the homeserver.
type Instance struct {
	Desc      string            `json:"desc"`
	Fields    map[string]string `json:"fields"` // not nil
	NetworkID string            `json:"network_id"`
}

// Foreigner is somebody of another network, as a user of Matrix.
type Foreigner struct {
	User     string            `json:"userid"`
	Protocol string            `json:"protocol"`
	Fields   map[string]string `json:"fields"`
}

// thirdparty answers a question about another network: the path is behind
// /thirdparty/. Of rooms there are none.
func (s *Server) thirdparty(ctx context.Context, path string, query url.Values) answer {
	s.Count(Query)
	d, ok := s.Handler.(Directory)
	kind, protocol, _ := strings.Cut(path, "/")
	switch {
	case !ok:
		return unknownPath
	case kind == "protocol" && protocol != "":
		if p := d.Protocol(protocol); p != nil {
			return found(p)
		}
		return notFound
	case kind == "location":
		return found([]Foreigner{})
	case kind != "user":
		return unknownPath
	}
	var all []Foreigner
	var err error
	if protocol == "" {
		all, err = d.Reverse(ctx, query.Get("userid"))
	} else {
		all, err = d.Lookup(ctx, protocol, fieldsOf(query))
	}
	if err != nil {
		s.Log.Warn("a homeserver's question has no answer", "about", path, "err", err)
		return failed
	}
	if all == nil {
		all = []Foreigner{}
	}
	return found(all)
}

// fieldsOf returns what is asked for: all of the query but the token of an old
// homeserver.
func fieldsOf(query url.Values) map[string]string {
	fields := map[string]string{}
	for name := range query {
		if name != "access_token" {
			fields[name] = query.Get(name)
		}
	}
	return fields
}

// found answers with what was asked for.
func found(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return failed
	}
	return answer{status: http.StatusOK, body: string(body)}
}
