// Package form implements XEP-0004 (2.13.2): Data Forms, as far as
// registration and commands need them, with FORM_TYPE by XEP-0068 (1.3.0) and
// the rules of XEP-0122 (1.0.2).
package form

import (
	"regexp"
	"strings"

	"causeway/component/stanza"
)

// NS is the namespace of forms.
const NS = "jabber:x:data"

// Form is a form to fill in, or a result.
type Form struct {
	Type                string // form, submit, cancel, result
	Title, Instructions string
	FormType            string // FORM_TYPE, the first field when not empty
	Fields              []Field
	// Reported and Items make a table, which stands alone: in each item a value
	// for each of Reported, in that order.
	Reported []Field
	Items    [][]string
}

// Field is one field of a form.
type Field struct {
	Var, Type, Label, Value string
	Values                  []string // of a field that has several, instead of Value
	Required                bool
	Description             string
	Options                 []Option // of a list-single
	// Regex is a rule for the value, in the syntax of POSIX or of RE2; only the
	// former is told to the other side. Integer says that it is a whole number.
	// Both by XEP-0122 (1.0.2).
	Regex   string
	Integer bool
}

// Option is one choice of a list.
type Option struct{ Label, Value string }

const nsValidate = "http://jabber.org/protocol/xdata-validate"

// Append writes f.
func (f *Form) Append(w *stanza.Writer) {
	w.Start("x", NS, "type", f.Type)
	if f.Title != "" {
		w.Leaf("title", "", f.Title)
	}
	if f.Instructions != "" {
		w.Leaf("instructions", "", f.Instructions)
	}
	if f.FormType != "" {
		Field{Var: "FORM_TYPE", Type: "hidden", Value: f.FormType}.append(w)
	}
	for _, x := range f.Fields {
		x.append(w)
	}
	f.appendTable(w)
	w.End()
}

func (f *Form) appendTable(w *stanza.Writer) {
	if len(f.Reported) == 0 {
		return
	}
	w.Start("reported", "")
	for _, x := range f.Reported {
		x.append(w)
	}
	w.End()
	for _, item := range f.Items {
		w.Start("item", "")
		for i, x := range f.Reported {
			w.Start("field", "", "var", x.Var)
			w.Leaf("value", "", item[i])
			w.End()
		}
		w.End()
	}
}

func (x Field) append(w *stanza.Writer) {
	w.Start("field", "", "var", x.Var, "type", x.Type, "label", x.Label)
	if x.Description != "" {
		w.Leaf("desc", "", x.Description)
	}
	if x.Required {
		w.Leaf("required", "", "")
	}
	x.appendValidate(w)
	if x.Value != "" {
		w.Leaf("value", "", x.Value)
	}
	for _, v := range x.Values {
		w.Leaf("value", "", v)
	}
	for _, o := range x.Options {
		w.Start("option", "", "label", o.Label)
		w.Leaf("value", "", o.Value)
		w.End()
	}
	w.End()
}

func (x Field) appendValidate(w *stanza.Writer) {
	if _, err := regexp.CompilePOSIX(x.Regex); x.Regex != "" && err == nil {
		w.Start("validate", nsValidate, "datatype", "xs:string")
		w.Leaf("regex", "", x.Regex)
		w.End()
	} else if x.Integer {
		w.Start("validate", nsValidate, "datatype", "xs:integer")
		w.Leaf("basic", "", "")
		w.End()
	}
}

// Find returns the form directly inside e. Fields that occur twice count once,
// the first.
func Find(e stanza.Element) (f Form, ok bool) {
	x, ok := e.Child(NS, "x")
	if !ok {
		return f, false
	}
	f.Type = x.Attr("type")
	seen := map[string]bool{}
	for c := range x.All(NS, "field") {
		name := c.Attr("var")
		if seen[name] {
			continue
		}
		seen[name] = true
		v, _ := c.Child(NS, "value")
		if name == "FORM_TYPE" {
			f.FormType = v.Text()
			continue
		}
		x := Field{Var: name, Type: c.Attr("type")}
		if vs := valuesOf(c); len(vs) > 1 {
			x.Values = vs
		} else {
			x.Value = v.Text()
		}
		f.Fields = append(f.Fields, x)
	}
	return f, true
}

func valuesOf(field stanza.Element) (vs []string) {
	for c := range field.All(NS, "value") {
		vs = append(vs, c.Text())
	}
	return vs
}

// Values returns the fields of f by name. Several values of one are its lines.
func (f *Form) Values() map[string]string {
	m := make(map[string]string, len(f.Fields))
	for _, x := range f.Fields {
		m[x.Var] = x.Value
		if len(x.Values) > 0 {
			m[x.Var] = strings.Join(x.Values, "\n")
		}
	}
	return m
}
