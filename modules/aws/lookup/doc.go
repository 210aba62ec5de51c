// Package lookup asks EC2 what the nodes of an aws provider are made of, and Service Quotas how many there may be.
//
// It owns these calls and their pace (rate). Choosing an AMI and counting what a node takes are functions of what was
// listed. It makes nothing in the cloud and changes nothing there.
//
// Credentials, region and endpoint are found by AWS's own library, as Terraform's provider finds them. The requests are
// written here: the library's client for EC2 takes more than a minute and 3.4 GB to compile, for five calls of which
// each is a form and an XML document.
//
// reconciler/clouds imports it.
package lookup
