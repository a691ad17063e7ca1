package gateway

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// payloads is what becomes of a message to a network that can do nothing but
// texts, by what is in it: text, or the error that comes back, or neither. The
// counter is the one of its rule.
var payloads = []struct {
	name, inside string
	text, err    string // condition
	counter      string
}{
	{name: "0184.6 0085.5 receipt", inside: `<received xmlns='urn:xmpp:receipts' id='x'/>`, counter: "dropped receipt"},
	{name: "0184.6 receipt with a text", inside: `<received xmlns='urn:xmpp:receipts' id='x'/><body>yes</body>`, text: "yes"},
	{name: "0333.4 received with a text", inside: `<body>yes</body><received xmlns='urn:xmpp:chat-markers:0' id='x'/>`, text: "yes"},
	{name: "0333.6 displayed with a text", inside: `<body>yes</body><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>`, text: "yes"},
	{name: "0333.6 displayed with a file", inside: `<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/><x xmlns='jabber:x:oob'><url>https://a.example/b</url></x>`, text: "https://a.example/b", counter: "changed file"},
	{name: "0333.6 displayed with an empty text", inside: `<body> </body><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>`, counter: "dropped marker"},
	{name: "0333.4 received", inside: `<received xmlns='urn:xmpp:chat-markers:0' id='x'/>`, counter: "dropped receipt"},
	{name: "0333.6 displayed", inside: `<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>`, counter: "dropped marker"},
	{name: "0333.6 displayed, and a receipt", inside: `<received xmlns='urn:xmpp:receipts' id='x'/><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>`, counter: "dropped marker"},
	{name: "0333.2 displayed nothing", inside: `<displayed xmlns='urn:xmpp:chat-markers:0'/>`, counter: "dropped marker"},
	{name: "0333.4 acknowledged", inside: `<acknowledged xmlns='urn:xmpp:chat-markers:0' id='x'/>`, counter: "dropped marker"},
	{name: "0444.5 reaction", inside: `<reactions xmlns='urn:xmpp:reactions:0' id='x'><reaction>x</reaction></reactions>`, err: "not-acceptable", counter: "refused reaction"},
	{name: "0444.5 too many reactions", inside: `<reactions xmlns='urn:xmpp:reactions:0' id='x'>` + someEmojis(maxReactions+1) + `</reactions>`, err: "not-acceptable", counter: "refused reaction"},
	{name: "0444.5 too long a reaction", inside: `<reactions xmlns='urn:xmpp:reactions:0' id='x'><reaction>` + strings.Repeat("x", maxReaction+1) + `</reaction></reactions>`, err: "not-acceptable", counter: "refused reaction"},
	{name: "0444.5 reaction with a fallback", inside: `<reactions xmlns='urn:xmpp:reactions:0' id='x'><reaction>x</reaction></reactions><body>x</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reactions:0'/>`, err: "not-acceptable", counter: "refused reaction"},
	{name: "0424.3 retraction", inside: `<retract xmlns='urn:xmpp:message-retract:1' id='x'/>`, err: "feature-not-implemented", counter: "refused retraction"},
	{name: "0424.4 0428.2 its fallback", inside: `<retract xmlns='urn:xmpp:message-retract:1' id='x'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/><body>fallback</body>`, err: "feature-not-implemented", counter: "refused retraction"},
	{name: "0424.7 an older one", inside: `<apply-to xmlns='urn:xmpp:fasten:0' id='x'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to><body>fallback</body>`, err: "feature-not-implemented", counter: "refused retraction"},
	{name: "0308.3 correction", inside: `<body>one</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/>`, text: "* one", counter: "changed correction"},
	{name: "0461.5 0428.2 reply", inside: quoting + `<body>&gt; when?` + "\n" + `at one</body>`, text: "at one", counter: "changed reply"},
	{name: "0428.4 reply to an emoji", inside: quoting + `<body>&gt; &#x1F600;&#x1F600;&#x1F600;&#x1F600;&#x1F600;` + "\n" + `at &#x1F600;</body>`, text: "at 😀", counter: "changed reply"},
	{name: "0461.4 a wrong range", inside: strings.Replace(quoting, "'8'", "'80'", 1) + `<body>&gt; when?` + "\n" + `at one</body>`, text: "> when?\nat one", counter: "changed reply"},
	{name: "0461.4 nothing but the quote", inside: quoting + `<body>&gt; when</body>`, text: "> when", counter: "changed reply"},
	{name: "reply and correction", inside: quoting + `<body>&gt; when?` + "\n" + `at two</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/>`, text: "* at two", counter: "changed correction"},
	{name: "0428.2 a fallback that nobody knows", inside: `<body>one</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:odd'/>`, text: "one"},
	{name: "0066.3 link", inside: `<body>https://a.example/b</body><x xmlns='jabber:x:oob'><url>https://a.example/b</url></x>`, text: "https://a.example/b", counter: "changed file"},
	{name: "0066.3 no body", inside: `<x xmlns='jabber:x:oob'><url>https://a.example/b</url></x>`, text: "https://a.example/b", counter: "changed file"},
	{name: "0066.3 link and text", inside: `<body>look</body><x xmlns='jabber:x:oob'><url>https://a.example/b</url><desc>our dog</desc></x>`, text: "look\nour dog\nhttps://a.example/b", counter: "changed file"},
	{name: "0066.3 link in the text", inside: `<body>look: https://a.example/b</body><x xmlns='jabber:x:oob'><url>https://a.example/b</url></x>`, text: "look: https://a.example/b", counter: "changed file"},
	{name: "0066 no address", inside: `<x xmlns='jabber:x:oob'><desc>d</desc></x>`, counter: "dropped no text"},
	{name: "0447.1 shared file", inside: `<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'><desc>our dog</desc></file>` + sources + `</file-sharing>`, text: "our dog\nhttps://a.example/b", counter: "changed file"},
	{name: "0447.2 with its fallback", inside: `<body>https://a.example/b</body><x xmlns='jabber:x:oob'><url>https://a.example/b</url></x><file-sharing xmlns='urn:xmpp:sfs:0'>` + sources + `</file-sharing><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:sfs:0'><body/></fallback>`, text: "https://a.example/b", counter: "changed file"},
	{name: "0447.4 with a caption", inside: `<body>look</body><file-sharing xmlns='urn:xmpp:sfs:0'>` + sources + `</file-sharing>`, text: "look\nhttps://a.example/b", counter: "changed file"},
	{name: "0447 without an address", inside: `<file-sharing xmlns='urn:xmpp:sfs:0'><sources/></file-sharing>`, err: "not-acceptable", counter: "refused file"},
	{name: "0447 without an address, and a text", inside: `<body>look</body><file-sharing xmlns='urn:xmpp:sfs:0'/>`, text: "look"},
	{name: "0384.5 shared encrypted file", inside: `<file-sharing xmlns='urn:xmpp:sfs:0'>` + strings.Replace(sources, "https", "aesgcm", 1) + `</file-sharing>`, err: "not-acceptable", counter: "refused encrypted"},
	{name: "0384.5 in the middle of a line", inside: `<body>look at http://a.example, (aesGCM://a.example/b#00)</body>`, err: "not-acceptable", counter: "refused encrypted"},
	{name: "0384.5 its name alone", inside: `<body>aesgcm: what is that? ://</body>`, text: "aesgcm: what is that? ://"},
	{name: "0384.5 encrypted file", inside: `<body>AESGCM://a.example/b#00</body>`, err: "not-acceptable", counter: "refused encrypted"},
	{name: "0384.5 its link", inside: `<body>look</body><x xmlns='jabber:x:oob'><url>aesgcm://a.example/b#00</url></x>`, err: "not-acceptable", counter: "refused encrypted"},
	{name: "0384.3 encrypted", inside: `<encrypted xmlns='eu.siacs.conversations.axolotl'><payload>x</payload></encrypted><body>I sent you an OMEMO message</body>`, err: "not-acceptable", counter: "refused encrypted"},
	{name: "0384.4 key exchange", inside: `<encrypted xmlns='urn:xmpp:omemo:2'><header/></encrypted>`, counter: "dropped key exchange"},
	{name: "0393.1 0372.6 styling goes as typed, and a name that calls all", inside: `<body>*one* _two_ @everyone</body>`, text: "*one* _two_ @everyone"},
	{name: "0393 unstyled", inside: `<body>*one*</body><unstyled xmlns='urn:xmpp:styling:0'/>`, text: "*one*"},
	{name: "0372.6 0393.4 typed text does not become markup", inside: `<body>@everyone **x** ||y|| [z](javascript:z)</body>`, text: "@everyone **x** ||y|| [z](javascript:z)"},
	{name: "private message of a room", inside: `<body>one</body><x xmlns='http://jabber.org/protocol/muc#user'/>`, err: "service-unavailable", counter: "refused private message of a room"},
	{name: "several languages", inside: `<body xml:lang='de'>eins</body><body>one</body>`, text: "one"},
	{name: "empty", inside: `<body> ` + "\n" + `</body>`, counter: "dropped no text"},
	{name: "0201 in a thread", inside: `<body>one</body><thread>x</thread>`, text: "one"},
	{name: "subject", inside: `<subject>one</subject>`, counter: "dropped no text"},
	{name: "0334.3 hints", inside: `<body>one</body><no-store xmlns='urn:xmpp:hints'/><no-copy xmlns='urn:xmpp:hints'/>`, text: "one"},
	{name: "0085.3 state beside a text", inside: `<body>one</body><active xmlns='http://jabber.org/protocol/chatstates'/>`, text: "one"},
	{name: "0085.5 state alone", inside: `<composing xmlns='http://jabber.org/protocol/chatstates'/>`, counter: "dropped not journalled"},
	{name: "0203 replay", inside: `<body>old</body><delay xmlns='urn:xmpp:delay' stamp='2001-01-01T00:00:00Z'/>`, counter: "dropped not to be sent now"},
	{name: "0203 replay that waits for a receipt", inside: `<body>old</body><delay xmlns='urn:xmpp:delay' stamp='2001-01-01T00:00:00Z'/><request xmlns='urn:xmpp:receipts'/>`, err: "not-acceptable", counter: "refused not to be sent now"},
}

const sources = `<sources><url-data xmlns='http://jabber.org/protocol/url-data' target='https://a.example/b'/></sources>`

const quoting = `<reply xmlns='urn:xmpp:reply:0' to='+12025550100@sms.example.org' id='x'/>` +
	`<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='8'/></fallback>`

func (r *rig) counted(counter, reason string) float64 {
	vec := r.g.cfg.Metrics.dropped
	switch counter {
	case "refused":
		vec = r.g.cfg.Metrics.refused
	case "changed":
		vec = r.g.cfg.Metrics.changed
	}
	return testutil.ToFloat64(vec.WithLabelValues(domain, reason))
}

// TestFallbacks: what is no text costs none, and whatever becomes of it is
// counted once. The text behind it in the queue arrives.
func TestFallbacks(t *testing.T) {
	r := newRig(t)
	r.g.warned.Set(alice+" "+phone, time.Now()) // TestRefusedOut has the warning
	for _, c := range payloads {
		t.Run(c.name, func(t *testing.T) {
			counter, reason, _ := strings.Cut(c.counter, " ")
			before := 0.0
			if counter != "" {
				before = r.counted(counter, reason)
			}
			r.Send(`<message type='chat' id='` + c.name + `' from='alice@example.org/phone' to='+12025550100@sms.example.org'>` + c.inside + `</message>`)
			if c.err != "" {
				r.Receive(`<message type='error' id='` + c.name + `' from='+12025550100@sms.example.org' to='alice@example.org/phone'>` +
					`<error type='*'><` + c.err + ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error></message>`)
			}
			if c.text != "" {
				r.wantOnPhone(c.text)
			}
			r.Send(text("behind "+c.name, c.name))
			r.wantOnPhone(c.name)
			if counter != "" && r.counted(counter, reason) != before+1 {
				t.Errorf("%v were counted as %s", r.counted(counter, reason)-before, c.counter)
			}
		})
	}
	r.barrier(alice)
}

// Every rule is in the table above, but for the types that a contact's own
// tests have.
func TestEveryRuleIsTested(t *testing.T) {
	tested := map[string]bool{"error": true, "groupchat": true}
	for _, c := range payloads {
		_, reason, _ := strings.Cut(c.counter, " ")
		tested[reason] = true
	}
	for i := range fallbackRules {
		if reason := fallbackRules[i].reason; !tested[reason] {
			t.Errorf("%s is not", reason)
		}
	}
}

var (
	fallbackRow   = regexp.MustCompile("(?m)^\\| .+ \\| (.+) \\| `(\\w+)` (.+) \\|$")
	fallbackError = regexp.MustCompile("`[a-z-]+`")
)

// TestFallbackRulesAreDocumented: docs/xeps.md has each rule with its error, and
// no other.
func TestFallbackRulesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/xeps.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, rules []string
	for _, row := range fallbackRow.FindAllStringSubmatch(string(text), -1) {
		condition := fallbackError.FindString(row[1])
		documented = append(documented, strings.Join([]string{row[2], row[3], strings.Trim(condition, "`")}, " "))
	}
	for _, r := range fallbackRules {
		switch {
		case r.refuse != nil:
			rules = append(rules, "refused "+r.reason+" "+r.refuse.Condition)
		case r.change != nil:
			rules = append(rules, "changed "+r.reason+" ")
		default:
			rules = append(rules, "dropped "+r.reason+" ")
		}
	}
	slices.Sort(documented)
	slices.Sort(rules)
	if !slices.Equal(documented, rules) {
		t.Errorf("documented are\n%q\nnot\n%q", documented, rules)
	}
}
