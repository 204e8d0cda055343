// Package file reads a directory "file": people, one a row, and the groups that
// they name, from CSV, JSON, JSON lines or YAML. A file that cannot be read
// whole and without doubt gives findings with file, line and column, and no
// directory; it never gives fewer people. What a file may cost is bounded.
//
// Start at Read.
package file
