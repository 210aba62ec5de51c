// Package lookup asks an OpenStack cloud what the nodes of a provider are made of, and what its quotas are.
//
// It owns the calls to Nova, Glance, Neutron and Cinder, where clouds.yaml is found, and the pace of the calls (rate).
// Choosing a flavor, an image, networks and whether a floating IP is wanted are functions of what was listed. It makes
// nothing in the cloud and changes nothing there, and it keeps no connection: each round of questions logs in anew, so
// that new credentials are used as soon as they are there.
//
// reconciler/clouds imports it.
package lookup
