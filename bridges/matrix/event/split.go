package event

import (
	"bytes"
	"encoding/json"
)

// Members calls f for each member of an object, in their order: a key may come twice.
// Keys are exact, where encoding/json ignores their case, and values are pieces of
// raw. False: raw is no JSON object, and f was not called.
func Members(raw []byte, f func(key string, value json.RawMessage)) bool {
	return eachOf(raw, '{', func(b []byte) []byte {
		key, rest := cutValue(b)
		value, rest := cutValue(rest[1:]) // behind the colon
		f(stringOf(key), value)
		return rest
	})
}

// Elements calls f for each element of a list, as Members does.
func Elements(raw []byte, f func(value json.RawMessage)) bool {
	return eachOf(raw, '[', func(b []byte) []byte {
		value, rest := cutValue(b)
		f(value)
		return rest
	})
}

// eachOf calls cut with what begins with an item of raw, an object or a list as open
// says, and goes on with what it returns.
func eachOf(raw []byte, open byte, cut func(b []byte) (rest []byte)) bool {
	b := blank(raw)
	if len(b) == 0 || b[0] != open || !json.Valid(raw) {
		return false
	}
	for b = blank(b[1:]); b[0] != open+2; { // the bracket that closes
		if b = cut(b); b[0] == ',' {
			b = blank(b[1:])
		}
	}
	return true
}

// blank cuts blanks off.
func blank(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }

// cutValue cuts the first value off b, which is valid JSON, and the blanks behind it.
func cutValue(b []byte) (value, rest []byte) {
	b = blank(b)
	end := 0
	switch b[0] {
	case '"':
		end = stringEnd(b)
	case '{', '[':
		end = nestEnd(b)
	default:
		if end = bytes.IndexAny(b, " \t\r\n,]}"); end < 0 {
			end = len(b)
		}
	}
	return b[:end:end], blank(b[end:])
}

// stringEnd returns where the string ends with which b begins.
func stringEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// nestEnd returns where the object or list ends with which b begins.
func nestEnd(b []byte) int {
	for i, depth := 0, 0; ; {
		switch b[i] {
		case '"':
			i += stringEnd(b[i:])
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
}

// stringOf returns the value of a valid string.
func stringOf(raw json.RawMessage) (s string) {
	if inner := raw[1 : len(raw)-1]; !bytes.ContainsFunc(inner, unusual) {
		return string(inner)
	}
	_ = json.Unmarshal(raw, &s)
	return s
}

// unusual tells whether a character of a string may mean another.
func unusual(r rune) bool { return r == '\\' || r >= 0x80 }
