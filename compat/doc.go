// Package compat holds squall against the real libraries: its presets, its
// classifiers, and the defects that it does not share. All of it is tests.
package compat
