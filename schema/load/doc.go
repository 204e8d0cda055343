// Package load reads HCL into a [schema.Config]. It is the only place that
// knows HCL and cty: what it hands out is made of the nouns of package schema,
// and of closures where a rule or a mapping is still to be evaluated for a
// person. It runs no program, opens no connection and reads no clock; files come
// from the fs.FS that it is given and from nowhere else. It refuses hostile input
// before the HCL parser sees a byte of it, because that parser dies of deep
// nesting in a way that no caller can recover from.
//
// Start at [Load]. [Language] is the table of blocks and arguments that the
// loader decodes by, and [Format] the canonical form of a file.
package load
