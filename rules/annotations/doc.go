// Package annotations knows the annotations that holdfast manages on a pod, and
// tells what it wrote there from what their authors did.
//
// Values are those of one pod. A Record, the value of rules.AppliedAnnotation,
// remembers what holdfast wrote and what stood there before; Values.TakeBack undoes
// it. What somebody has changed since is that person's.
package annotations
