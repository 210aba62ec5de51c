// Package cloud runs a simulated cloud for tests, the bench and the fault suite: an HTTP server in a process of its own
// that keeps its books on disk and is as slow and as broken as it is told to be, and a Terraform provider for it.
//
//	c, err := cloud.Start(ctx, dir)        // the same dir again: the same cloud, with its books
//	err = c.Faults(ctx, "acme", api.Fault{Kind: api.NoQuota, Op: api.Create, Count: 3})
//	config, err := cloud.Mirror(ctx, dir2) // for TF_CLI_CONFIG_FILE; the module is testdata/modules/simcloud
//	books, err := c.Books(ctx, "acme")     // what is billed: the ground truth of every test for leaks
//
// By hand: go run ./testdata/cloud/server -dir /tmp/cloud -listen 127.0.0.1:8080, then
//
//	curl -X PUT 127.0.0.1:8080/admin/projects/acme/faults -d '[{"kind": "throttle", "op": "create", "rate": 0.1}]'
//	curl 127.0.0.1:8080/books
//
// Projects need not be made: the first request for one finds it healthy, fast and without a quota. What one project is
// told to do does not touch another, so tests can share a cloud.
//
// Around it: api is the wire, books the memory, server and provider the two programs. Tests, cmd/demo and cmd/bench may
// import this package and api; nothing else does. Hosts behind the instances are not its business: their addresses are
// loopback's, and nothing listens there.
package cloud
