// Package lookup asks IBM Cloud what the nodes of an ibmvpc provider are made of, how much is in use, and what is there
// that bears the provider's marks.
//
// It owns these calls (VPC, resource groups, global search, and the login at IAM), their pace (rate) and where they go.
// Choosing an image and reading marks are functions of what was listed. It makes nothing in the cloud and changes nothing
// there, and it keeps no connection: each round of questions logs in anew, so that new credentials are used as soon as
// they are there.
//
// The requests are written here: IBM's client for VPC is one file of 8 MB of Go, and what its clients share adds 5 MB to
// the program, for a login that is one form and lists that are JSON documents.
//
// reconciler/clouds imports it.
package lookup
