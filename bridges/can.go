package bridges

// Can is a set of what a network can do. Discovery is made of it before any
// session is open: so it never changes, and says exactly what every Session of
// the Bridge implements. For what is not in it the gateway has a fallback.
type Can uint32

// What a network may be able to do.
const (
	CanReceipts     Can = 1 << iota // it reports delivery to the addressee: Receipt events come
	CanTyping                       // each Session is a Typist, and Typing events come
	CanDisplayed                    // each Session is a Reader, and Displayed events come
	CanContacts                     // each Session is a Lister, and ContactChange events come
	CanEdits                        // a sent text can be replaced
	CanRetractions                  // a sent text can be taken back
	CanReactions                    // a text can be answered by an emoji that belongs to it
	CanReplies                      // a text can name the text that it answers
	CanFiles                        // it carries files, not only links to them
	CanStyling                      // its texts have marks for bold and the like
	CanShowPresence                 // it tells who is there: else contacts are always available
	CanOwnMessages                  // Messages come that the account sent through another program: their From is Account.Self
	CanPictures                     // its people have pictures of their own: Profile has them, and PictureChange events come
	CanGroups                       // it has conversations of more than two
)

// Has tells whether all of what is in c.
func (c Can) Has(what Can) bool { return c&what == what }
