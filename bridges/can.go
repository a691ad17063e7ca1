package bridges

// Can is a set of what a network can do. Discovery is made of it before any
// session is open: so it never changes, and says exactly what every Session of
// the Bridge implements. What none of them stands for no network gets: for all
// that the gateway has a fallback.
type Can uint32

// What a network may be able to do.
const (
	CanReceipts    Can = 1 << iota // it reports delivery to the addressee: Receipt events come
	CanTyping                      // each Session is a Typist, and Typing events come
	CanDisplayed                   // each Session is a Reader, and Displayed events come
	CanContacts                    // each Session is a Lister, and ContactChange events come
	CanStyling                     // its texts have the styling of XEP-0393, where Message.Unstyled is not set, both ways
	CanOwnMessages                 // Messages come that the account sent through another program: their From is Account.Self
	CanPictures                    // its people have names and pictures of their own: Profile has them, and ProfileChange events come
	CanEdits                       // each Session is an Editor, and Edit events come
	CanRetractions                 // each Session is a Retractor, and Retraction events come
	CanReactions                   // each Session is a Reactor, and Reaction events come
	CanReplies                     // Message.ReplyTo means something, both ways
	CanPresence                    // it shows who is there: the Bridge is a Presenter, and Presence events come
	CanIntroduce                   // it shows what accounts' owners are called and look like: the Bridge is an Introducer
	CanFiles                       // Message.File means something, both ways: the Bridge is an Opener
	CanThreads                     // Message.Thread means something, both ways
)

// Has tells whether all of what is in c.
func (c Can) Has(what Can) bool { return c&what == what }
