package event

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

// splitMembers and splitElements collect, the last of equal keys as encoding/json does.
func splitMembers(raw []byte) (m map[string]json.RawMessage, ok bool) {
	m = map[string]json.RawMessage{}
	ok = Members(raw, func(key string, value json.RawMessage) { m[key] = value })
	return m, ok
}

func splitElements(raw []byte) (all []json.RawMessage, ok bool) {
	all = []json.RawMessage{}
	ok = Elements(raw, func(value json.RawMessage) { all = append(all, value) })
	return all, ok
}

func TestSplit(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing": "", "blanks": " \n", "null": "null", "a number": "1", "an empty object": " { } ", "an empty list": "[ \t]",
		"members":            `{"a":1, "b" : {"c":[2,{"d":"}"}]} ,"e":[]}`,
		"elements":           ` [1 , "x,]", {"a":"\\"}, [[],"\"]"], null,true ] `,
		"a key twice":        `{"a":1,"a":"2"}`,
		"an escaped key":     `{"\u0061\"":"\u00e4"}`,
		"a key of half":      `{"\ud800":1}`,
		"not in UTF-8":       "{\"a\xff\":\"\xff\"}",
		"two objects":        `{} {}`,
		"an open object":     `{"a":1`,
		"a comma too many":   `{"a":1,}`,
		"a bracket too many": `[1]]`,
	} {
		t.Run(name, func(t *testing.T) { sameSplit(t, []byte(raw)) })
	}
}

// sameSplit wants what encoding/json would say.
func sameSplit(t *testing.T, raw []byte) {
	t.Helper()
	var object map[string]json.RawMessage
	is := json.Unmarshal(raw, &object) == nil && object != nil
	if m, ok := splitMembers(raw); ok != is || ok && !reflect.DeepEqual(m, object) {
		t.Errorf("members %q, %v, want %q, %v", m, ok, object, is)
	}
	var list []json.RawMessage
	is = json.Unmarshal(raw, &list) == nil && list != nil
	if all, ok := splitElements(raw); ok != is || ok && !slices.EqualFunc(all, list, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
		t.Errorf("elements %q, %v, want %q, %v", all, ok, list, is)
	}
}

func FuzzSplit(f *testing.F) {
	for _, raw := range []string{message, `[1,"a"]`, `{"a\\":[{"b":"]"}]}`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(sameSplit)
}
