// Command hello prints one line: what a process costs that does nothing.
package main

import "os"

func main() { _, _ = os.Stdout.WriteString("hello\n") }
