package dashboard

// Pager leads through a list that is cut into pages.
type Pager struct {
	Text       string // "51–100 of 10 000"
	Prev, Next string // addresses, "" at the ends
}

// cut is one page of a list: the last one where there are not as many. link makes the query of a page number.
func cut[T any](list []T, page, rows int, link func(int) Query, anchor string) ([]T, Pager) {
	last := max(0, (len(list)-1)/rows)
	page = min(page, last)
	from, to := page*rows, min((page+1)*rows, len(list))
	var p Pager
	if last == 0 {
		return list[from:to], p
	}
	p.Text = count(from+1) + "–" + count(to) + " of " + count(len(list))
	if page > 0 {
		p.Prev = link(page-1).URL() + anchor
	}
	if page < last {
		p.Next = link(page+1).URL() + anchor
	}
	return list[from:to], p
}
