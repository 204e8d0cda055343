// Package planfile is the saved plan: the JSON document that `plan -out` and
// `show -json` write, with what an apply needs besides. One document serves
// readers and apply alike, so that what was reviewed is what is done. It
// refuses a file that was altered or cut, and one of a newer major version;
// fields that it does not know are ignored.
//
// Start at Encode and Decode.
package planfile
