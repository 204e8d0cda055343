// Package statefile is the format of the state: lines of JSON, one a link, in
// an order that makes two versions comparable line by line. The first line says
// which version of the format it is and how much must follow, the last seals
// the rest with a checksum, so that a file that was altered or cut is never
// taken for a smaller state. Older versions are read and written anew.
//
// Start at Encode and Decode. Where a state is kept is the business of
// providers/statestore.
package statefile
