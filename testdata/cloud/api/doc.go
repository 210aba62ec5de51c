// Package api is what the simulated cloud and its clients say to each other: the JSON of the wire and a client for it.
//
// It owns no state. The server, the Terraform provider and package cloud import it, nothing else.
package api
