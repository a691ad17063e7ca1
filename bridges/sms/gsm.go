package sms

import (
	"unicode/utf8"

	"github.com/warthog618/sms/encoding/gsm7/charset"
)

const escape = 0x1B // to the extension table of the GSM alphabet

// languages is how many national language tables there are, the default
// table with number 0 among them (3GPP TS 23.038, section 6.2.1.2.4).
const languages = charset.Urdu + 1

// The tables are made here once: the library makes each at its first use,
// which is not safe when several goroutines decode.
var (
	gsmLetters, gsmEscaped = decoders()
	gsmShort, gsmLong      = encoders()
)

// alphabet is a table from septets to letters; 0 where there is none.
type alphabet [128]rune

func decoders() (letters, escaped [languages]alphabet) {
	for n := range languages {
		for septet, r := range charset.NewDecoder(n) {
			letters[n][septet&0x7F] = r
		}
		for septet, r := range charset.NewExtDecoder(n) {
			escaped[n][septet&0x7F] = r
		}
		letters[n][escape] = 0
	}
	// Where the library differs from 3GPP TS 23.038: a letter is missing
	// (section A.2.3), and three are Bengali in the table of Hindi (A.3.6).
	escaped[charset.Portuguese][0x1F] = 'Ê'
	copy(letters[charset.Hindi][:], []rune{'\u0901', '\u0902', '\u0903'})
	return letters, escaped
}

// septets is how the GSM alphabet writes a letter: one, or an escape and one.
type septets struct {
	n     int
	bytes [2]byte
}

func encoders() (short [256]septets, long map[rune]septets) {
	long = map[rune]septets{}
	put := func(r rune, s septets) {
		if int(r) < len(short) {
			short[r] = s
		} else {
			long[r] = s
		}
	}
	for r, b := range charset.DefaultExtEncoder() {
		put(r, septets{2, [2]byte{escape, b}})
	}
	for r, b := range charset.DefaultEncoder() {
		put(r, septets{1, [2]byte{b}})
	}
	// To the alphabet the escape is no letter.
	short[escape] = septets{}
	return short, long
}

// gsmOf returns how the default alphabet writes r; n is 0 if it cannot.
func gsmOf(r rune) septets {
	if r >= 0 && int(r) < len(gsmShort) {
		return gsmShort[r]
	}
	return gsmLong[r]
}

// tables says by which national tables septets are read; 0 is the default
// one, and what is not known is read by that.
type tables struct{ locking, shift byte }

// decodeGSM reads septets that stand in an octet each. An escaped septet that
// is no letter means the letter without escape (3GPP TS 23.038, section
// 6.2.1.1); what means nothing becomes a replacement character.
func decodeGSM(data []byte, t tables) string {
	letters, escaped := &gsmLetters[known(t.locking)], &gsmEscaped[known(t.shift)]
	b := make([]byte, 0, len(data)+len(data)/4)
	for i := 0; i < len(data); i++ {
		c, r := data[i], rune(0)
		if c == escape && i+1 < len(data) && data[i+1] < 0x80 {
			i++
			c = data[i]
			if r = escaped[c]; c == escape {
				r = ' ' // a table beyond the extension, of which there is none
			}
		}
		if r == 0 && c < 0x80 {
			r = letters[c]
		}
		if r == 0 {
			r = utf8.RuneError
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

func known(language byte) byte {
	if int(language) < languages {
		return language
	}
	return 0
}
