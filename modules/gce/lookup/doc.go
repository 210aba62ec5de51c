// Package lookup asks Compute Engine what the nodes of a gce provider are made of, how many there may be, and which
// instances carry our marks.
//
// It owns these calls and their pace (rate). It makes nothing in the cloud and changes nothing there.
//
// Credentials are found by Google's own library, each round anew, as Terraform's provider finds them. The requests are
// written here: the library's client for Compute Engine makes the program 13 MB larger and an idle one takes 7 MB more
// memory, for six calls that each read one JSON document.
//
// reconciler/clouds imports it.
package lookup
