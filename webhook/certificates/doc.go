// Package certificates keeps the certificates of --self-signed: a certificate
// authority in one Secret, a serving certificate in the memory of each replica,
// and the authority in the caBundle of holdfast's webhook configurations.
//
// Every replica does all of it, and none leads. That is right, because
//
//   - each write names the version that it rests on, so that of replicas that
//     decide at once one wins, and the others look again at what it wrote;
//   - the Secret alone says which authorities there are, so that all agree;
//   - to the caBundle everybody only adds: what the Secret holds, what its own
//     certificate is signed by, and what is there already. What leaves has expired,
//     and every replica sees that alike. So no replica can take away what another one
//     is trusted by.
//
// A new authority is used by a replica only after it has stood in every caBundle for
// Times.Settle; until then the one before signs. A state that the replica has missed counts
// as one without it. Left out is what has not reached it yet: one that is cut off from the
// API server while somebody empties the caBundles counts on. No request of admission waits
// for any of this: a handshake takes the certificate that lies ready.
package certificates
