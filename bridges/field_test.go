package bridges

import (
	"errors"
	"strings"
	"testing"
)

func TestFieldCheck(t *testing.T) {
	colour := Field{Kind: Choice, Options: []Option{{Value: "r", Label: "Red"}, {Value: "g", Label: "Green"}}}
	for _, c := range []struct {
		name  string
		field Field
		value string
		kind  Kind // of the error; with fails
		fails bool
	}{
		{name: "any text", value: "x y"},
		{name: "left out"},
		{name: "required", field: Field{Required: true}, kind: Malformed, fails: true},
		{name: "a choice", field: colour, value: "g"},
		{name: "the label is no value", field: colour, value: "Green", kind: Malformed, fails: true},
		{name: "no choice", field: colour},
		{name: "yes", field: Field{Kind: Bool}, value: "true"},
		{name: "no as a digit", field: Field{Kind: Bool}, value: "0"},
		{name: "neither", field: Field{Kind: Bool}, value: "maybe", kind: Malformed, fails: true},
		{name: "a number", field: Field{Kind: Number}, value: "-12"},
		{name: "half a number", field: Field{Kind: Number}, value: "1.5", kind: Malformed, fails: true},
		{name: "a pattern", field: Field{Pattern: "[0-9]{4}|none"}, value: "1234"},
		{name: "the whole of it", field: Field{Pattern: "[0-9]{4}|none"}, value: "12345", kind: Malformed, fails: true},
		{name: "no second line", field: Field{Pattern: "[a-z]+"}, value: "a\n", kind: Malformed, fails: true},
		{name: "a pattern that is none", field: Field{Pattern: "("}, value: "x", kind: Internal, fails: true},
		{name: "a secret", field: Field{Kind: Secret, Pattern: "[0-9]+"}, value: "hunter2", kind: Malformed, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.field.Name, c.field.Label = "f", "The field"
			err := c.field.Check(c.value)
			if c.fails != (err != nil) || c.fails && KindOf(err) != c.kind {
				t.Fatalf("%v", err)
			}
			var e *Error
			if errors.As(err, &e) && (e.Text == "" || c.field.Kind == Secret && strings.Contains(err.Error(), c.value)) {
				t.Errorf("the user reads %q", err)
			}
		})
	}
}
