// Package ibmvpc is a simulated IBM Cloud for tests: one HTTP server on loopback that is the VPC API of a region, IAM, the
// resource controller, and the tagging and search of tags, with books of what was made.
//
//	c := ibmvpc.Start()
//	defer c.Close()
//	env := c.Env()       // for the launcher and Terraform's provider
//	left := c.Books()    // names of what is billed
//
// It answers what the driver's lookups and terraform-provider-ibm (2.5) ask to make, look at and delete an instance with
// a floating IP, refuses what refers to something that is not there, and is as full or as poor as it is told to be. Error
// codes and reasons are those of IBM's API reference and of recorded answers. There is no machine behind an instance.
//
// Tests import it, nothing else does.
package ibmvpc
