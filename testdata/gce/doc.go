// Package gce is a Compute Engine for tests: an HTTP server on loopback that keeps books of instances, boot disks and
// operations, checks tokens and what an instance is asked to be made of, and refuses in Google's words. There is no guest
// behind an instance, and nothing of the API that a node of ours does not need.
//
//	cloud, err := gce.Start(gce.Settings{Project: "acme", CPUs: 8})
//	env := cloud.Env(t.TempDir() + "/key.json") // for Google's libraries and Terraform's provider alike
//	cloud.Refuse(gce.NoCapacity, 1)             // the next instance is not to be had
//	cloud.Instances()                           // what is left
//
// Credentials are a key of a service account, as GOOGLE_APPLICATION_CREDENTIALS names one. Its token endpoint is this
// server's, so nothing of it leaves the machine.
//
// Tests import it, and nothing else does.
package gce
