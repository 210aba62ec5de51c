// Package reload notices that the files of a configuration have changed and loads them.
//
// It owns when to look: the folders of the files are watched, because editors and Kubernetes put new files in the place of
// old ones; what counts is what is in the files, not when they were written. It knows nothing of what a configuration is
// for and never puts one into force. Package reconciler imports it, nothing else.
package reload
