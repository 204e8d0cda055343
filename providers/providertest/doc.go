// Package providertest is the suite that every providers.Target must pass. It
// walks a target through random histories of changes and holds what the target
// then shows to planner.Simulate, the executable meaning of a change; it counts
// requests against the fewest that are possible; and it makes requests fail in
// the ways that lose or duplicate objects in careless clients.
//
// The suite knows nothing of any protocol: whoever runs it gives it a service
// that starts empty. Start at [Run].
package providertest
