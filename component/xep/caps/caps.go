// Package caps implements XEP-0115 (1.6.0): Entity Capabilities, as the entity
// that has them, and as who learns those of others.
package caps

import (
	"crypto/sha1" // XEP-0115 §5.1: the one hash that clients check
	"encoding/base64"
	"slices"
	"strings"

	"causeway/component/stanza"
	"causeway/component/xep/disco"
	"causeway/component/xep/form"
)

// NS is the namespace of capabilities, and the feature that announces them.
const NS = "http://jabber.org/protocol/caps"

// Caps is what presence says of its sender's disco#info.
type Caps struct{ Node, Ver string }

// Of hashes an answer to disco#info (XEP-0115 §5.1).
func Of(node string, i disco.Info) Caps {
	var parts []string
	for _, x := range i.Identities {
		parts = append(parts, x.Category+"/"+x.Type+"//"+x.Name+"<")
	}
	slices.Sort(parts)
	features := slices.Clone(i.Features)
	slices.Sort(features)
	for _, f := range features {
		parts = append(parts, f+"<")
	}
	forms := slices.Clone(i.Extensions)
	slices.SortFunc(forms, func(a, b form.Form) int { return strings.Compare(a.FormType, b.FormType) })
	for _, f := range forms {
		parts = append(parts, extension(f)...)
	}
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return Caps{Node: node, Ver: base64.StdEncoding.EncodeToString(sum[:])}
}

// extension is what a form adds: its type, and its fields and their values,
// sorted.
func extension(f form.Form) []string {
	parts := []string{f.FormType + "<"}
	fields := slices.Clone(f.Fields)
	slices.SortFunc(fields, func(a, b form.Field) int { return strings.Compare(a.Var, b.Var) })
	for _, x := range fields {
		parts = append(parts, x.Var+"<")
		values := slices.Clone(x.Values)
		if x.Value != "" {
			values = append(values, x.Value)
		}
		slices.Sort(values)
		for _, v := range values {
			parts = append(parts, v+"<")
		}
	}
	return parts
}

// Append writes the element for available presence.
func (c Caps) Append(w *stanza.Writer) {
	w.Leaf("c", NS, "", "hash", "sha-1", "node", c.Node, "ver", c.Ver)
}

// Query is the node under which disco#info is asked for these capabilities.
func (c Caps) Query() string { return c.Node + "#" + c.Ver }
