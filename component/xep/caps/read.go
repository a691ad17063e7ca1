package caps

import (
	"crypto/sha1" // XEP-0115 §5.1
	"encoding/base64"
	"slices"
	"strings"

	"causeway/component/stanza"
	"causeway/component/xep/disco"
	"causeway/component/xep/form"
)

// The longest node and ver that are looked at, in bytes. A ver is a hash: that
// of SHA-512 has 88.
const longestNode, longestVer = 512, 128

// Find returns what presence says of the client that sends it. hashed tells
// that Ver is the hash of what it can do, by SHA-1: if not, it is true of this
// client alone. ok is false when it says nothing, or too much.
func Find(presence *stanza.Stanza) (c Caps, hashed, ok bool) {
	e, ok := presence.Child(NS, "c")
	c = Caps{Node: e.Attr("node"), Ver: e.Attr("ver")}
	if !ok || c.Ver == "" || len(c.Ver) > longestVer || len(c.Node) > longestNode {
		return Caps{}, false, false
	}
	return c, e.Attr("hash") == "sha-1", true
}

// Read reads the <query/> of an answer to disco#info: its features, and the ver
// that it has by XEP-0115 §5.4. The ver is empty when the answer is ill-formed:
// then it tells nothing about other clients. So it is also when the parts of it
// could be taken for others with the same hash, by which one client would lie
// for all (XEP-0115 §9).
func Read(query stanza.Element) (features []string, ver string) {
	var a answer
	for e := range query.Children() {
		switch space, local := e.Name(); {
		case space == disco.NSInfo && local == "identity":
			a.identity(e)
		case space == disco.NSInfo && local == "feature":
			features = append(features, a.word(e.Attr("var")))
		case space == form.NS && local == "x":
			a.form(e)
		}
	}
	features = slices.DeleteFunc(features, func(f string) bool { return f == "" })
	if a.parts = append(a.sorted(a.identities), a.sorted(features)...); !a.bad {
		slices.SortFunc(a.forms, func(x, y []string) int { return strings.Compare(x[0], y[0]) })
		for i, f := range a.forms {
			a.bad = a.bad || i > 0 && f[0] == a.forms[i-1][0]
			a.parts = append(a.parts, f...)
		}
	}
	if a.bad || len(a.identities) == 0 {
		return features, ""
	}
	sum := sha1.Sum([]byte(strings.Join(a.parts, "<") + "<"))
	return features, base64.StdEncoding.EncodeToString(sum[:])
}

// answer is what is hashed.
type answer struct {
	identities, parts []string
	forms             [][]string // each begins with its type
	bad               bool
}

// word notes that a string holds the mark that ends each.
func (a *answer) word(s string) string {
	a.bad = a.bad || strings.Contains(s, "<")
	return s
}

// sorted returns words in order; none may be there twice.
func (a *answer) sorted(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	a.bad = a.bad || len(slices.Compact(slices.Clone(words))) != len(words)
	return words
}

// identity adds one. Its parts have none of the marks that are in the names of
// features: else "http://…" were an identity or a feature, as one likes.
func (a *answer) identity(e stanza.Element) {
	category, typ, lang := e.Attr("category"), e.Attr("type"), e.Attr("xml:lang")
	a.bad = a.bad || category == "" || strings.ContainsAny(category+typ+lang, "/:")
	a.identities = append(a.identities, a.word(category+"/"+typ+"/"+lang+"/"+e.Attr("name")))
}

// form adds one that says its type in a hidden field; others are not hashed.
func (a *answer) form(x stanza.Element) {
	var name string
	var fields [][]string
	for f := range x.All(form.NS, "field") {
		var values []string
		for v := range f.All(form.NS, "value") {
			values = append(values, a.word(v.Text()))
		}
		if f.Attr("var") != "FORM_TYPE" {
			slices.Sort(values)
			fields = append(fields, append([]string{a.word(f.Attr("var"))}, values...))
			continue
		}
		if f.Attr("type") != "hidden" || len(values) == 0 {
			return
		}
		a.bad = a.bad || name != "" || len(slices.Compact(values)) > 1
		name = values[0]
	}
	if name == "" {
		return
	}
	slices.SortFunc(fields, func(x, y []string) int { return strings.Compare(x[0], y[0]) })
	a.forms = append(a.forms, append([]string{name}, slices.Concat(fields...)...))
}
