// Where the tests take definitions of other projects' objects from. Nothing of them is
// compiled.
module github.com/holdfast-mesh/holdfast/test/chart/definitions

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
