// Package venv makes the Python environments in which other people's code runs against ours.
//
// It owns the folders it makes below the user's cache folder and nothing else; what is installed
// comes from its importers' requirements. testdata/zuul and testdata/nodepool import it, nothing
// else.
package venv
