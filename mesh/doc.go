// Package mesh makes the objects that holdfast needs in the mesh: EnvoyFilters
// for what a pod's annotations select but cannot do themselves.
//
// Editing an EnvoyFilter cuts open connections of every proxy that it touches, so
// none holds policy that could change. A pod says in its proxy metadata which
// object it wants, as a whole value ([Destinations], [Keepalive]); another value
// is another object. Only the objects of gateways ([Gateway]), which no pod
// selects, change with the rules.
//
// [For] is all that a rules file needs, [WriteYAML] and [WriteJSON] print it. Each
// [Object] says what applying, changing and deleting it does to open connections.
package mesh
