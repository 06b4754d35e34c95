// Package report is what a run measured, and the ways to show it: a table for the terminal,
// and docs/speed.json with the page and the picture that follow from it.
package report

// Run is all that was measured on one machine.
type Run struct {
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
	Sizes    []Size    `json:"sizes"`
	Variants []Variant `json:"variants"`
}

// Machine is what it ran on. Only ratios within one run say something about others.
type Machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	Linux      string `json:"linux"`
	Go         string `json:"go"`
	Kubernetes string `json:"kubernetes"`
}

// Settings are how it was measured.
type Settings struct {
	// Requests are made of each size by each variant, one after the other.
	Requests int `json:"requests"`
	// Direct are made of each size to each server itself.
	Direct int `json:"direct"`
	// Clients create pods at once, Turn of them before it is the next variant's turn.
	Clients int `json:"clients"`
	Turn    int `json:"turn"`
}

// Size is one of the pods.
type Size struct {
	Name   string `json:"name"`
	Pod    int    `json:"podBytes"`
	Review int    `json:"reviewBytes"`
}

// Variant is one way in which pods are admitted.
type Variant struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Resident is the memory of its server after all requests; 0: it has none.
	Resident int64 `json:"residentBytes,omitempty"`
	// Sizes are in the order of Run.Sizes.
	Sizes []Measured `json:"sizes"`
}

// Measured is one variant with pods of one size.
type Measured struct {
	Created Times  `json:"created"`          // through the API server, one after the other
	Crowd   Crowd  `json:"together"`         // the same by many clients at once
	Direct  *Times `json:"direct,omitempty"` // its server alone; nil: it has none
}

// Crowd is what many clients at once got.
type Crowd struct {
	// Rates are how many pods a second, in each round. In a round variants follow each other
	// closely, so rates of the same one are held against each other.
	Rates []float64 `json:"rates"`
	// Pods is how many pods there were.
	Pods int `json:"pods"`
	// CPU is how long its server used a core for each of them, in milliseconds; 0: it has none.
	CPU float64 `json:"cpu,omitempty"`
	Times
}
