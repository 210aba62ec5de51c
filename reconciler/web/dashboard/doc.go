// Package dashboard is the launcher's page for people: pools and quotas, requests and what they wait for, nodes, running
// applies, recent failures, a plan preview. One page at /, everything else below /dashboard/.
//
// A page is a pure function: a status.Snapshot and a Query become a Page (the view model), the templates turn that into
// HTML. The first paint is that HTML and needs no script. With the script the page stays current by server-sent events,
// which carry the sections that changed, rendered by the same templates.
//
// It never shows a secret (fields that may hold one are not read at all), never waits for ZooKeeper, and keeps no state
// of who looks beyond the open streams. It changes something only through an Operator, and only for who knows the admin
// token.
//
// Package reconciler/web mounts it; nothing else imports it.
package dashboard
