package gateway

import (
	"strconv"

	"causeway/bridges"
)

// pageField asks for a page of a list that is too long for one answer.
const pageField = "page"

// pagesOf is how many pages a list has, at least one.
func pagesOf(lines, aPage int) int { return max(1, (lines+aPage-1)/aPage) }

// askPage asks which page shall be shown; has says what is on all of them.
func askPage(title, has string, pages int) *bridges.Ask {
	return &bridges.Ask{
		Title: title, Instructions: has + ", on " + strconv.Itoa(pages) + " pages.",
		Fields: []bridges.Field{{Name: pageField, Label: "Page", Kind: bridges.Number, Default: "1"}},
	}
}

// page is the one that is wanted: the first, unless the user says another.
func (in filled) page(pages int) (page int, err error) {
	page = 1
	if v := in.all()[pageField]; v != "" {
		page, _ = strconv.Atoi(v) // 0 when it does not fit
	}
	if page < 1 || page > pages {
		return 0, notAcceptable("There are " + strconv.Itoa(pages) + " pages.")
	}
	return page, nil
}
