// Package archtest holds the project's layout to its rules: who may import
// what, who may ask for the time or for chance, how floats are computed, and
// what every file looks like.
//
// The rules are tables (rules.go) with a reason for each; the tests apply them
// to this module and print the reason where one is broken. A rule about
// something that is no longer there is itself a violation, so the tables cannot
// rot. Each check is tested on small modules with planted violations.
//
// To allow something, change a table and say why there.
package archtest
