// Package pyformat renders Python's format strings as far as dynamic options use them (config-reference.md 3.7): one
// object, request, its attributes and what they hold, by index and key, with !r, !s, !a and format specs.
//
//	pyformat.Render("{request.requestor} for {request.labels[0]!r}", pyformat.Object{"request": ...})
//
// It owns the grammar of str.format and how Python prints strings, numbers, lists and mappings. What Python refuses is an
// error here; so is what only an object of Python's could answer. It never calls anything, and it bounds what it writes:
// formats come from the configuration, but what they show comes from whoever made the request.
//
// reconciler imports it.
package pyformat
