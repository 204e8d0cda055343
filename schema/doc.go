// Package schema holds the nouns that a repository may declare (people, groups,
// targets, apps, assignments, push groups and their guards) and the findings
// about them. It knows no file format: schema/load reads HCL into a [Config],
// tests write one as a Go literal. It imports the standard library alone and
// reaches neither files, the network nor the clock.
//
// Start at [Config], then [Diagnostic].
package schema
