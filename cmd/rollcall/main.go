// Command rollcall declares who may be in an application, and in which of its
// groups, plans the changes, applies them and watches for drift.
package main

func main() {}
