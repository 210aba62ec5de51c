// Package lookup asks Azure Resource Manager what the nodes of an azure provider are made of, how many there may be, and
// what there is of them.
//
// It owns these calls and their pace (rate), and the reading of the file with credentials. Choosing an image and counting
// what a node takes are functions of what was listed. It makes nothing in the cloud and changes nothing there, and it
// keeps no login: each round of questions reads the credentials anew, so that new ones are used as soon as they are there.
//
// Which cloud is asked, ARM_ENVIRONMENT and ARM_METADATA_HOSTNAME say, as they do to Terraform's provider. The calls are
// written here on azcore's pipeline: the clients of compute and network are generated, and large, for eight lists.
//
// reconciler/clouds imports it.
package lookup
