package gateway

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"causeway/bridges"
)

// order is what a user writes to the gateway itself.
type order struct {
	text   string // all of it, trimmed
	first  string // its first word, as it was written
	verb   string // the same without case and punctuation
	fields map[string]string
	help   *function // it is the word of this one and a question mark
	whom   string    // after the first word: the name of a contact, of several words
}

// values reads what follows the first word as values of the fields of a stage:
// name=value in any order, or else values in the order of the fields. The last
// field may have several words, unless a stage comes after this one: rest is for
// that.
func (o order) values(fields []bridges.Field, more bool) (got map[string]string, rest order) {
	got = map[string]string{}
	for _, f := range fields {
		if v, ok := o.fields[f.Name]; ok {
			got[f.Name] = v
		}
	}
	if len(got) > 0 {
		return got, order{fields: o.fields}
	}
	rest = o
	for i, f := range fields {
		rest.text = strings.TrimSpace(strings.TrimPrefix(rest.text, rest.first))
		rest.first = rest.text
		if words := strings.Fields(rest.text); len(words) > 0 && (more || i < len(fields)-1) {
			rest.first, rest.whom = cmp.Or(rest.whom, words[0]), ""
		}
		if rest.first != "" {
			got[f.Name] = rest.first
		}
	}
	return got, rest
}

// misnamed is the name in a value for none of the fields; "" if there is none, or
// the first value has no name.
func (o order) misnamed(fields []bridges.Field) string {
	words := strings.Fields(o.text)
	for i, w := range words[1:] {
		name, _, named := strings.Cut(w, "=")
		if i == 0 && !(named && fieldName.MatchString(name)) {
			break
		}
		if named && !slices.ContainsFunc(fields, func(f bridges.Field) bool { return f.Name == name }) {
			return name
		}
	}
	return ""
}

var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// parseOrder reads a line such as "register name=Ann". Any text is an order;
// one that nobody knows gets a readable answer.
func parseOrder(text string) order {
	words := strings.Fields(text)
	o := order{text: strings.TrimSpace(text), fields: map[string]string{}}
	if len(words) == 0 {
		return o
	}
	o.first = words[0]
	o.verb = strings.ToLower(strings.Trim(words[0], "/!.?"))
	if len(words) == 1 && strings.HasSuffix(o.first, "?") {
		o.help = byVerb(o.verb)
	}
	for _, w := range words[1:] {
		if name, value, ok := strings.Cut(w, "="); ok && name != "" {
			o.fields[name] = value
		}
	}
	return o
}
