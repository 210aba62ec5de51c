// Package journal remembers what a launcher said lately about each request and node: what its log says, by id. So there is
// one text for both, and no second set of places that have to tell.
//
// It keeps the newest ids only, and of each id the newest lines only; it reads no clock, and nothing of it outlives the
// process. The launcher feeds and asks it; package explain shows it.
package journal
