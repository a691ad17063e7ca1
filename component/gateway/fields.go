package gateway

import (
	"strings"

	"causeway/bridges"
	"causeway/component/xep/form"
)

// formTypes are the types of XEP-0004 for what people fill in.
var formTypes = map[bridges.FieldKind]string{
	bridges.Text:   "text-single",
	bridges.Secret: "text-private",
	bridges.Choice: "list-single",
	bridges.Bool:   "boolean",
	bridges.Number: "text-single",
	bridges.Lines:  "text-multi",
	bridges.JID:    "jid-single",
	bridges.JIDs:   "jid-multi",
}

// formOf makes the form of a stage. values are offered instead of the defaults;
// secrets never are.
func formOf(ask *bridges.Ask, values map[string]string) form.Form {
	f := form.Form{Type: "form", Title: ask.Title, Instructions: ask.Instructions}
	for _, x := range ask.Fields {
		y := form.Field{
			Var: x.Name, Type: formTypes[x.Kind], Label: x.Label, Description: x.Help, Required: x.Required,
			Value: x.Default, Regex: x.Pattern, Integer: x.Kind == bridges.Number,
		}
		if v, ok := values[x.Name]; ok {
			y.Value = v
		}
		switch {
		case x.Kind == bridges.Secret:
			y.Value = ""
		case y.Value != "" && (x.Kind == bridges.Lines || x.Kind == bridges.JIDs): // xeps.md 0004.3
			y.Values, y.Value = strings.Split(y.Value, "\n"), ""
		}
		for _, o := range x.Options {
			y.Options = append(y.Options, form.Option{Label: o.Label, Value: o.Value})
		}
		f.Fields = append(f.Fields, y)
	}
	return f
}

// formType names the forms of a command: its node, or a name made of it.
func formType(node string) string {
	if node, _, ok := strings.Cut(node, "#"); ok { // xeps.md 0133: one for all
		return node
	}
	if strings.Contains(node, ":") {
		return node
	}
	return "urn:causeway:" + node
}
