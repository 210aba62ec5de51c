// Package azure is a small Azure for tests: Resource Manager's API as far as nodes, lookups and Terraform's azurerm provider
// need it, over HTTPS on loopback, with a login and with books that tests look at.
//
// It owns no time: operations end at the second question. Resources are documents, which it completes as Azure does
// (addresses, disks, who uses what) and refuses to delete while they are in use. Texts of errors are Azure's.
//
// Tests of modules/azure/lookup and cmd/nodepool-tf import it.
package azure
