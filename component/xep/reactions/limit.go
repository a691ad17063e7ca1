package reactions

import (
	"strconv"

	"causeway/component/xep/form"
)

// FormType names the form with which an entity announces by disco#info (XEP-0128)
// what it takes of reactions (XEP-0444 (0.2.1), Restricting Reactions).
const FormType = NS + ":restrictions"

// Limit is that form: of each user it takes so many reactions to one message.
func Limit(n int) form.Form {
	return form.Form{Type: "result", FormType: FormType, Fields: []form.Field{
		{Var: "max_reactions_per_user", Value: strconv.Itoa(n)},
	}}
}
